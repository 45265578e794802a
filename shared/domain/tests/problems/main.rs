//! What administrators and programs read of a problem or a row: its texts in every language, its code and its facts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod samples;

use std::collections::{BTreeSet, HashSet};

use domain::address::{NoAddress, NoAddressReason};
use domain::directory::LicenceMode;
use domain::filter::{Accepted, Filter, InvalidFilter};
use domain::ids::{AttributeId, ValueId};
use domain::language::Language;
use domain::name::Name;
use domain::not_in::{Missed, PersonAbsence, SuspiciousSnapshot};
use domain::plan::Reason;
use domain::problem::{Code, Limited, Mistake, Problem, ResourceKind, UrlRefused, Wording};
use domain::row::Absence;
use domain::schedule::{Interval, TimeOfDay};
use domain::suggestion::Similarity;
use domain::text::Text;
use samples::{SAMPLES, problem};
use serde_json::json;

const LANGUAGES: [Language; 2] = [Language::English, Language::Dutch];

/// Fails if two of them read alike, in one language or in two, or if one says nothing.
fn assert_all_differ<T>(all: &[T], text: impl Fn(&T, Language) -> String) {
    let mut seen = HashSet::new();
    for language in LANGUAGES {
        for one in all {
            let text = text(one, language);
            assert!(text.len() > 3, "{text:?} says nothing");
            assert!(seen.insert(text.clone()), "{text:?} is said twice");
        }
    }
}

/// The English and the Dutch text of an error of a type that checks itself.
fn both(error: &impl std::fmt::Display) -> [String; 2] {
    [format!("{error}"), format!("{error:#}")]
}

fn assert_names(texts: &[String; 2], words: &[&str]) {
    assert_ne!(texts[0], texts[1]);
    for text in texts {
        for word in words {
            assert!(text.contains(word), "{text:?} does not name {word}");
        }
    }
}

#[test]
fn r42_each_problem_names_what_it_is_about() {
    for sample in SAMPLES {
        let problem = problem(sample);
        let texts = LANGUAGES.map(|language| problem.detail(language));
        assert_names(&texts, sample.names);
    }
    assert_all_differ(SAMPLES, |sample, language| problem(sample).detail(language));
}

#[test]
fn r42_each_problem_has_the_facts_that_a_program_needs() {
    for sample in SAMPLES {
        let problem = problem(sample);
        let facts = serde_json::to_value(problem.facts(Language::English)).unwrap();
        let expected: serde_json::Value = serde_json::from_str(sample.facts).unwrap();
        assert_eq!(facts, expected, "{problem:?}");
        assert_eq!(problem.retryable(), sample.retryable, "{problem:?}");
    }
}

#[test]
fn r42_every_code_has_a_sample() {
    let codes: BTreeSet<&str> = SAMPLES.iter().map(|sample| problem(sample).code().as_str()).collect();
    let all: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes, all);
}

#[test]
fn r62_each_resource_that_is_not_found_is_named() {
    use ResourceKind::{
        AddressOfCompany, CompanyOfImport, Exclusion, Import, ManagedCompany, Mapping, Resource, Rule, User,
    };
    let all = [
        Import,
        CompanyOfImport,
        AddressOfCompany,
        ManagedCompany,
        User,
        Rule,
        Exclusion,
        Mapping,
        Resource,
    ];
    assert_all_differ(&all, |what, language| Problem::not_found(*what).detail(language));
}

#[test]
fn r65_each_limit_is_said_with_its_number() {
    use Limited::{Companies, Contacts, DroppedMappings, Exclusions, Integrations, NamedRows, Rules};
    let all = [
        (Integrations, 20),
        (Companies, 50_000),
        (Contacts, 1_000_000),
        (Rules, 50),
        (NamedRows, 50_000),
        (Exclusions, 2_000),
        (DroppedMappings, 5_000),
    ];
    for (of, limit) in all {
        assert_eq!(of.check(limit), Ok(()));
        let problem = of.check(limit + 1).unwrap_err();
        assert_eq!(problem, Problem::LimitExceeded { of });
        let texts = LANGUAGES.map(|language| problem.detail(language));
        assert_names(&texts, &[limit.to_string().as_str()]);
    }
}

#[test]
fn r07_what_is_wrong_with_a_filter_is_named() {
    let (attribute, value) = (AttributeId::new("company/types"), ValueId::new("12"));
    let unknown = Problem::from(InvalidFilter::UnknownAttribute(attribute.clone()));
    let empty = Problem::from(InvalidFilter::NoValue(attribute.clone()));
    let without_value = Problem::InvalidFilter {
        attribute: "company/types".to_owned(),
        value: None,
    };
    assert_eq!([&unknown, &empty], [&without_value; 2]);
    let other = Problem::from(InvalidFilter::UnknownValue(attribute, value));
    assert_names(
        &LANGUAGES.map(|language| other.detail(language)),
        &["company/types", "12"],
    );
}

