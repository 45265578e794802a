//! Plans for a directory that cannot do everything at once (R83–R85).

use domain::directory::{AddressChange, Capabilities, LicenceMode, UserState};
use domain::facts::{CompanyFacts, ManagedCompanies};
use domain::ids::{ManagedCompanyId, PsaCompanyId, UserId};
use domain::mapping;
use domain::plan::planner::{address_rows, plan_company};
use domain::plan::{CompanyPlan, CompanyStep, Outcome, Reason, Skip, Step, UserStep};
use domain::row::AddressStatus;
use proptest::prelude::*;

use super::world::{HERE, Wish, World, world};

const LIMITED: Capabilities = Capabilities {
    rename: false,
    change_address: AddressChange::AfterUserAgrees,
    licences: LicenceMode::Consumption,
    creation_waits: true,
    forgets: true,
    stages: true,
};

/// A mapped company with one person, who was imported with `ana@x.example`.
fn mapped(now: &'static str) -> World {
    World {
        managed: vec![(HERE, "Acme")],
        mapped: true,
        rows: vec![(0, 0, now, true, None, Wish::Automatic)],
        users: vec![("ana@x.example", Some((0, 0)))],
        elsewhere: Vec::new(),
        name: "Acme",
        wish: Wish::Automatic,
        ticks_new: false,
    }
}

fn facts(world: &World, state: UserState) -> CompanyFacts {
    let mut facts = world.facts();
    facts.capabilities = LIMITED;
    for user in facts.users.values_mut() {
        user.state = state;
    }
    facts
}

fn plan(facts: &CompanyFacts, world: &World) -> CompanyPlan {
    plan_company(facts, &world.companies())
}

fn skipped(reason: Reason) -> UserStep {
    UserStep::Skip(Skip::from(reason))
}

/// The facts of the next import, when the user was asked in this one.
fn asked(mut facts: CompanyFacts, mut plan: CompanyPlan) -> CompanyFacts {
    plan.remember_asked(|_| true);
    facts.mapped_addresses = mapping::after(&facts.mapped_addresses, &plan, &[None]);
    facts
}

#[test]
fn r83_a_company_that_cannot_be_renamed_says_so_and_its_people_are_imported() {
    let mut world = mapped("ana@x.example");
    world
        .rows
        .push((1, 0, "bo@x.example", true, Some(true), Wish::Automatic));
    world.name = "Other";
    let plan = plan(&facts(&world, UserState::Enrolled), &world);
    assert!(matches!(plan.step, CompanyStep::KeepName(_)), "{:?}", plan.step);
    assert_eq!(plan.kind(), (Step::Skip, Reason::CannotRename));
    assert_eq!(plan.outcome(), Outcome::Skipped(Reason::CannotRename));
    assert_eq!(plan.licences_needed(), 1);
    assert!(!plan.rewrite_mapping, "the PSA has yet to carry the name over");
    world.managed = vec![(HERE, "Other")];
    let renamed = self::plan(&facts(&world, UserState::Enrolled), &world);
    assert!(matches!(renamed.step, CompanyStep::Unchanged(_)) && renamed.rewrite_mapping);
}

#[test]
fn r84_a_user_is_asked_once_and_a_later_import_completes_the_change() {
    let world = mapped("ana@y.example");
    let mut facts = facts(&world, UserState::Enrolled);
    let first = plan(&facts, &world);
    let (step, reason) = first.users[0].step.kind();
    assert_eq!((step, reason), (Step::ChangeAddress, Reason::NeedsUsersAgreement));
    facts = asked(facts, first);
    let second = plan(&facts, &world);
    assert_eq!(second.users[0].step, skipped(Reason::WaitsForUser));
    assert!(second.is_unchanged(), "nobody is asked again, and nothing is written");
    for user in facts.users.values_mut() {
        user.address = "ana@y.example".parse().unwrap();
    }
    let third = plan(&facts, &world);
    assert!(matches!(third.users[0].step, UserStep::Unchanged(_)) && third.users[0].rewrite_mapping);
    let user = third.users[0].step.user().cloned();
    facts.mapped_addresses = mapping::after(&facts.mapped_addresses, &third, &[user]);
    assert_eq!(facts.mapped_addresses[0].remembered.asked_for, None);
    assert_eq!(facts.mapped_addresses[0].address.original(), "ana@y.example");
    assert!(plan(&facts, &world).is_unchanged());
}

