//! Companies and people that are excluded for good.

use domain::exclusion::{Excludable, Exclusion, Exclusions, TooManyExclusions};
use domain::ids::{PsaCompanyId, PsaContactId};
use domain::import::Person;
use domain::problem::{Limited, MAX_EXCLUSIONS, Problem};
use jiff::Timestamp;

fn exclusion(why: &str, at: i64) -> Exclusion {
    Exclusion {
        by: Person {
            subject: "ana".to_owned(),
            name: "Ana".to_owned(),
        },
        at: Timestamp::from_second(at).unwrap(),
        why: why.to_owned(),
        name: None,
    }
}

fn company(id: usize) -> Excludable {
    Excludable::Company(PsaCompanyId::new(id.to_string()))
}

fn person(id: usize) -> Excludable {
    Excludable::Person(PsaContactId::new(id.to_string()))
}

#[test]
fn r96_what_was_excluded_by_a_moment_is_kept() {
    let mut all = Exclusions::default();
    for (id, at) in [(1, 1), (2, 2), (3, 3)] {
        all.exclude(company(id), exclusion("a vendor", at)).unwrap();
        all.exclude(person(id), exclusion("a vendor", at)).unwrap();
    }
    all.retain_until(Timestamp::from_second(2).unwrap());
    for kind in [company, person] {
        let left = [1, 2, 3].map(|id| all.get(&kind(id)).is_some());
        assert_eq!(left, [true, true, false]);
    }
}

#[test]
fn r96_who_is_excluded_is_so_until_brought_back() {
    let mut all = Exclusions::default();
    assert!(all.is_empty() && all.of_contact("1").is_none());
    all.exclude(company(1), exclusion("a vendor", 1)).unwrap();
    all.exclude(person(1), exclusion("a partner", 1)).unwrap();
    assert_eq!((all.len(), all.is_empty()), (2, false));
    assert_eq!(all.of_contact("1").unwrap().why, "a partner");
    assert!(all.of_contact("2").is_none());
    assert_eq!(all.bring_back(&person(1)).unwrap().why, "a partner");
    assert_eq!(all.bring_back(&person(1)), None);
    assert!(all.get(&person(1)).is_none() && all.get(&company(1)).is_some());
}

#[test]
fn r96_the_same_person_repeats_the_same_reason_and_name() {
    let first = exclusion("a vendor", 1);
    assert!(first.repeats(&exclusion("a vendor", 2)));
    assert!(!first.repeats(&exclusion("a partner", 1)));
    let mut renamed = first.clone();
    renamed.name = Some("Acme".to_owned());
    assert!(!first.repeats(&renamed));
    let mut of_ben = first.clone();
    of_ben.by.subject = "ben".to_owned();
    assert!(!first.repeats(&of_ben));
}

#[test]
fn r96_a_full_list_says_which_limit_it_has() {
    let problem = Problem::from(TooManyExclusions);
    let of = Limited::Exclusions;
    assert_eq!(problem, Problem::LimitExceeded { of });
}

#[test]
fn r96_a_full_list_takes_another_reason_and_no_other_company() {
    let mut all = Exclusions::default();
    for id in 0..MAX_EXCLUSIONS {
        all.exclude(company(id), exclusion("a vendor", 1)).unwrap();
    }
    assert_eq!(all.exclude(person(1), exclusion("a vendor", 1)), Err(TooManyExclusions));
    all.exclude(company(0), exclusion("a partner", 2)).unwrap();
    assert_eq!(all.bring_back(&company(0)).unwrap().why, "a partner");
    all.exclude(company(MAX_EXCLUSIONS), exclusion("a vendor", 1)).unwrap();
}

#[test]
fn r50_neither_reason_nor_name_is_in_the_debug_form() {
    assert!(!format!("{:?}", exclusion("Sanne", 1)).contains("Sanne"));
}