#[test]
fn r14_each_reason_of_absence_has_its_text() {
    use Absence::{DeletedInPsa, FilteredOut, Inactive, MergedInPsa, Unreadable};
    let all = [FilteredOut, Inactive, DeletedInPsa, MergedInPsa, Unreadable];
    assert_all_differ(&all, |absence, language| absence.text(language).to_owned());
}

#[test]
fn r55_each_reason_why_a_person_is_not_in_has_its_text_and_advice() {
    assert_all_differ(PersonAbsence::ALL, |absence, language| {
        absence.text(language).0.to_owned()
    });
    let advice = |absence: &PersonAbsence| LANGUAGES.map(|language| absence.text(language).1);
    for absence in PersonAbsence::ALL {
        let [english, dutch] = advice(absence);
        assert!(
            english.len() > 10 && dutch.len() > 10 && english != dutch,
            "{absence:?}"
        );
    }
}

#[test]
fn r23_each_similarity_has_its_text() {
    use Similarity::{EmailDomain, LegalSuffix, Punctuation, Spelling, WebSite, WordOrder};
    let all = [LegalSuffix, Punctuation, WordOrder, Spelling, EmailDomain, WebSite];
    assert_all_differ(&all, |similarity, language| similarity.text(language).to_owned());
}

#[test]
fn r50_each_address_of_a_psa_that_is_refused_has_its_text() {
    use UrlRefused::{Empty, IpLiteral, NotAnAddress, NotHttps, NotTheVendor, Port, PrivateName, UserInfo};
    let all = [
        Empty,
        NotAnAddress,
        NotHttps,
        UserInfo,
        IpLiteral,
        Port,
        PrivateName,
        NotTheVendor,
    ];
    assert_all_differ(&all, |reason, language| reason.text(language).to_owned());
}

#[test]
fn r61_each_text_that_is_no_address_has_its_reason_and_advice() {
    use NoAddressReason::{Empty, NotAnAddress, Several};
    let all = [Empty, Several, NotAnAddress];
    let shown = |reason: &NoAddressReason, language: Language| {
        let no_address = NoAddress {
            reason: *reason,
            text: String::new(),
        };
        Reason::NoAddress.text(Some(&no_address), language)
    };
    assert_all_differ(&all, |reason, language| shown(reason, language).0.to_owned());
    assert_all_differ(&all, |reason, language| shown(reason, language).1.to_owned());
    // In a request.
    assert_all_differ(&all, |reason, language| match language {
        Language::English => format!("{reason}"),
        Language::Dutch => format!("{reason:#}"),
    });
}

#[test]
fn r40_reasons_to_act_on_come_with_advice() {
    for reason in [Reason::Dangling, Reason::AddressConflict, Reason::PlanChanged] {
        let [english, dutch] = LANGUAGES.map(|language| reason.text(None, language).1);
        assert!(english.len() > 10 && dutch.len() > 10 && english != dutch, "{reason:?}");
    }
    assert_eq!(
        LANGUAGES.map(|language| Reason::Mapped.text(None, language).1),
        ["", ""]
    );
}

#[test]
fn r54_a_suspicious_snapshot_says_how_much_is_absent() {
    let missed = |absent, of| Missed { absent, of };
    let snapshot = SuspiciousSnapshot::of(missed(11, 22), missed(33, 444)).unwrap();
    let texts = LANGUAGES.map(|language| snapshot.detail(language));
    assert_names(&texts, &["11", "22", "33", "444"]);
}

#[test]
fn r47_use_that_is_billed_is_a_warning_before_users_are_created() {
    for language in LANGUAGES {
        assert_eq!(LicenceMode::Pool.warning(1, language), None);
        assert_eq!(LicenceMode::Consumption.warning(0, language), None);
    }
    assert_all_differ(&[1], |needed, language| {
        LicenceMode::Consumption.warning(*needed, language).unwrap().to_owned()
    });
}

#[test]
fn what_a_value_may_be_is_said_in_both_languages() {
    let name = Name::<7>::try_from(String::new()).unwrap_err();
    assert_names(&both(&name), &["7"]);
    let text = Text::<2, 9>::try_from("a".to_owned()).unwrap_err();
    assert_names(&both(&text), &["2", "9"]);
    assert_names(&both(&Interval::try_from(7).unwrap_err()), &["15, 30, 60", "1440"]);
    assert_names(&both(&TimeOfDay::try_from("25:00".to_owned()).unwrap_err()), &["03:00"]);
    let attributes = (0..21).map(|id| (AttributeId::new(id.to_string()), Vec::new()));
    let filter = Filter::try_from(attributes.collect::<Accepted>()).unwrap_err();
    assert_names(&both(&filter), &["20", "500"]);
    let wording = Wording::from(Mistake::TooLong(9));
    assert_eq!(
        both(&wording),
        LANGUAGES.map(|language| wording.text(language).to_owned())
    );
}

#[test]
fn a_request_that_changes_nothing_is_told_every_field_it_could() {
    let problem = Problem::nothing_to_change(&["name", "paused"]);
    let facts = serde_json::to_value(problem.facts(Language::English)).unwrap();
    let pointers: Vec<_> = facts["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["pointer"])
        .collect();
    assert_eq!(pointers, [&json!("/name"), &json!("/paused")]);
}