#[test]
fn r84_a_user_is_asked_anew_for_an_address_of_its_own() {
    let first = mapped("ana@y.example");
    let facts = facts(&first, UserState::Enrolled);
    let plan_of_first = plan(&facts, &first);
    let mut facts = asked(facts, plan_of_first);
    facts.addresses[0].0.address = domain::address::read("ana@z.example");
    let plan = plan(&facts, &first);
    assert_eq!(plan.users[0].step.kind().1, Reason::NeedsUsersAgreement);
}

#[test]
fn r83_the_address_of_somebody_who_has_not_enrolled_cannot_change() {
    for state in [UserState::Invited, UserState::Staged, UserState::InvitationExpired] {
        let world = mapped("ana@y.example");
        let plan = plan(&facts(&world, state), &world);
        assert_eq!(plan.users[0].step, skipped(Reason::AddressCannotChange), "{state:?}");
    }
}

#[test]
fn r85_a_disabled_user_and_one_with_another_address_say_so() {
    let world = mapped("ana@x.example");
    let mut facts = facts(&world, UserState::Disabled);
    assert_eq!(plan(&facts, &world).users[0].step, skipped(Reason::UserDisabled));
    for user in facts.users.values_mut() {
        user.state = UserState::Enrolled;
        user.address = "private@z.example".parse().unwrap();
    }
    assert_eq!(
        plan(&facts, &world).users[0].step,
        skipped(Reason::UserHasAnotherAddress)
    );
}

#[test]
fn r85_a_user_that_is_gone_is_created_again_only_if_ticked() {
    let mut world = mapped("ana@x.example");
    world.ticks_new = true;
    let mut facts = facts(&world, UserState::Enrolled);
    facts.users.clear();
    assert_eq!(
        address_rows(&facts, &world.companies())[0].status,
        AddressStatus::Dangling
    );
    let unasked = plan(&facts, &world);
    assert_eq!(unasked.users[0].step, skipped(Reason::UserGone));
    assert_eq!(
        mapping::after(&facts.mapped_addresses, &unasked, &[None]),
        facts.mapped_addresses
    );
    facts.addresses[0].1.selected = Some(true);
    let ticked = plan(&facts, &world);
    assert_eq!(ticked.users[0].step, UserStep::Create);
    let after = mapping::after(&facts.mapped_addresses, &ticked, &[Some(UserId::new("new"))]);
    assert_eq!((after.len(), after[0].user.as_str()), (1, "new"));
}

#[test]
fn r85_nobody_is_created_in_a_suspended_company() {
    let mut world = mapped("ana@x.example");
    world
        .rows
        .push((1, 0, "bo@x.example", true, Some(true), Wish::Automatic));
    let mut managed = world.companies().get(&ManagedCompanyId::new(HERE)).unwrap();
    managed.suspended = true;
    let mapped_to = (managed.id.clone(), PsaCompanyId::new("1"));
    let companies = ManagedCompanies::new([managed], [mapped_to]);
    let plan = plan_company(&facts(&world, UserState::Enrolled), &companies);
    assert_eq!(plan.kind(), (Step::Skip, Reason::CompanySuspended));
    assert!(matches!(plan.users[0].step, UserStep::Unchanged(_)));
    assert_eq!(plan.users[1].step, skipped(Reason::CompanySuspended));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn r83_nothing_is_planned_that_the_directory_cannot_do(world in world(), state in 0_usize..4) {
        let states = [UserState::Invited, UserState::Enrolled, UserState::Staged, UserState::Disabled];
        let facts = facts(&world, states[state]);
        let plan = plan(&facts, &world);
        prop_assert!(!matches!(plan.step, CompanyStep::Rename(_)));
        for user in &plan.users {
            if let UserStep::ChangeAddress { user, reason, .. } = &user.step {
                prop_assert_eq!(*reason, Reason::NeedsUsersAgreement);
                prop_assert_eq!(facts.users[user].state, UserState::Enrolled);
            }
        }
    }
}
