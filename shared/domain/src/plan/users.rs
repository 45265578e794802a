//! What happens to the address rows of one company: to those that are selected, and to those imported before that are not.

use super::addresses::{AddressView, views};
use super::links::Links;
use super::waiting::BlockedRows;
use super::{CompanyStep, Mapped, Reason, Skip, UserPlan, UserStep, directory_limits, rewrites, waiting};
use crate::address::{Address, AddressKey};
use crate::directory::User;
use crate::facts::CompanyFacts;
use crate::ids::{AddressId, ManagedCompanyId, UserId};
use crate::quick::{HashMap, HashSet};
use crate::remembered::Remembered;
use crate::row::{AddressStatus, Target};

/// What happens to the rows that are ticked, and to those imported before that are not.
pub(super) fn plan(
    facts: &CompanyFacts,
    step: &CompanyStep,
    unmaps: bool,
) -> (Vec<UserPlan>, Vec<(AddressId, Vec<AddressKey>)>) {
    let managed = step.managed().map(|managed| &managed.id);
    let links = Links::of(facts, !unmaps);
    let mut views = views(facts, managed, &links);
    let is_chosen = |view: &&AddressView<'_>| matches!(view.decision.target, Target::Existing(_));
    let chosen = views.iter().filter(is_chosen).map(|view| view.snapshot.id.clone());
    let chosen: HashSet<AddressId> = chosen.collect();
    // Before they are planned: plans of 20,000 people whose number is not known beforehand take up to twice their memory.
    views.retain(|view| view.is_wanted(facts) || view.mapping.is_some() || view.status == AddressStatus::Dangling);
    let mut waiting = BlockedRows::default();
    let mut plans: Vec<UserPlan> = views
        .into_iter()
        .map(|view| {
            let user_step = match step {
                CompanyStep::Skip(_) => UserStep::Skip(Reason::CompanyNotImported.into()),
                _ if !view.is_wanted(facts) => unticked(&view),
                _ => directory_limits::limited(user_step(&view, facts, &links), &view, facts, step),
            };
            waiting.add(&view, &user_step);
            row(view, user_step)
        })
        .collect();
    one_row_each(&mut plans, &chosen);
    waiting::mark(&mut plans, waiting);
    let orphaned = rewrites::mark(&mut plans, facts, &links);
    (plans, orphaned)
}

/// A possible successor that nobody has decided on waits for a decision (R57); of one who is excluded nobody has to decide (R96).
fn unticked(view: &AddressView<'_>) -> UserStep {
    if view.decision.excluded.is_some() {
        return UserStep::Skip(Reason::Excluded.into());
    }
    if view.status == AddressStatus::Dangling {
        return UserStep::Skip(Reason::UserGone.into());
    }
    let is_undecided = view.status == AddressStatus::PossibleSuccessor && view.decided.is_none();
    let reason = if is_undecided {
        Reason::PossibleSuccessor
    } else {
        Reason::Unticked
    };
    UserStep::Skip(reason.into())
}

fn row(view: AddressView<'_>, step: UserStep) -> UserPlan {
    UserPlan {
        id: view.snapshot.id.clone(),
        name: view.snapshot.name.clone(),
        mapped: view.mapping.map(|mapping| Mapped {
            id: mapping.id.clone(),
            user: mapping.user.clone(),
            address: mapping.address.clone(),
            remembered: mapping.remembered.clone(),
        }),
        no_address: view.no_address(),
        address: view.address().cloned(),
        status: Some(view.status),
        step,
        other_addresses: Vec::new(),
        displaces: None,
        remembered: Remembered::default(),
        rewrite_mapping: false,
    }
}

