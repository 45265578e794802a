//! What holds of every plan, whatever the facts and decisions are.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod limited;
mod related;
mod world;

use std::collections::HashSet;

use domain::address::AddressKey;
use domain::directory::ManagedCompany;
use domain::facts::ManagedCompanies;
use domain::ids::{AddressId, PsaCompanyId, UserId};
use domain::mapping::CompanyMapping;
use domain::plan::planner::{address_rows, plan_company};
use domain::plan::{
    ClaimedInPlan, CompanyStep, Counts, Outcome, Reason, RowOutcome, Skip, Step, UserStep, changes, mass_change, steps,
};
use domain::row::{AddressDecision, AddressStatus, CompanyDecision};
use proptest::prelude::*;

use world::{HERE, Wish, World, after, world};

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn r26_the_same_facts_make_the_same_plan(world in world()) {
        let (one, other) = (plan_company(&world.facts(), &world.companies()), plan_company(&world.facts(), &world.companies()));
        prop_assert_eq!(one, other);
    }

    #[test]
    fn r32_no_address_is_given_twice_and_none_that_somebody_else_has(world in world()) {
        let (facts, companies) = (world.facts(), world.companies());
        let plan = plan_company(&facts, &companies);
        let mut given = HashSet::new();
        for user in &plan.users {
            if let (UserStep::Create | UserStep::ChangeAddress { .. }, Some(address)) = (&user.step, &user.address) {
                prop_assert!(given.insert(address.key().clone()), "given twice: {:?}", user.id);
                prop_assert!(!facts.holders.contains_key(address.key()));
            }
        }
        let in_place = !matches!(plan.step, CompanyStep::Create | CompanyStep::Skip(_)) && plan.unmap.is_none();
        if in_place {
            let (users, _) = after(&facts, &plan);
            let keys: HashSet<&AddressKey> = users.values().map(|user| user.address.key()).collect();
            prop_assert_eq!(keys.len(), users.len(), "two users have one address");
        }
    }

    #[test]
    fn r24_r30_no_user_is_mapped_to_two_rows(world in world()) {
        let (facts, companies) = (world.facts(), world.companies());
        let plan = plan_company(&facts, &companies);
        let mut users = HashSet::new();
        for user in &plan.users {
            let (UserStep::Link(id) | UserStep::Unchanged(id) | UserStep::ChangeAddress { user: id, .. }) = &user.step
            else {
                continue;
            };
            prop_assert!(users.insert(id.clone()), "{id:?} twice in {plan:?}");
        }
        let (_, mappings) = after(&facts, &plan);
        let users: HashSet<&UserId> = mappings.iter().map(|mapping| &mapping.user).collect();
        let rows: HashSet<&AddressId> = mappings.iter().map(|mapping| &mapping.id).collect();
        prop_assert_eq!((users.len(), rows.len()), (mappings.len(), mappings.len()));
    }

    #[test]
    fn r30_no_user_moves_to_an_address_that_was_there_before(world in world()) {
        let (mut facts, companies) = (world.facts(), world.companies());
        for mapping in &mut facts.mapped_addresses {
            let others = facts.addresses.iter().filter_map(|(row, _)| row.key());
            let others = others.filter(|address| *address != mapping.address.key());
            mapping.other_addresses = others.cloned().collect();
        }
        for view in address_rows(&facts, &companies) {
            if let (Some(mapping), Some(address)) = (view.mapping, view.address()) {
                prop_assert!(mapping.address == *address, "{:?}", view.snapshot.id);
            }
        }
    }

    #[test]
    fn r30_who_keeps_the_address_keeps_the_user_wherever_it_stands_by_now(world in world()) {
        let (facts, companies) = (world.facts(), world.companies());
        for view in address_rows(&facts, &companies) {
            let Some(address) = view.address() else { continue };
            let contact = view.snapshot.id.contact();
            let by_address = facts.mapped_addresses.iter().find(|mapping| {
                mapping.id.contact() == contact && mapping.address == *address && facts.users.contains_key(&mapping.user)
            });
            if let (Some(expected), Some(mapping)) = (by_address, view.mapping) {
                prop_assert_eq!(&mapping.user, &expected.user);
            }
        }
    }

    #[test]
    fn r71_the_actions_of_a_plan_are_those_of_its_items(world in world()) {
        let plan = plan_company(&world.facts(), &world.companies());
        let shown: Vec<Step> = changes(&plan).iter().map(|change| change.action).collect();
        prop_assert_eq!(steps(&plan).collect::<Vec<_>>(), shown);
    }

    #[test]
    fn r46_only_a_user_that_is_created_needs_a_licence(world in world()) {
        let plan = plan_company(&world.facts(), &world.companies());
        let created = plan.users.iter().filter(|user| user.step == UserStep::Create).count() as u64;
        prop_assert_eq!(plan.licences_needed(), created);
        prop_assert!(mass_change::changes(&plan) >= created);
    }

    #[test]
    fn r40_every_row_of_a_plan_has_one_outcome(world in world()) {
        let plan = plan_company(&world.facts(), &world.companies());
        let mut counts = Counts::default();
        counts.add(&Outcome::Unchanged.into());
        for user in &plan.users {
            counts.add(&RowOutcome { address: Some(user.id.clone()), ..Outcome::Unchanged.into() });
        }
        prop_assert_eq!(counts.rows(), 1 + plan.users.len() as u64);
    }

    #[test]
    fn r31_r32_what_cannot_be_ticked_is_never_created_and_what_is_unticked_is_never_touched(world in world()) {
        let (facts, companies) = (world.facts(), world.companies());
        let plan = plan_company(&facts, &companies);
        for view in address_rows(&facts, &companies) {
            let planned = plan.users.iter().find(|user| user.id == view.snapshot.id);
            let touched = planned.is_some_and(|user| !matches!(user.step, UserStep::Skip(_)));
            prop_assert!(!touched || view.selected);
            if matches!(view.status, AddressStatus::NoAddress | AddressStatus::AddressConflict) {
                prop_assert!(!touched, "{:?}", view.status);
            }
        }
    }

    #[test]
    fn r38_after_it_was_carried_out_the_same_selection_changes_nothing(world in world()) {
        changes_nothing_more(&world)?;
    }

    #[test]
    fn r24_r32_of_several_plans_none_takes_what_another_gets(worlds in proptest::collection::vec(world(), 1..6)) {
        let mut claimed = ClaimedInPlan::default();
        let (mut linked, mut given) = (HashSet::new(), HashSet::new());
        for (number, world) in worlds.iter().enumerate() {
            let mut plan = plan_company(&world.facts(), &world.companies());
            plan.company = PsaCompanyId::new(number.to_string());
            claimed.skip_conflicts(&mut plan);
            if let CompanyStep::Link(managed) = &plan.step {
                prop_assert!(linked.insert(managed.id.clone()));
            }
            for user in &plan.users {
                if let (UserStep::Create | UserStep::ChangeAddress { .. }, Some(address)) = (&user.step, &user.address) {
                    prop_assert!(given.insert(address.key().clone()));
                }
                if matches!(plan.skipped(), Some(Skip { reason: Reason::AlreadyMapped, .. })) {
                    prop_assert_eq!(&user.step, &UserStep::Skip(Reason::CompanyNotImported.into()));
                }
            }
        }
    }
}

