//! The address mappings of a company after a plan, or a chunk of it, was applied.

use domain::ids::{AddressId, UserId};
use domain::mapping::{AddressMapping, after};
use domain::plan::{CompanyPlan, CompanyStep, Mapped, UserPlan, UserStep};
use domain::remembered::Remembered;

use crate::plan::{self, address};

fn mapping(row: &str, user: &str) -> AddressMapping {
    AddressMapping {
        id: AddressId::new(row),
        user: UserId::new(user),
        address: address("before@x.example"),
        other_addresses: Vec::new(),
        remembered: Remembered::default(),
    }
}

/// A row with an address and, if it was imported, its mapping.
fn row(id: &str, mapped: Option<&AddressMapping>) -> UserPlan {
    UserPlan {
        address: Some(address("now@x.example")),
        mapped: mapped.map(|mapping| Mapped {
            id: mapping.id.clone(),
            user: mapping.user.clone(),
            address: mapping.address.clone(),
            remembered: mapping.remembered.clone(),
        }),
        remembered: Remembered {
            name: Some("Ana".to_owned()),
            ..Remembered::default()
        },
        ..plan::row(id, UserStep::Create)
    }
}

fn plan(users: Vec<UserPlan>) -> CompanyPlan {
    CompanyPlan {
        users,
        ..plan::plan(CompanyStep::Create, [])
    }
}

/// Each row with its user and address.
fn shown(mappings: &[AddressMapping]) -> Vec<(&str, &str, &str)> {
    let shown = mappings
        .iter()
        .map(|it| (it.id.as_str(), it.user.as_str(), it.address.original()));
    shown.collect()
}

fn users(ids: &[Option<&str>]) -> Vec<Option<UserId>> {
    ids.iter().map(|id| id.map(UserId::new)).collect()
}

#[test]
fn r30_a_row_with_a_user_is_mapped_as_it_is_now() {
    let before = [mapping("1~a", "u1")];
    let mapped = after(
        &before,
        &plan(vec![row("1~a", Some(&before[0]))]),
        &users(&[Some("u1")]),
    );
    assert_eq!(shown(&mapped), [("1~a", "u1", "now@x.example")]);
    assert_eq!(mapped[0].remembered.name.as_deref(), Some("Ana"));
}

#[test]
fn r30_a_row_to_which_nothing_happens_stays_with_whom_it_was() {
    let before = [mapping("1~a", "u1")];
    let plan = plan(vec![row("1~a", Some(&before[0])), row("2~a", None)]);
    let mapped = after(&before, &plan, &users(&[None, Some("u2")]));
    assert_eq!(
        shown(&mapped),
        [("1~a", "u1", "before@x.example"), ("2~a", "u2", "now@x.example")]
    );
    assert_eq!(mapped[0].remembered, Remembered::default());
}

#[test]
fn r24_r30_a_user_that_goes_to_another_row_leaves_its_own() {
    let before = [mapping("1~a", "u1")];
    let plan = plan(vec![row("1~a", Some(&before[0])), row("2~a", None)]);
    let mapped = after(&before, &plan, &users(&[None, Some("u1")]));
    assert_eq!(shown(&mapped), [("2~a", "u1", "now@x.example")]);
}

#[test]
fn r29_a_moved_mapping_ends_when_its_row_gets_another_user() {
    // It was made for this slot, or for one that another mapping has taken since.
    for id in ["1~a", "1~gone-u1"] {
        let before = [mapping(id, "u1"), mapping("3~a", "u3")];
        let moved = mapping("1~a", "u1");
        let plan = plan(vec![row("1~b", Some(&moved))]);
        let mapped = after(&before, &plan, &users(&[Some("u2")]));
        assert_eq!(
            shown(&mapped),
            [("1~b", "u2", "now@x.example"), ("3~a", "u3", "before@x.example")],
            "{id}"
        );
    }
}

#[test]
fn r29_a_mapping_made_by_another_part_of_the_plan_stays() {
    let (before, moved) = ([mapping("2~a", "u1")], mapping("1~a", "u1"));
    let mapped = after(&before, &plan(vec![row("1~a", Some(&moved))]), &users(&[Some("u2")]));
    assert_eq!(
        shown(&mapped),
        [("1~a", "u2", "now@x.example"), ("2~a", "u1", "before@x.example")]
    );
}

#[test]
fn r30_a_mapping_whose_slot_another_takes_is_kept_beside_it() {
    let before = [mapping("1~a", "u1")];
    let mut displacing = row("1~a", None);
    displacing.displaces = Some(UserId::new("u1"));
    let mapped = after(&before, &plan(vec![displacing]), &users(&[Some("u2")]));
    assert_eq!(
        shown(&mapped),
        [("1~a", "u2", "now@x.example"), ("1~gone-u1", "u1", "before@x.example")]
    );
    let replaced = after(&before, &plan(vec![row("1~a", None)]), &users(&[Some("u2")]));
    assert_eq!(shown(&replaced), [("1~a", "u2", "now@x.example")]);
}

#[test]
fn r30_an_orphaned_mapping_remembers_what_is_there_now() {
    let before = [mapping("1~a", "u1"), mapping("2~a", "u2")];
    let mut plan = plan(Vec::new());
    let others = vec![address("info@x.example").key().clone()];
    plan.orphaned = vec![(AddressId::new("1~a"), others.clone())];
    let mapped = after(&before, &plan, &[]);
    assert_eq!(mapped[0].other_addresses, others);
    assert_eq!(mapped[1], before[1]);
}
