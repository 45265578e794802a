//! Which addresses imported before are not in the snapshot (R55).

use std::collections::{HashMap, HashSet};

use super::links::Links;
use crate::facts::CompanyFacts;
use crate::ids::AddressId;
use crate::mapping::AddressMapping;
use crate::row::SnapshotAddress;

/// Whether a mapping may be one whose address is absent; if not, [`absent`] need not be asked. Compares texts, which costs less.
pub fn may_be_absent(addresses: &[SnapshotAddress], mappings: &[AddressMapping]) -> bool {
    let texts: HashMap<&AddressId, &str> = addresses.iter().map(|row| (&row.id, row.text.as_str())).collect();
    let is_there = |mapping: &AddressMapping| texts.get(&mapping.id).copied() == Some(mapping.address.original());
    !mappings.iter().all(is_there)
}

/// The mappings to users of the managed company that no address of the snapshot keeps or takes over (R30), whatever is decided, and
/// whether the contact of each is there.
pub fn absent(facts: &CompanyFacts) -> Vec<(&AddressMapping, bool)> {
    let contacts: HashSet<&str> = facts.addresses.iter().map(|(row, _)| row.id.contact()).collect();
    let orphaned = Links::of(facts, true).orphaned.into_iter();
    orphaned
        .map(|mapping| (mapping, contacts.contains(mapping.id.contact())))
        .collect()
}
