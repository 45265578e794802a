use std::collections::HashSet;

use domain::address::Address;
use domain::directory::ManagedCompany;
use domain::ids::ManagedCompanyId;
use domain::name::NameKey;
use domain::suggestion::Similarity::{EmailDomain, Punctuation, WebSite};
use domain::suggestion::{Score, Similarity, Suggestion};
use proptest::prelude::*;

use super::*;

fn managed(id: &str, name: &str) -> ManagedCompany {
    ManagedCompany::new(ManagedCompanyId::new(id), name.to_owned())
}

fn domain(of: &str) -> Domain {
    of_web_site(of).unwrap()
}

/// The suggestions for a name among managed companies, each named by its id.
fn named(name: &str, among: &[&str]) -> Vec<Suggestion> {
    let among = among.iter().map(|name| (managed(name, name), None));
    Suggestions::among(among).of(Traits {
        name,
        domain: None,
        web_site: None,
    })
}

fn score(name: &str, other: &str) -> Option<u8> {
    named(name, &[other]).first().map(|suggestion| suggestion.score.into())
}

fn ids(suggestions: &[Suggestion]) -> Vec<&str> {
    suggestions
        .iter()
        .map(|suggestion| suggestion.managed_company.id.as_str())
        .collect()
}

#[test]
fn r23_the_best_come_first_and_at_most_five() {
    let among = [
        "Zeilmakerij Hoekk Ltd",
        "Zeilmakerij Hoek Ltd",
        "Zeilmakerij-Hoek",
        "Zeilmakerij Hoek",
        "Zeilmakerij Hoek GmbH",
        "Zeilmakerij Hoek AG",
        "Hoek Zeilmakerij",
        "Garage Smit",
    ];
    let found = named("zeilmakerij hoek", &among);
    assert_eq!(
        ids(&found),
        [
            "Zeilmakerij-Hoek",
            "Hoek Zeilmakerij",
            "Zeilmakerij Hoek AG",
            "Zeilmakerij Hoek GmbH",
            "Zeilmakerij Hoek Ltd",
        ]
    );
}

#[test]
fn r23_what_is_alike_in_little_only_is_not_suggested() {
    assert_eq!(score("Zeilen Jansen GmbH", "Jansem Zeiken AG"), None);
}

#[test]
fn r23_a_domain_is_a_reason_by_itself_and_adds_to_others() {
    let companies = [
        ("Hoek Groep", Some(domain("hoek.example"))),
        ("Zeil-Hoek", Some(domain("hoek.example"))),
    ];
    let companies = companies.map(|(name, domain)| (managed(name, name), domain));
    let index = Suggestions::among(companies);
    let domain = domain("https://www.hoek.example");
    let found = |mail, web| {
        let found = index.of(Traits {
            name: "Zeil Hoek",
            domain: mail,
            web_site: web,
        });
        let found = found
            .into_iter()
            .map(|of| (of.managed_company.name, u8::from(of.score), of.reasons));
        found.collect::<Vec<_>>()
    };
    let row = |name: &str, score, reasons: &[Similarity]| (name.to_owned(), score, reasons.to_vec());

    assert_eq!(
        found(Some(&domain), Some(&domain)),
        [
            row("Zeil-Hoek", 99, &[Punctuation, EmailDomain, WebSite]),
            row("Hoek Groep", 90, &[EmailDomain, WebSite]),
        ]
    );
    assert_eq!(found(None, Some(&domain))[1], row("Hoek Groep", 65, &[WebSite]));
    assert_eq!(found(None, None), [row("Zeil-Hoek", 97, &[Punctuation])]);
}

#[test]
fn r23_a_domain_that_many_have_is_no_reason() {
    let index = |many: usize| {
        let company = |number: usize| {
            (
                managed(&number.to_string(), &format!("Winkel {number}")),
                Some(domain("keten.example")),
            )
        };
        Suggestions::among((0..many).map(company))
    };
    let keten = domain("keten.example");
    let found = |many| {
        let company = Traits {
            name: "Keten",
            domain: Some(&keten),
            web_site: None,
        };
        index(many).of(company).len()
    };
    assert_eq!((found(5), found(6)), (5, 0));
}

#[test]
fn r23_every_reason_has_its_text_in_both_languages() {
    use Similarity::{EmailDomain, LegalSuffix, Punctuation, Spelling, WebSite, WordOrder};
    use domain::language::Language;
    let all = [LegalSuffix, Punctuation, WordOrder, Spelling, EmailDomain, WebSite];
    let texts = all
        .iter()
        .flat_map(|reason| [reason.text(Language::English), reason.text(Language::Dutch)]);
    assert_eq!(texts.collect::<HashSet<_>>().len(), 2 * all.len());
}

