//! Which address mappings follow when a managed company is handed over to another PSA company (R58).
//!
//! A merge moves contacts and keeps their ids, so their mappings stay as they are. A company that was entered anew has other contacts:
//! a mapping goes to the row with its address. All others are dropped; their users stay.

use std::collections::HashSet;

use crate::address::{Address, AddressKey};
use crate::facts::{CompanyFacts, HandOver};
use crate::ids::AddressId;
use crate::mapping::AddressMapping;
use crate::row::{AddressDecision, SnapshotAddress};

/// An address row that a mapping can go to.
struct Candidate<'a> {
    row: &'a SnapshotAddress,
    address: &'a Address,
}

/// The mappings of the company that is gone which a company with these addresses takes over, as its own.
pub fn follow(addresses: &[(SnapshotAddress, AddressDecision)], hand_over: &HandOver) -> Vec<AddressMapping> {
    let contacts: HashSet<&str> = addresses.iter().map(|(row, _)| row.id.contact()).collect();
    let candidates = candidates(addresses);
    let mut taken: HashSet<&AddressId> = HashSet::new();
    let mut followed = Vec::new();
    for mapping in &hand_over.addresses {
        if contacts.contains(mapping.id.contact()) {
            followed.push(mapping.clone());
            continue;
        }
        let mut fitting = candidates.iter();
        let found = fitting
            .find(|candidate| candidate.address.key() == mapping.address.key() && !taken.contains(&candidate.row.id));
        if let Some(found) = found {
            taken.insert(&found.row.id);
            followed.push(AddressMapping {
                id: found.row.id.clone(),
                other_addresses: others(&candidates, found),
                ..mapping.clone()
            });
        }
    }
    followed
}

/// Rows with an address, those of active contacts first.
fn candidates(addresses: &[(SnapshotAddress, AddressDecision)]) -> Vec<Candidate<'_>> {
    let candidates = addresses.iter().filter_map(|(row, _)| {
        let address = row.address.as_ref().ok()?;
        Some(Candidate { row, address })
    });
    let mut candidates: Vec<Candidate<'_>> = candidates.collect();
    candidates.sort_by(|one, other| (!one.row.active, &one.row.id).cmp(&(!other.row.active, &other.row.id)));
    candidates
}

/// The other addresses of a row's contact.
fn others(candidates: &[Candidate<'_>], one: &Candidate<'_>) -> Vec<AddressKey> {
    let others = candidates
        .iter()
        .filter(|other| other.row.id.contact() == one.row.id.contact() && other.address.key() != one.address.key());
    let mut others: Vec<AddressKey> = others.map(|other| other.address.key().clone()).collect();
    others.sort();
    others.dedup();
    others
}

/// The hand-over that a company's decision asks for, if what it chose is still to be handed over.
pub(super) fn chosen<'a>(facts: &'a CompanyFacts, managed: &crate::ids::ManagedCompanyId) -> Option<&'a HandOver> {
    facts
        .hand_over
        .as_ref()
        .filter(|hand_over| hand_over.from.managed == *managed)
}