/// Of several rows that lead to one user, it goes to the one it was chosen for, else to the first.
fn one_row_each(plans: &mut [UserPlan], chosen: &HashSet<AddressId>) {
    let mut rows: HashMap<UserId, AddressId> = HashMap::default();
    let mut order: Vec<usize> = (0..plans.len()).collect();
    order.sort_by_key(|index| !plans.get(*index).is_some_and(|plan| chosen.contains(&plan.id)));
    for index in order {
        let Some(plan) = plans.get_mut(index) else { continue };
        let Some(user) = plan.step.user() else { continue };
        match rows.get(user) {
            Some(other) => plan.step = UserStep::Skip(Skip::because_of(Reason::UserAlreadyMapped, other)),
            None => {
                rows.insert(user.clone(), plan.id.clone());
            }
        }
    }
}

fn user_step(view: &AddressView<'_>, facts: &CompanyFacts, links: &Links<'_>) -> UserStep {
    let Some(address) = view.address() else {
        return UserStep::Skip(Reason::NoAddress.into());
    };
    if let Some(company) = &view.conflict {
        return conflict(company);
    }
    match &view.decision.target {
        Target::Existing(chosen) if view.mapping.is_none_or(|mapping| mapping.user != *chosen) => {
            match (
                facts.users.get(chosen),
                view.holder.as_ref().filter(|holder| *holder != chosen),
            ) {
                (None, _) => UserStep::Skip(Reason::UserNotFound.into()),
                // The address cannot be brought along: another user has it.
                (Some(user), Some(_)) => conflict(&user.company),
                (Some(user), None) => link(user, address, view, links),
            }
        }
        Target::Create => match &view.holder {
            // The old user stays, and keeps its address: a second user with it cannot be.
            Some(user) => facts.users.get(user).map_or_else(
                || UserStep::Skip(Reason::UserNotFound.into()),
                |user| conflict(&user.company),
            ),
            None => UserStep::Create,
        },
        Target::Automatic | Target::Existing(_) => automatic(view, address, facts, links),
    }
}

fn automatic(view: &AddressView<'_>, address: &Address, facts: &CompanyFacts, links: &Links<'_>) -> UserStep {
    let holder = view.holder.as_ref().and_then(|user| facts.users.get(user));
    match (view.mapping.and_then(|mapping| facts.users.get(&mapping.user)), holder) {
        (Some(mapped), Some(holder)) if mapped.id == holder.id => unchanged(mapped),
        (Some(_), Some(holder)) => conflict(&holder.company),
        (Some(mapped), None) => change(mapped, address, view),
        (None, Some(holder)) => link(holder, address, view, links),
        (None, None) => UserStep::Create,
    }
}

/// The user has the address; only its spelling may be one of an earlier version.
fn unchanged(user: &User) -> UserStep {
    if user.address.is_clean() {
        return UserStep::Unchanged(user.id.clone());
    }
    change_address(user, Reason::SpellingCorrected)
}

/// Only an address that changed in the PSA is carried over; one changed in the directory was meant.
fn change(mapped: &User, address: &Address, view: &AddressView<'_>) -> UserStep {
    match view.mapping {
        Some(mapping) if mapping.address == *address => UserStep::Unchanged(mapped.id.clone()),
        Some(mapping) if mapping.id == view.snapshot.id => change_address(mapped, Reason::ChangedInPsa),
        _ => change_address(mapped, Reason::ReplacedInPsa),
    }
}

fn link(user: &User, address: &Address, view: &AddressView<'_>, links: &Links<'_>) -> UserStep {
    match links.row_of.get(&user.id) {
        Some(other) if **other != view.snapshot.id => {
            UserStep::Skip(Skip::because_of(Reason::UserAlreadyMapped, other))
        }
        _ if user.address == *address => UserStep::Link(user.id.clone()),
        // Mapping to an existing user with another address brings the address along (R29, R30).
        _ => change_address(user, Reason::Chosen),
    }
}

fn change_address(user: &User, reason: Reason) -> UserStep {
    UserStep::ChangeAddress {
        user: user.id.clone(),
        from: user.address.clone(),
        reason,
    }
}

/// A user of this managed company has the address.
fn conflict(company: &ManagedCompanyId) -> UserStep {
    UserStep::Skip(Skip::because_of(Reason::AddressConflict, company))
}
