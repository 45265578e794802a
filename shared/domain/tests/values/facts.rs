//! Managed companies, and the status that a PSA company has by them.

use domain::directory::ManagedCompany;
use domain::facts::ManagedCompanies;
use domain::ids::{ManagedCompanyId, PsaCompanyId};
use domain::mapping::CompanyMapping;
use domain::row::ImportStatus;

fn managed(id: &str, name: &str) -> ManagedCompany {
    ManagedCompany::new(ManagedCompanyId::new(id), name.to_owned())
}

fn mapping(managed: &str) -> CompanyMapping {
    CompanyMapping {
        company: PsaCompanyId::new("1"),
        managed: ManagedCompanyId::new(managed),
        name: String::new(),
        identifier: None,
        generation: 0,
        users: 0,
        former: None,
    }
}

/// *Acme* is there once, *Bolt* twice, and *Cargo* is mapped.
fn companies() -> ManagedCompanies {
    let all = [
        managed("a", "Acme"),
        managed("b2", "Bolt"),
        managed("b1", "BOLT"),
        managed("c", "Cargo"),
    ];
    ManagedCompanies::new(all, [(ManagedCompanyId::new("c"), PsaCompanyId::new("9"))])
}

fn ids(companies: impl IntoIterator<Item = ManagedCompany>) -> Vec<String> {
    companies.into_iter().map(|company| company.id.to_string()).collect()
}

#[test]
fn r21_namesakes_are_found_however_they_are_spelled() {
    let mut companies = companies();
    assert_eq!(ids(companies.namesakes(" bolt ")), ["b1", "b2"]);
    assert!(companies.namesakes("Nobody").is_empty());
    companies.add(managed("b3", "Bolt"));
    companies.add(managed("b3", "Bolt"));
    assert_eq!(ids(companies.namesakes("Bolt")), ["b1", "b2", "b3"]);
    assert_eq!(companies.count(), 5);
}

#[test]
fn r24_only_what_this_integration_mapped_is_mapped() {
    let companies = companies();
    assert_eq!(companies.mapped_to(&ManagedCompanyId::new("c")).unwrap().as_str(), "9");
    assert_eq!(companies.mapped_to(&ManagedCompanyId::new("a")), None);
    let mut open = ids(companies.not_mapped());
    open.sort();
    assert_eq!(open, ["a", "b1", "b2"]);
    assert_eq!(companies.get(&ManagedCompanyId::new("a")), Some(managed("a", "Acme")));
    assert_eq!(companies.get(&ManagedCompanyId::new("z")), None);
}

#[test]
fn r85_a_suspended_managed_company_is_known_as_such() {
    let mut companies = companies();
    let mut shut = managed("s", "Shut");
    shut.suspended = true;
    companies.add(shut.clone());
    assert_eq!(companies.get(&shut.id), Some(shut));
    assert!(!companies.get(&ManagedCompanyId::new("a")).unwrap().suspended);
}

#[test]
fn r15_r19_r20_r21_r22_the_status_follows_from_the_namesakes() {
    let companies = companies();
    for (name, namesake_in_psa, mapped, status, candidates) in [
        ("Acme", false, None, ImportStatus::UnmappedPossibleDuplicate, "a"),
        ("Acme", true, None, ImportStatus::Ambiguous, "a"),
        ("Bolt", false, None, ImportStatus::Ambiguous, "b1 b2"),
        ("Cargo", false, None, ImportStatus::Ambiguous, "c"),
        ("Nobody", false, None, ImportStatus::Unmapped, ""),
        ("Nobody", true, None, ImportStatus::Ambiguous, ""),
        ("Renamed", false, Some("c"), ImportStatus::Mapped, ""),
        ("Acme", true, Some("gone"), ImportStatus::Dangling, "a"),
    ] {
        let mapping = mapped.map(mapping);
        let (found, open) = companies.status(name, namesake_in_psa, mapping.as_ref());
        assert_eq!((found, ids(open).join(" ").as_str()), (status, candidates), "{name}");
    }
}
