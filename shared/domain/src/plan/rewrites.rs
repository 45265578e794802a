//! Mappings whose copy of the PSA's data is stale. They are rewritten even if nothing happens to their users.

use std::collections::BTreeSet;

use super::links::Links;
use super::successor::remembered_name;
use super::{Mapped, UserPlan, UserStep};
use crate::address::{Address, AddressKey};
use crate::facts::CompanyFacts;
use crate::ids::AddressId;
use crate::mapping::AddressMapping;
use crate::name;
use crate::remembered::Remembered;

/// Marks the rows whose mapping must be rewritten, and returns the orphaned mappings that must be, with what they are to remember.
/// None of it depends on what is selected, or an import would write it again and again.
pub(super) fn mark(
    plans: &mut [UserPlan],
    facts: &CompanyFacts,
    links: &Links<'_>,
) -> Vec<(AddressId, Vec<AddressKey>)> {
    // The address of a row is no other one of its contact, even if it stands there twice.
    let others_of = |one: &AddressId| -> BTreeSet<AddressKey> {
        let rows = links.snapshot.rows_of(one.contact());
        let own = rows.iter().find(|(row, _)| *row == one).map(|(_, address)| *address);
        let others = rows.iter().map(|(_, address)| *address);
        let others = others.filter(|address| Some(*address) != own);
        others.flatten().cloned().collect()
    };
    for plan in plans {
        let mapping = links.mapping(&plan.id);
        plan.displaces = links.displaced_by(&plan.id).map(|mapping| mapping.user.clone());
        remember(plan, mapping, facts, links);
        let mut others = others_of(&plan.id);
        others.extend(others_of_sharers(plan, links));
        plan.other_addresses = others.into_iter().collect();
        plan.rewrite_mapping = mapping.is_some_and(|mapping| is_stale(mapping, plan));
    }
    let orphaned = links.orphaned.iter().filter_map(|mapping| {
        // Whatever was there once is not new when it is there again; the row in its own place counts as well.
        let mut all = others_of(&mapping.id);
        let own = links.snapshot.rows_of(mapping.id.contact()).iter();
        all.extend(
            own.filter(|(row, _)| **row == mapping.id)
                .filter_map(|(_, address)| address.cloned()),
        );
        all.extend(mapping.other_addresses.iter().cloned());
        let all: Vec<AddressKey> = all.into_iter().collect();
        (all != mapping.other_addresses).then(|| (mapping.id.clone(), all))
    });
    orphaned.collect()
}

/// The other addresses of those who share the one of a row, or shared the one it had: none of these is new to them all when they change
/// theirs together.
fn others_of_sharers(plan: &UserPlan, links: &Links<'_>) -> BTreeSet<AddressKey> {
    let mapped = plan.mapped.as_ref();
    let own = [plan.address.as_ref(), mapped.map(|mapped| &mapped.address)];
    let all = [Some(&plan.remembered), mapped.map(|mapped| &mapped.remembered)];
    let sharers = all
        .into_iter()
        .flatten()
        .flat_map(|remembered| remembered.sharers.listed());
    let addresses = sharers.flat_map(|contact| links.snapshot.rows_of(contact.as_str()));
    let addresses = addresses.filter_map(|(_, address)| *address);
    let is_other = |address: &&AddressKey| own.iter().flatten().all(|own| own.key() != *address);
    addresses.filter(is_other).cloned().collect()
}

/// What the mapping of a row is to remember, if the step succeeds and if it does not.
fn remember(plan: &mut UserPlan, mapping: Option<&AddressMapping>, facts: &CompanyFacts, links: &Links<'_>) {
    let address = plan.address.as_ref().map(Address::key);
    let keeps = mapping.filter(|mapping| Some(mapping.address.key()) == address);
    let sharers = address.map(|address| links.snapshot.sharers(&plan.id, address, keeps));
    let sharers = sharers.unwrap_or_default();
    plan.remembered = Remembered {
        name: plan.address.is_some().then(|| plan.name.clone()),
        sharers,
        asked_for: None,
    };
    let (Some(mapping), Some(mapped)) = (mapping, &mut plan.mapped) else {
        return;
    };
    let Some(user) = facts.users.get(&mapping.user) else {
        return;
    };
    let before = remembered_name(mapping, user);
    mapped.remembered = if keeps.is_none() {
        // The row no longer has the imported address. What the snapshot shows is not about that address: keep what is remembered of it.
        Remembered {
            name: Some(before.to_owned()),
            ..mapping.remembered.clone()
        }
    } else if mapping.id.contact() != plan.id.contact() || name::may_be_one_person(before, &plan.name) {
        // The mapping passes to another contact, or the name is still alike: remember what the snapshot shows.
        plan.remembered.clone()
    } else {
        // The name is quite another one. Keep the old name: if the address changes in a later import, the names must be compared (R57).
        Remembered {
            name: Some(before.to_owned()),
            ..plan.remembered.clone()
        }
    };
    if keeps.is_some() && plan.step.user() == Some(&mapped.user) {
        plan.remembered = mapped.remembered.clone();
    }
}

/// Whether the mapping would remember something else afterwards, although nothing happens to the user.
fn is_stale(mapping: &AddressMapping, plan: &UserPlan) -> bool {
    // Else an address changed by hand later on would be taken for one that the PSA has yet to carry over.
    let is_carried = matches!(plan.step, UserStep::Unchanged(_));
    let kept = plan.mapped.as_ref().map(|mapped: &Mapped| &mapped.remembered);
    let after = if is_carried { Some(&plan.remembered) } else { kept };
    mapping.other_addresses != plan.other_addresses
        || after != Some(&mapping.remembered)
        || is_carried && Some(&mapping.address) != plan.address.as_ref()
}
