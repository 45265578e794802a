//! What a directory cannot do, or not at once (R83–R85): a step that it would not carry out becomes one that says so.

use super::addresses::AddressView;
use super::{CompanyStep, Reason, UserStep};
use crate::address::Address;
use crate::directory::{AddressChange, User, UserState};
use crate::facts::CompanyFacts;
use crate::ids::UserId;

/// The step of a row as this directory carries it out. Where it does everything at once, that is the step itself.
pub(super) fn limited(step: UserStep, view: &AddressView<'_>, facts: &CompanyFacts, company: &CompanyStep) -> UserStep {
    let is_suspended = company.managed().is_some_and(|managed| managed.suspended);
    match step {
        UserStep::Create | UserStep::ChangeAddress { .. } if is_suspended => skip(Reason::CompanySuspended),
        UserStep::ChangeAddress { user, from, reason } => change(view, facts, (user, from, reason)),
        UserStep::Unchanged(user) => unchanged(user, view, facts),
        other => other,
    }
}

/// A change of an address: at once, after the user agrees, or not at all.
fn change(view: &AddressView<'_>, facts: &CompanyFacts, (user, from, reason): (UserId, Address, Reason)) -> UserStep {
    let Some(found) = facts.users.get(&user) else {
        return UserStep::ChangeAddress { user, from, reason };
    };
    let way = facts.capabilities.address_change(found.state);
    if way == AddressChange::AtOnce {
        return UserStep::ChangeAddress { user, from, reason };
    }
    match reason {
        // Nobody sees the difference, and so nobody is asked.
        Reason::SpellingCorrected => UserStep::Unchanged(user),
        // The administrator chose this user and saw its address: link the row, and keep the user's address.
        Reason::Chosen => UserStep::Link(user),
        _ if found.state == UserState::Disabled => skip(Reason::UserDisabled),
        // The PSA says the same in another spelling, or the user was asked and has gone elsewhere.
        _ if has_left(found, view) => skip(Reason::UserHasAnotherAddress),
        _ if is_asked(view) => skip(Reason::WaitsForUser),
        _ if way == AddressChange::AfterUserAgrees => UserStep::ChangeAddress {
            user,
            from,
            reason: Reason::NeedsUsersAgreement,
        },
        _ => skip(Reason::AddressCannotChange),
    }
}

/// Whether the user has another address than the one of before, although nothing is to be asked any more.
fn has_left(found: &User, view: &AddressView<'_>) -> bool {
    view.mapping.is_some_and(|mapping| {
        let is_imported = Some(mapping.address.key()) == view.address().map(Address::key);
        (is_imported || is_asked(view)) && found.address.key() != mapping.address.key()
    })
}

/// Whether the user was asked for the very address that the row has (R84).
fn is_asked(view: &AddressView<'_>) -> bool {
    let asked_for = view.mapping.and_then(|mapping| mapping.remembered.asked_for.as_ref());
    asked_for.is_some_and(|asked_for| Some(asked_for.key()) == view.address().map(Address::key))
}

/// A user of whom nothing is to be changed: its state may be worth a word (R85).
fn unchanged(user: UserId, view: &AddressView<'_>, facts: &CompanyFacts) -> UserStep {
    let has_another_address = |found: &User| Some(found.address.key()) != view.address().map(Address::key);
    match facts.users.get(&user) {
        Some(found) if found.state == UserState::Disabled => skip(Reason::UserDisabled),
        // In a directory that changes addresses at once, one changed there was meant.
        Some(found) if facts.capabilities.change_address != AddressChange::AtOnce && has_another_address(found) => {
            skip(Reason::UserHasAnotherAddress)
        }
        _ => UserStep::Unchanged(user),
    }
}

fn skip(reason: Reason) -> UserStep {
    UserStep::Skip(reason.into())
}
