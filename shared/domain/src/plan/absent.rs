//! Which addresses imported before are not in the snapshot (R55).

use super::links::Links;
use super::snapshot::RemainingSharers;
use crate::facts::CompanyFacts;
use crate::ids::AddressId;
use crate::mapping::AddressMapping;
use crate::not_in::PersonAbsence;
use crate::quick::{HashMap, HashSet};
use crate::row::SnapshotAddress;

/// Whether a mapping may be one whose address is absent; if not, [`absent`] need not be asked. Compares texts, which costs less.
pub fn may_be_absent(addresses: &[SnapshotAddress], mappings: &[AddressMapping]) -> bool {
    let texts: HashMap<&AddressId, &str> = addresses.iter().map(|row| (&row.id, row.text())).collect();
    let is_there = |mapping: &AddressMapping| texts.get(&mapping.id).copied() == Some(mapping.address.original());
    !mappings.iter().all(is_there)
}

/// The mappings to users of the managed company that no address of the snapshot keeps or takes over (R30, R56), whatever is decided,
/// with the reason of each, if the snapshot shows it; else the contact must be looked for.
pub fn absent(facts: &CompanyFacts) -> Vec<(&AddressMapping, Option<PersonAbsence>)> {
    let contacts: HashSet<&str> = facts.addresses.iter().map(|(row, _)| row.id.contact()).collect();
    let links = Links::of(facts, true);
    let reason = |mapping: &AddressMapping| match links.snapshot.remaining_sharers(mapping) {
        // Somebody who shared the address may have it still, where the filter hides them.
        RemainingSharers::Rows(rows) if rows.is_empty() => Some(PersonAbsence::FilteredOut),
        _ if contacts.contains(mapping.id.contact()) => Some(PersonAbsence::AddressRemoved),
        _ => None,
    };
    let orphaned = links.orphaned.iter();
    orphaned.map(|mapping| (*mapping, reason(mapping))).collect()
}
