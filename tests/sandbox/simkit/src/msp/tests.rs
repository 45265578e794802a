use std::collections::{HashMap, HashSet};

use super::{
    Company, Contact, Kind, Msp, Size,
    cases::{
        BIGGEST, CASE_PAIR, CATCH_ALL, COMPOSED_PAIR, EMPTY, ENTITY, FIFTY, HOMONYM, HUNDRED, IDN, IDN_PAIR,
        IN_TWO_COMPANIES, INACTIVE, INVALID, INVISIBLE, MESSY, MIXED_CASE, NAMESAKE, NUL, OWN, PUNCTUATION,
        PUNCTUATION_PAIR, SHARED_MAILBOX, SPACE_PAIR, SUFFIX_PAIR, TWICE_IN_COMPANY, VENDOR,
    },
    generate,
};

/// FNV-1a: unlike the standard hasher it never changes, so the number can be written down.
fn hash(msp: &Msp) -> u64 {
    format!("{msp:?}").bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn named<'a>(msp: &'a Msp, name: &str) -> Vec<&'a Company> {
    msp.companies.iter().filter(|c| c.name == name).collect()
}

fn contacts_of<'a>(msp: &'a Msp, name: &str) -> Vec<&'a Contact> {
    let numbers: Vec<_> = named(msp, name).iter().map(|c| Some(c.number)).collect();
    msp.contacts.iter().filter(|c| numbers.contains(&c.company)).collect()
}

fn with_address<'a>(msp: &'a Msp, address: &str) -> Vec<&'a Contact> {
    msp.contacts
        .iter()
        .filter(|c| c.emails.iter().any(|e| e == address))
        .collect()
}

#[test]
fn counts_are_exact_and_numbers_have_no_gap() {
    for (size, companies, contacts) in [(Size::Small, 40, 600), (Size::Large, 5_000, 100_000)] {
        let msp = generate(size);
        assert!(msp.companies.iter().map(|c| c.number).eq(1..=companies));
        assert!(msp.contacts.iter().map(|c| c.number).eq(1..=contacts));
    }
}

#[test]
fn the_extreme_size_has_one_company_of_twenty_thousand() {
    let msp = generate(Size::Extreme);
    assert_eq!((msp.companies.len(), msp.contacts.len()), (25_000, 500_000));
    assert_eq!(contacts_of(&msp, BIGGEST).len(), 20_000);
}

#[test]
fn the_same_size_is_the_same_msp_every_time() {
    assert_eq!(hash(&generate(Size::Large)), hash(&generate(Size::Large)));
    assert_eq!(
        hash(&generate(Size::Small)),
        SMALL,
        "ids made from numbers would change their meaning"
    );
}
/// Written down when the words and cases were; a new case changes it.
const SMALL: u64 = 2_092_260_045_082_627_158;

#[test]
fn only_the_first_company_is_the_msp_itself() {
    let msp = generate(Size::Small);
    let own: Vec<_> = msp.companies.iter().filter(|c| c.own).collect();
    assert_eq!((own.len(), own[0].number, own[0].name.as_str()), (1, 1, OWN));
}

#[test]
fn companies_with_awkward_names_are_in_every_size() {
    for size in [Size::Small, Size::Large] {
        let msp = generate(size);
        assert_eq!(named(&msp, NAMESAKE).len(), 2);
        let pairs = [CASE_PAIR, SPACE_PAIR, COMPOSED_PAIR, SUFFIX_PAIR, PUNCTUATION_PAIR];
        let singles = [INVISIBLE, NUL, PUNCTUATION, ENTITY, FIFTY, HUNDRED, IDN];
        for name in pairs.iter().flatten().chain(&singles) {
            assert_eq!(named(&msp, name).len(), 1, "{name:?}");
        }
    }
}

#[test]
fn the_pairs_differ_as_they_say() {
    assert_eq!(CASE_PAIR[0].to_lowercase(), CASE_PAIR[1].to_lowercase());
    let words = |name: &str| name.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(SPACE_PAIR[0]), words(SPACE_PAIR[1]));
    assert!(SPACE_PAIR[0].ends_with(' ') && SPACE_PAIR[1].contains("  "));
    assert!(
        COMPOSED_PAIR[1].contains('\u{301}') && COMPOSED_PAIR[0].chars().count() < COMPOSED_PAIR[1].chars().count()
    );
    assert!(SUFFIX_PAIR[1].starts_with(SUFFIX_PAIR[0]));
    assert_eq!(PUNCTUATION_PAIR[0].replace('.', ""), PUNCTUATION_PAIR[1]);
    assert!("&'\",+%".chars().all(|c| PUNCTUATION.contains(c)) && NUL.contains('\0'));
    assert_eq!((FIFTY.chars().count(), HUNDRED.chars().count()), (50, 100));
    assert!(FIFTY.len() > 50 && HUNDRED.len() > 100);
}

#[test]
fn ordinary_companies_have_names_of_their_own() {
    let msp = generate(Size::Large);
    let mut seen = HashSet::new();
    let doubled: Vec<_> = msp.companies.iter().filter(|c| !seen.insert(c.name.as_str())).collect();
    assert_eq!(doubled.len(), 1, "only the namesake");
    assert!(msp.companies.iter().all(|c| c.name.chars().count() <= 100));
}

