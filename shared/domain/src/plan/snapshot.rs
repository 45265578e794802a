//! Who has which address in the snapshot of a company.

use crate::address::AddressKey;
use crate::facts::CompanyFacts;
use crate::ids::{AddressId, PsaContactId};
use crate::mapping::AddressMapping;
use crate::quick::{HashMap, HashSet};
use crate::remembered::Sharers;
use crate::row::SnapshotAddress;

/// The address rows of a company, read once.
pub(super) struct Snapshot<'a> {
    /// The rows of each contact, with their address if it is one.
    contacts: HashMap<&'a str, Vec<(&'a AddressId, Option<&'a AddressKey>)>>,
    /// The rows with each address, those of active contacts first.
    by_address: HashMap<&'a AddressKey, Vec<&'a SnapshotAddress>>,
    /// The rows of contacts who are excluded for good.
    excluded: HashSet<&'a AddressId>,
    hides_contacts: bool,
}

/// Whether somebody who shared an address has it still.
pub(super) enum RemainingSharers<'a> {
    /// Nobody does.
    Nobody,
    /// Somebody does, or may do; these are the rows of those who do, but for those who are excluded.
    Rows(Vec<&'a AddressId>),
}

impl<'a> Snapshot<'a> {
    pub(super) fn of(facts: &'a CompanyFacts) -> Self {
        let mut contacts: HashMap<_, Vec<_>> = HashMap::default();
        let mut by_address: HashMap<&AddressKey, Vec<&SnapshotAddress>> = HashMap::default();
        for (row, _) in &facts.addresses {
            let key = row.key();
            if let Some(key) = key {
                by_address.entry(key).or_default().push(row);
            }
            contacts.entry(row.id.contact()).or_default().push((&row.id, key));
        }
        for rows in by_address.values_mut() {
            rows.sort_by_key(|row| (!row.active, &row.id));
        }
        let excluded = facts
            .addresses
            .iter()
            .filter(|(_, decision)| decision.excluded.is_some());
        Self {
            contacts,
            by_address,
            excluded: excluded.map(|(row, _)| &row.id).collect(),
            hides_contacts: facts.hides_contacts,
        }
    }

    /// The rows of a contact, with their address if it is one.
    pub(super) fn rows_of(&self, contact: &str) -> &[(&'a AddressId, Option<&'a AddressKey>)] {
        self.contacts.get(contact).map_or(&[], Vec::as_slice)
    }

    fn rows_with(&self, address: &AddressKey) -> &[&'a SnapshotAddress] {
        self.by_address.get(address).map_or(&[], Vec::as_slice)
    }

    /// The other contacts that have the address of a row. A contact that had it when `before` was last imported may be hidden by the filter
    /// now. Such a contact counts until the snapshot shows it without the address.
    pub(super) fn sharers(&self, row: &AddressId, address: &AddressKey, before: Option<&AddressMapping>) -> Sharers {
        let own = row.contact();
        let has_it = self.rows_with(address).iter().map(|other| other.id.contact());
        let seen: HashSet<&str> = has_it.collect();
        let mut unseen = Vec::new();
        if let (true, Some(before)) = (self.hides_contacts, before) {
            let Sharers::Of(sharers) = &before.remembered.sharers else {
                return Sharers::Many;
            };
            let all = sharers.iter().map(PsaContactId::as_str).chain([before.id.contact()]);
            unseen.extend(all.filter(|contact| !self.contacts.contains_key(contact)));
        }
        let all = seen.into_iter().chain(unseen).filter(|contact| *contact != own);
        all.map(PsaContactId::new).collect()
    }

    /// Whether nobody has an address but the contact of a mapping, and those who shared the mapping's address with it.
    pub(super) fn is_free(&self, address: &AddressKey, mapping: &AddressMapping) -> bool {
        let mut contacts = self.rows_with(address).iter().map(|row| row.id.contact());
        contacts.all(|contact| {
            contact == mapping.id.contact() || mapping.remembered.sharers.include(&PsaContactId::new(contact))
        })
    }

    /// Whether a contact that shared the address of a mapping has it still.
    pub(super) fn remaining_sharers(&self, mapping: &AddressMapping) -> RemainingSharers<'a> {
        let sharers = &mapping.remembered.sharers;
        if sharers.is_empty() {
            return RemainingSharers::Nobody;
        }
        let rows = self.rows_with(mapping.address.key()).iter();
        let rows = rows.filter(|row| sharers.include(&PsaContactId::new(row.id.contact())));
        let mut rows: Vec<_> = rows.map(|row| &row.id).collect();
        let may_be_hidden = self.hides_contacts
            && match sharers {
                Sharers::Of(some) => some.iter().any(|contact| !self.contacts.contains_key(contact.as_str())),
                Sharers::Many => true,
            };
        if rows.is_empty() && !may_be_hidden {
            return RemainingSharers::Nobody;
        }
        // Nothing gives an address to somebody excluded (R96), and nobody's user moves away from them.
        rows.retain(|row| !self.excluded.contains(row));
        RemainingSharers::Rows(rows)
    }
}
