//! What the mass-change guard counts.

use domain::ids::{ManagedCompanyId, PsaCompanyId, UserId};
use domain::mapping::CompanyMapping;
use domain::plan::mass_change::{changes, mapped_users};
use domain::plan::{CompanyStep, Reason, UserStep};

use crate::plan::{change, managed, plan};

#[test]
fn r39_what_is_created_or_changed_counts_and_nothing_else_does() {
    let passive = [
        UserStep::Link(UserId::new("u")),
        UserStep::Unchanged(UserId::new("v")),
        UserStep::Skip(Reason::Unticked.into()),
    ];
    assert_eq!(changes(&plan(CompanyStep::Link(managed("Acme")), passive.clone())), 0);
    assert_eq!(changes(&plan(CompanyStep::Create, passive)), 1);
    let active = [UserStep::Create, change(Reason::ChangedInPsa), UserStep::Create];
    assert_eq!(changes(&plan(CompanyStep::Rename(managed("Other")), active)), 4);
}

#[test]
fn r39_r61_a_corrected_spelling_is_no_mass_change() {
    let corrected = change(Reason::SpellingCorrected);
    let unchanged = CompanyStep::Unchanged(managed("Acme"));
    assert_eq!(changes(&plan(unchanged, [corrected, UserStep::Create])), 1);
}

#[test]
fn r39_the_users_of_all_mapped_companies_count() {
    let mapping = |users| CompanyMapping {
        company: PsaCompanyId::new("1"),
        managed: ManagedCompanyId::new("c"),
        name: "Acme".to_owned(),
        identifier: None,
        generation: 0,
        users,
        former: None,
    };
    assert_eq!(mapped_users(&[mapping(3), mapping(4)]), 7);
    assert_eq!(mapped_users(&[]), 0);
}