/// Plans, applies, and plans the same selection once more.
fn changes_nothing_more(world: &World) -> Result<(), TestCaseError> {
    let (mut facts, companies) = (world.facts(), world.companies());
    let plan = plan_company(&facts, &companies);
    let managed = match &plan.step {
        CompanyStep::Link(managed) | CompanyStep::Rename(managed) | CompanyStep::Unchanged(managed)
            if managed.id.as_str() == HERE =>
        {
            managed.id.clone()
        }
        // The outcome for a new managed company is the same with no users to begin with.
        _ => return Ok(()),
    };
    let (users, mapped_addresses) = after(&facts, &plan);
    facts.users = users;
    facts.mapped_addresses = mapped_addresses;
    facts.mapping = Some(CompanyMapping {
        company: PsaCompanyId::new("1"),
        managed: managed.clone(),
        name: plan.name.clone(),
        identifier: plan.identifier.clone(),
        generation: plan.generation,
        users: facts.mapped_addresses.len() as u64,
        former: None,
    });
    // The next import's rows are mapped, and nobody has decided anything about them.
    let ticked: HashSet<AddressId> = plan
        .users
        .iter()
        .filter(|user| !matches!(user.step, UserStep::Skip(_)))
        .map(|user| user.id.clone())
        .collect();
    for (row, decision) in &mut facts.addresses {
        *decision = AddressDecision {
            selected: Some(ticked.contains(&row.id)),
            ..AddressDecision::default()
        };
    }
    facts.row.decision = CompanyDecision {
        selected: true,
        ..CompanyDecision::none()
    };
    let companies = ManagedCompanies::new(
        [ManagedCompany::new(managed.clone(), plan.name.clone())],
        [(managed, PsaCompanyId::new("1"))],
    );
    let again = plan_company(&facts, &companies);
    prop_assert!(again.is_unchanged(), "{plan:#?}\nthen\n{again:#?}");
    Ok(())
}

#[test]
fn r38_an_address_that_stands_twice_with_its_contact_and_is_somebodys_changes_nothing_the_second_time() {
    let row = |contact, slot| (contact, slot, "cy@müller.example", false, None, Wish::Automatic);
    let world = World {
        managed: vec![(HERE, "Acme"), ("c-elsewhere", "Acme")],
        mapped: true,
        rows: vec![row(0, 0), row(1, 1), row(0, 1)],
        users: vec![("ana@x.example", Some((0, 0))), ("bo@x.example", Some((1, 0)))],
        elsewhere: vec!["cy@müller.example"],
        name: "Acme",
        wish: Wish::Automatic,
        ticks_new: false,
    };
    changes_nothing_more(&world).unwrap();
}
