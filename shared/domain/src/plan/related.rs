//! Which people of a company have to be known so that a row is shown as if all of them were (see [`address_rows`]).
//!
//! A row depends on its contact, on those who have an address of that contact, and on those whose mapping may pass to that contact: they
//! had the address together when it was last imported (R56). These depend on others in the same way. Nobody else of the company matters.
//!
//! [`address_rows`]: super::planner::address_rows

use std::collections::{BTreeSet, HashMap};

use crate::address::AddressKey;
use crate::ids::PsaContactId;
use crate::mapping::AddressMapping;
use crate::remembered::Sharers;
use crate::row::SnapshotAddress;

/// What is known of some contacts of a company.
#[derive(Debug, Default)]
pub struct KnownPeople {
    /// The contacts.
    pub contacts: BTreeSet<PsaContactId>,
    /// Their address rows, each with the other contacts of the company that have its address.
    pub rows: Vec<(SnapshotAddress, Sharers)>,
    /// Their mappings, and all mappings of the company that remember sharers.
    pub mappings: Vec<AddressMapping>,
}

impl KnownPeople {
    /// The contacts that have to be known, too; `None` if that may be anybody.
    pub fn related(&self) -> Option<BTreeSet<PsaContactId>> {
        let mut related = BTreeSet::new();
        let mut add = |sharers: &Sharers| match sharers {
            Sharers::Of(some) => {
                related.extend(some.iter().cloned());
                Some(())
            }
            Sharers::Many => None,
        };
        for (_, others) in &self.rows {
            add(others)?;
        }
        let mut owners = BTreeSet::new();
        for mapping in self.mappings.iter().filter(|mapping| self.concerns(mapping)) {
            add(&mapping.remembered.sharers)?;
            owners.insert(PsaContactId::new(mapping.id.contact()));
        }
        related.append(&mut owners);
        related.retain(|contact| !self.contacts.contains(contact));
        Some(related)
    }

    /// Whether a mapping is, or may become, that of a known contact.
    fn concerns(&self, mapping: &AddressMapping) -> bool {
        self.is_of_known(mapping)
            || match &mapping.remembered.sharers {
                Sharers::Of(some) => some.iter().any(|contact| self.contacts.contains(contact)),
                Sharers::Many => self.has(mapping.address.key()),
            }
    }

    /// Whether it is the mapping of a known contact.
    pub fn is_of_known(&self, mapping: &AddressMapping) -> bool {
        self.contacts.contains(&PsaContactId::new(mapping.id.contact()))
    }

    fn has(&self, address: &AddressKey) -> bool {
        self.rows.iter().any(|(row, _)| row.key() == Some(address))
    }
}

/// The other contacts that have the address of each of these rows, which are all rows of a company.
pub fn sharers_of(rows: &[SnapshotAddress]) -> Vec<Sharers> {
    // Hardly any address is shared, and a set for each would take much memory in a very large company.
    let mut first: HashMap<&AddressKey, &str> = HashMap::new();
    let mut shared: HashMap<&AddressKey, BTreeSet<&str>> = HashMap::new();
    for row in rows {
        if let Some(key) = row.key() {
            let contact = row.id.contact();
            let first = *first.entry(key).or_insert(contact);
            if first != contact {
                shared.entry(key).or_default().extend([first, contact]);
            }
        }
    }
    let sharers = rows.iter().map(|row| {
        let all = row.key().and_then(|key| shared.get(key));
        let others = all
            .into_iter()
            .flatten()
            .filter(|contact| **contact != row.id.contact());
        others.map(|contact| PsaContactId::new(*contact)).collect()
    });
    sharers.collect()
}
