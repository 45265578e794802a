//! Mappings whose copy of the PSA's data is stale. They are rewritten even if nothing happens to their users.

use std::collections::{BTreeSet, HashMap};

use super::links::Links;
use super::{UserPlan, UserStep};
use crate::address::{Address, AddressKey};
use crate::facts::CompanyFacts;
use crate::ids::AddressId;

/// Marks the rows whose mapping must be rewritten, and returns the orphaned mappings that must be, with what they are to remember.
/// None of it depends on what is selected, or an import would write it again and again.
pub(super) fn mark(
    plans: &mut [UserPlan],
    facts: &CompanyFacts,
    links: &Links<'_>,
) -> Vec<(AddressId, Vec<AddressKey>)> {
    let mut rows: HashMap<&str, Vec<(&AddressId, AddressKey)>> = HashMap::new();
    for (row, _) in &facts.addresses {
        if let Ok(address) = row.text.parse::<Address>() {
            rows.entry(row.id.contact())
                .or_default()
                .push((&row.id, address.key().clone()));
        }
    }
    // The address of a row is no other one of its contact, even if it stands there twice.
    let others_of = |one: &AddressId| -> BTreeSet<AddressKey> {
        let rows = rows.get(one.contact()).map_or(&[][..], Vec::as_slice);
        let own = rows.iter().find(|(row, _)| *row == one).map(|(_, address)| address);
        let others = rows.iter().map(|(_, address)| address);
        others.filter(|address| Some(*address) != own).cloned().collect()
    };
    for plan in plans {
        plan.other_addresses = others_of(&plan.id).into_iter().collect();
        plan.rewrite_mapping = links.mapping(&plan.id).is_some_and(|mapping| {
            // Else an address changed by hand later on would be taken for one that the PSA has yet to carry over.
            let is_carried = matches!(plan.step, UserStep::Unchanged(_));
            mapping.other_addresses != plan.other_addresses
                || is_carried && Some(&mapping.address) != plan.address.as_ref()
        });
    }
    let orphaned = links.orphaned.iter().filter_map(|mapping| {
        // Whatever was there once is not new when it is there again; the row in its own place counts as well.
        let mut all = others_of(&mapping.id);
        let own = rows.get(mapping.id.contact()).into_iter().flatten();
        all.extend(
            own.filter(|(row, _)| **row == mapping.id)
                .map(|(_, address)| address.clone()),
        );
        all.extend(mapping.other_addresses.iter().cloned());
        let all: Vec<AddressKey> = all.into_iter().collect();
        (all != mapping.other_addresses).then(|| (mapping.id.clone(), all))
    });
    orphaned.collect()
}
