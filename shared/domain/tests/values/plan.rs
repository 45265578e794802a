//! Plans of one company: what they do.

use domain::address::Address;
use domain::directory::ManagedCompany;
use domain::ids::{AddressId, ManagedCompanyId, PsaCompanyId, UserId};
use domain::plan::{
    ClaimedInPlan, CompanyPlan, CompanyStep, DroppedMapping, Mapped, Outcome, Reason, Skip, UserPlan, UserStep,
};
use domain::remembered::Remembered;
use domain::row::{AddressStatus, ImportStatus};

pub fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub fn managed(name: &str) -> ManagedCompany {
    ManagedCompany::new(ManagedCompanyId::new("c"), name.to_owned())
}

/// A row with the address `ana@x.example`.
pub fn row(id: &str, step: UserStep) -> UserPlan {
    UserPlan {
        id: AddressId::new(id),
        name: "Ana".to_owned(),
        address: Some(address("ana@x.example")),
        no_address: None,
        step,
        mapped: None,
        other_addresses: Vec::new(),
        displaces: None,
        remembered: Remembered::default(),
        rewrite_mapping: false,
        status: Some(AddressStatus::Unmapped),
    }
}

/// A plan for the company 1, Acme, whose rows are `7~0`, `7~1`, and so on.
pub fn plan(step: CompanyStep, users: impl IntoIterator<Item = UserStep>) -> CompanyPlan {
    let users = users.into_iter().enumerate();
    CompanyPlan {
        company: PsaCompanyId::new("1"),
        name: "Acme".to_owned(),
        identifier: None,
        step,
        unmap: None,
        generation: 0,
        rewrite_mapping: false,
        users: users.map(|(at, step)| row(&format!("7~{at}"), step)).collect(),
        orphaned: Vec::new(),
        dropped: Vec::new(),
        status: Some(ImportStatus::Mapped),
    }
}

pub fn change(reason: Reason) -> UserStep {
    UserStep::ChangeAddress {
        user: UserId::new("u"),
        from: address("old@x.example"),
        reason,
    }
}

/// A mapping with the address `old@x.example`, of Ann.
pub fn mapped(row: &str, user: &str) -> Mapped {
    Mapped {
        id: AddressId::new(row),
        user: UserId::new(user),
        address: address("old@x.example"),
        remembered: Remembered {
            name: Some("Ann".to_owned()),
            ..Remembered::default()
        },
    }
}

pub fn unchanged() -> UserStep {
    UserStep::Unchanged(UserId::new("u"))
}

pub fn skipped(reason: Reason) -> UserStep {
    UserStep::Skip(reason.into())
}

/// A plan that drops a mapping, and has a row for each kind of step.
pub fn of_everything() -> CompanyPlan {
    let users = [
        UserStep::Create,
        unchanged(),
        skipped(Reason::Unticked),
        skipped(Reason::Unticked),
    ];
    let mut plan = plan(CompanyStep::Skip(Reason::Ambiguous.into()), users);
    plan.unmap = Some(managed("Bolt"));
    plan.dropped = vec![DroppedMapping {
        mapped: mapped("8~0", "v"),
        contact: "Bo".to_owned(),
        reason: Reason::AskedFor,
    }];
    plan
}

#[test]
fn r38_only_a_row_that_stays_as_it_is_is_unchanged() {
    let mut same = row("7~0", unchanged());
    same.mapped = Some(mapped("7~0", "u"));
    assert!(same.is_unchanged());
    let changed: [fn(&mut UserPlan); 4] = [
        |row| row.step = skipped(Reason::Unticked),
        |row| row.mapped = Some(mapped("7~1", "u")),
        |row| row.displaces = Some(UserId::new("v")),
        |row| row.rewrite_mapping = true,
    ];
    for change in changed {
        let mut row = same.clone();
        change(&mut row);
        assert!(!row.is_unchanged(), "{row:?}");
    }
}

#[test]
fn r38_a_company_of_which_nothing_is_written_is_unchanged() {
    let same = plan(
        CompanyStep::Unchanged(managed("Acme")),
        [unchanged(), skipped(Reason::Unticked)],
    );
    assert!(same.is_unchanged());
    let kept = CompanyPlan {
        step: CompanyStep::KeepName(managed("Bolt")),
        ..same.clone()
    };
    assert!(kept.is_unchanged());
    let changed: [fn(&mut CompanyPlan); 6] = [
        |plan| plan.step = CompanyStep::Link(managed("Acme")),
        |plan| plan.rewrite_mapping = true,
        |plan| plan.orphaned = vec![(AddressId::new("9~0"), Vec::new())],
        |plan| plan.users[0].step = UserStep::Create,
        |plan| plan.users[1].mapped = Some(mapped("7~9", "u")),
        |plan| plan.users[1].rewrite_mapping = true,
    ];
    for change in changed {
        let mut plan = same.clone();
        change(&mut plan);
        assert!(!plan.is_unchanged(), "{plan:?}");
    }
}