fn name() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-eA-E]{1,10}",
        Just("Müller".to_owned()),
        Just("Mueller".to_owned()),
        Just("Bakkerij".to_owned()),
        Just("&".to_owned()),
        Just("B.V.".to_owned()),
        Just("GmbH & Co. KG".to_owned()),
        Just("Stichting".to_owned()),
        Just("12".to_owned()),
        "\\PC{0,6}",
    ];
    let between = prop_oneof![Just(" "), Just("-"), Just(", "), Just("  "), Just("")];
    proptest::collection::vec((word, between), 0..5).prop_map(|parts| {
        parts
            .into_iter()
            .flat_map(|(word, between)| [word, between.to_owned()])
            .collect()
    })
}

/// A name and what somebody made of it.
fn two_names() -> impl Strategy<Value = (String, String)> {
    let changed = name().prop_flat_map(|name| {
        let letters: Vec<char> = name.chars().collect();
        let other = (
            0..=letters.len(),
            prop_oneof![Just("B.V."), Just("."), Just("e"), Just(" "), Just("ß")],
        );
        let other = other.prop_map(move |(at, insert)| {
            let (before, behind) = letters.split_at(at);
            before
                .iter()
                .copied()
                .chain(insert.chars())
                .chain(behind.iter().copied())
                .collect()
        });
        (Just(name), other)
    });
    prop_oneof![(name(), name()), changed]
}

proptest! {
    #[test]
    fn r23_likeness_of_names_is_symmetric((one, other) in two_names()) {
        let (there, back) = (named(&one, &[&other]), named(&other, &[&one]));
        let what = |found: &[Suggestion]| found.iter().map(|of| (of.score, of.reasons.clone())).collect::<Vec<_>>();
        prop_assert_eq!(what(&there), what(&back));
    }

    #[test]
    fn r23_the_same_name_is_never_a_suggestion(name in name(), domains in proptest::bool::ANY) {
        let hoek = domain("hoek.example");
        let hoek = domains.then_some(&hoek);
        let index = Suggestions::among([(managed("1", &name.to_uppercase().to_lowercase()), hoek.cloned()), (managed("2", &format!(" {name} ")), hoek.cloned())]);
        for found in index.of(Traits { name: &name, domain: hoek, web_site: hoek }) {
            prop_assert_ne!(NameKey::of(&found.managed_company.name), NameKey::of(&name));
        }
    }

    #[test]
    fn r23_scores_are_in_range_and_have_reasons(name in name(), others in proptest::collection::vec(name(), 0..20)) {
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        let found = named(&name, &others);
        prop_assert!(found.len() <= MAX_SUGGESTIONS);
        prop_assert!(found.is_sorted_by(|one, other| one.score >= other.score));
        for found in found {
            prop_assert!((65..100).contains(&u8::from(found.score)));
            prop_assert!(!found.reasons.is_empty() && found.reasons.is_sorted_by(|one, other| one < other));
        }
    }

    /// The blocks lose nothing: whatever is alike is found among many.
    #[test]
    fn r23_what_is_alike_is_found_among_many((one, other) in two_names()) {
        let alike = likeness::Likeness::between(&words::Words::of(&one), &words::Words::of(&other));
        let alike = alike.map(|alike| alike.score()).filter(|score| *score >= Score::LEAST);
        prop_assert_eq!(named(&one, &[&other]).first().map(|found| found.score), alike);
    }

    #[test]
    fn r23_a_shared_domain_never_lowers_the_score((one, other) in two_names()) {
        let hoek = domain("hoek.example");
        let index = Suggestions::among([(managed("1", &other), Some(hoek.clone()))]);
        let score = |domain, web_site| index.of(Traits { name: &one, domain, web_site }).first().map(|found| found.score);
        prop_assert!(score(None, None) <= score(Some(&hoek), None));
        prop_assert!(score(Some(&hoek), None) <= score(Some(&hoek), Some(&hoek)));
        prop_assert!(score(None, None) <= score(None, Some(&hoek)));
    }

    #[test]
    fn r23_a_further_typing_error_never_raises_the_score(word in "[a-m]{8,14}", places in proptest::collection::btree_set(1_usize..8, 2)) {
        let typed = |errors: usize| -> String {
            let wrong: HashSet<usize> = places.iter().copied().take(errors).collect();
            word.chars().enumerate().map(|(at, c)| if wrong.contains(&at) { 'z' } else { c }).collect()
        };
        let (one, two) = (score(&word, &typed(1)), score(&word, &typed(2)));
        prop_assert!(one.is_some() && two <= one, "{one:?} {two:?}");
    }

    #[test]
    fn r23_a_main_domain_is_that_of_most_of_the_addresses(domains in proptest::collection::vec("[abc]\\.example", 0..12)) {
        let keys: Vec<_> = domains.iter().map(|domain| format!("a@{domain}").parse::<Address>().unwrap().key().clone()).collect();
        let most = domains.iter().find(|of| 2 * domains.iter().filter(|other| other == of).count() > domains.len());
        prop_assert_eq!(main_domain(&keys).map(|domain| domain.as_str().to_owned()), most.cloned());
    }
}