#[test]
fn all_kinds_and_inactive_companies_are_there() {
    let msp = generate(Size::Small);
    for kind in [
        Kind::Customer,
        Kind::Lead,
        Kind::Prospect,
        Kind::Dead,
        Kind::Vendor,
        Kind::Partner,
    ] {
        assert!(msp.companies.iter().any(|c| c.kind == kind), "{kind:?}");
    }
    assert_eq!(named(&msp, VENDOR)[0].kind, Kind::Vendor);
    assert!(!named(&msp, INACTIVE)[0].active);
    let contacts = contacts_of(&msp, INACTIVE);
    assert!(contacts.iter().filter(|c| c.active).count() >= 2 && contacts.iter().any(|c| !c.active));
    assert!(contacts_of(&msp, EMPTY).is_empty());
    assert!(
        contacts_of(&msp, CATCH_ALL).len() >= 10 && contacts_of(&msp, CATCH_ALL).iter().all(|c| c.first.is_empty())
    );
}

#[test]
fn contacts_without_a_usable_address_are_there() {
    let msp = generate(Size::Small);
    let only = |address: &str| msp.contacts.iter().any(|c| c.emails == [address]);
    assert!(msp.contacts.iter().any(|c| c.emails.is_empty()));
    assert!(only("") && only(" "));
    assert!(INVALID.iter().all(|a| only(a)));
    assert!(
        contacts_of(&msp, MESSY)
            .iter()
            .any(|c| c.emails.len() == 2 && c.emails[0].is_empty())
    );
}

#[test]
fn addresses_meet_within_and_across_companies() {
    let msp = generate(Size::Small);
    let companies = |address: &str| {
        with_address(&msp, address)
            .iter()
            .map(|c| c.company)
            .collect::<HashSet<_>>()
            .len()
    };
    assert_eq!(
        (with_address(&msp, TWICE_IN_COMPANY).len(), companies(TWICE_IN_COMPANY)),
        (2, 1)
    );
    assert_eq!(
        (with_address(&msp, IN_TWO_COMPANIES).len(), companies(IN_TWO_COMPANIES)),
        (2, 2)
    );
    assert_eq!(
        (with_address(&msp, SHARED_MAILBOX).len(), companies(SHARED_MAILBOX)),
        (3, 1)
    );
    assert_eq!(with_address(&msp, MIXED_CASE).len(), 1);
    assert_eq!(
        with_address(&msp, IDN_PAIR[0])[0].company,
        with_address(&msp, IDN_PAIR[1])[0].company
    );
    for several in [2, 3] {
        assert!(msp.contacts.iter().any(|c| c.emails.len() == several));
    }
}

#[test]
fn people_are_as_odd_as_in_life() {
    let msp = generate(Size::Small);
    let homonyms: Vec<_> = msp
        .contacts
        .iter()
        .filter(|c| (c.first.as_str(), c.last.as_str()) == HOMONYM)
        .collect();
    assert!(homonyms.len() >= 3);
    assert_eq!(homonyms.iter().map(|c| c.company).collect::<HashSet<_>>().len(), 2);
    assert!(msp.contacts.iter().any(|c| c.first.is_empty() && !c.last.is_empty()));
    assert!(msp.contacts.iter().any(|c| !c.first.is_empty() && c.last.is_empty()));
    assert!(msp.contacts.iter().any(|c| c.first.is_empty() && c.last.is_empty()));
    assert!(msp.contacts.iter().any(|c| c.company.is_none()));
    let mut primaries = HashMap::new();
    for contact in msp.contacts.iter().filter(|c| c.primary) {
        *primaries.entry(contact.company).or_insert(0) += 1;
    }
    assert!(primaries.len() > 10 && primaries.values().all(|&n| n == 1));
}

#[test]
fn most_contacts_are_ordinary() {
    for size in [Size::Small, Size::Large] {
        let msp = generate(size);
        let mut times: HashMap<String, u32> = HashMap::new();
        for address in msp.contacts.iter().flat_map(|c| &c.emails) {
            *times.entry(address.to_lowercase()).or_default() += 1;
        }
        let ordinary = |c: &&Contact| {
            c.company.is_some() && !c.first.is_empty() && c.emails.len() == 1 && times[&c.emails[0].to_lowercase()] == 1
        };
        let ordinary = msp.contacts.iter().filter(ordinary).count();
        assert!(
            ordinary * 10 > msp.contacts.len() * 9,
            "{ordinary} of {}",
            msp.contacts.len()
        );
    }
}

#[test]
fn addresses_are_at_reserved_domains_only() {
    let msp = generate(Size::Large);
    let reserved = |text: &str| matches!(text.rsplit('.').next(), Some("example" | "test"));
    for address in msp.contacts.iter().flat_map(|c| &c.emails).filter(|a| a.contains('.')) {
        assert!(reserved(&address.trim().to_lowercase()), "{address}");
    }
    assert!(msp.companies.iter().all(|c| reserved(&c.domain)));
}