#[test]
fn r29_a_row_leaves_its_user_for_another_one() {
    for (step, leaves) in [
        (UserStep::Create, Some("u")),
        (UserStep::Link(UserId::new("v")), Some("u")),
        (UserStep::Link(UserId::new("u")), None),
        (unchanged(), None),
        (change(Reason::ChangedInPsa), None),
        (skipped(Reason::Unticked), None),
    ] {
        let mut row = row("7~0", step);
        assert_eq!(row.leaves(), None, "{row:?}");
        row.mapped = Some(mapped("7~0", "u"));
        assert_eq!(row.leaves().map(UserId::as_str), leaves, "{row:?}");
    }
}

#[test]
fn r84_only_those_who_were_asked_remember_the_new_address() {
    let mut plan = plan(CompanyStep::Create, [unchanged(), unchanged(), unchanged()]);
    for row in &mut plan.users[..2] {
        row.mapped = Some(mapped("7~0", "u"));
    }
    plan.remember_asked(|place| place != 1);
    let asked = plan
        .users
        .iter()
        .map(|row| row.mapped.as_ref()?.remembered.asked_for.as_ref());
    let asked: Vec<_> = asked.map(|asked| asked.map(Address::original)).collect();
    assert_eq!(asked, [Some("ana@x.example"), None, None]);
}

#[test]
fn r46_each_user_that_is_created_needs_a_licence() {
    let users = [UserStep::Create, unchanged(), UserStep::Create, UserStep::Create];
    assert_eq!(plan(CompanyStep::Create, users).licences_needed(), 3);
    assert_eq!(plan(CompanyStep::Create, [unchanged()]).licences_needed(), 0);
}

#[test]
fn r24_a_company_that_is_skipped_does_nothing_for_its_users() {
    let mut plan = plan(CompanyStep::Link(managed("Acme")), [UserStep::Create, unchanged()]);
    assert_eq!(plan.skipped(), None);
    plan.unmap = Some(managed("Bolt"));
    plan.skip(Reason::AlreadyMapped.into());
    assert_eq!(plan.skipped(), Some(&Skip::from(Reason::AlreadyMapped)));
    assert_eq!(plan.unmap, None);
    assert_eq!(plan.outcome(), Outcome::Skipped(Reason::AlreadyMapped));
    for user in &plan.users {
        assert_eq!(user.step, skipped(Reason::CompanyNotImported));
    }
}

#[test]
fn r32_rows_that_were_skipped_as_conflicts_can_be_skipped_again() {
    let conflict = Skip::because_of(Reason::AddressConflict, &"c-elsewhere");
    let steps = [UserStep::Skip(conflict.clone()), skipped(Reason::Unticked), unchanged()];
    let first = plan(CompanyStep::Create, steps);
    assert!(first.has_conflicts());
    let skipped_rows = first.skipped_conflicting();
    assert_eq!(skipped_rows, [(AddressId::new("7~0"), conflict.clone())]);
    let mut later = plan(CompanyStep::Create, [UserStep::Create, UserStep::Create]);
    assert!(!later.has_conflicts() && later.skipped_conflicting().is_empty());
    later.skip_conflicting(&skipped_rows);
    assert_eq!(later.users[0].step, UserStep::Skip(conflict));
    assert_eq!(later.users[1].step, UserStep::Create);
}

#[test]
fn r32_of_two_companies_with_one_new_address_the_first_gets_it() {
    let mut claimed = ClaimedInPlan::default();
    let mut first = plan(CompanyStep::Create, [UserStep::Create]);
    let mut second = plan(CompanyStep::Create, [UserStep::Create]);
    claimed.skip_conflicts(&mut first);
    claimed.skip_conflicts(&mut second);
    assert_eq!(first.users[0].step, UserStep::Create);
    let why = Skip::because_of(Reason::SameAddressInAnotherCompany, &first.company);
    assert_eq!(second.users[0].step, UserStep::Skip(why));
}
