//! Which row of a contact keeps which mapping, and so which user (R30).
//!
//! A mapping remembers the row it was made for (contact and slot), the address, and the contact's other addresses of that time. The
//! PSA may since have changed an address, moved it to another slot, or replaced it. Of each contact, rows and mappings are paired
//! by these rules, in this order:
//!
//! | | a mapping goes to the row | imported before | the PSA now | so |
//! |---|---|---|---|---|
//! | 1 | in its slot, with its address | slot 1 `ana@` | slot 1 `ana@` | nothing happens |
//! | 2 | with its address, in any slot | slot 1 `ana@` | slot 1 `bo@`, slot 2 `ana@` | the user of `ana@` keeps it; `bo@` is a row of its own |
//! | 3 | in its slot, with a new address | slot 1 `ana@` | slot 1 `anna@` | the user moves to `anna@` |
//! | 4 | the only one left that is new, if it is the only mapping left | slot 1 `ana@` | slot 2 `anna@` | the user moves to `anna@` |
//! | | none: the mapping is orphaned | slot 1 `ana@`, with `info@` in slot 2 | slot 2 `info@` | nobody gets the user |
//!
//! An address is new unless the mapping remembers it as one of the contact's others: `info@` was there all the time, and is no
//! successor of `ana@`.

use std::collections::HashMap;

use crate::address::Address;
use crate::facts::CompanyFacts;
use crate::ids::{AddressId, UserId};
use crate::mapping::AddressMapping;

/// Which row has which mapping, those included that moved from one address of a contact to another (R30).
pub(super) struct Links<'a> {
    by_row: HashMap<&'a AddressId, &'a AddressMapping>,
    /// The row of each mapped user.
    pub row_of: HashMap<&'a UserId, &'a AddressId>,
    /// Mappings whose address left the PSA.
    pub orphaned: Vec<&'a AddressMapping>,
}

/// The rows of one contact, and the mappings of its addresses.
#[derive(Default)]
struct Contact<'a> {
    rows: Vec<(&'a AddressId, Option<Address>)>,
    mappings: Vec<&'a AddressMapping>,
}

impl<'a> Links<'a> {
    pub fn of(facts: &'a CompanyFacts, keeps_mappings: bool) -> Self {
        let mut contacts: HashMap<&str, Contact<'a>> = HashMap::new();
        // A mapping to a user that is gone is no mapping: the address is offered anew.
        let is_live = |mapping: &&AddressMapping| keeps_mappings && facts.users.contains_key(&mapping.user);
        for mapping in facts.mapped_addresses.iter().filter(is_live) {
            contacts.entry(mapping.id.contact()).or_default().mappings.push(mapping);
        }
        for (row, _) in &facts.addresses {
            if let Some(contact) = contacts.get_mut(row.id.contact()) {
                contact.rows.push((&row.id, row.text.parse().ok()));
            }
        }
        let by_row: HashMap<_, _> = contacts.into_values().flat_map(Contact::pairs).collect();
        let row_of: HashMap<_, _> = by_row.iter().map(|(row, mapping)| (&mapping.user, *row)).collect();
        let is_orphaned = |mapping: &&AddressMapping| is_live(mapping) && !row_of.contains_key(&mapping.user);
        let orphaned = facts.mapped_addresses.iter().filter(is_orphaned).collect();
        Self {
            by_row,
            row_of,
            orphaned,
        }
    }

    pub fn mapping(&self, row: &AddressId) -> Option<&'a AddressMapping> {
        self.by_row.get(row).copied()
    }
}

impl<'a> Contact<'a> {
    /// Rows and their mappings, by the table above.
    fn pairs(mut self) -> Vec<(&'a AddressId, &'a AddressMapping)> {
        let is_same = |address: Option<&Address>, mapping: &AddressMapping| address == Some(&mapping.address);
        let is_new = |address: Option<&Address>, mapping: &AddressMapping| {
            address.is_none_or(|address| !mapping.other_addresses.contains(address.key()))
        };
        // 1.
        let mut pairs = self.pair(|row, address, mapping| row == &mapping.id && is_same(address, mapping));
        // 2.
        pairs.extend(self.pair(|_, address, mapping| is_same(address, mapping)));
        // 3.
        pairs.extend(self.pair(|row, address, mapping| row == &mapping.id && is_new(address, mapping)));
        // 4.
        if let [mapping] = self.mappings.as_slice() {
            let mut new = self
                .rows
                .iter()
                .filter(|(_, address)| address.is_some() && is_new(address.as_ref(), mapping));
            if let (Some((row, _)), None) = (new.next(), new.next()) {
                pairs.push((row, mapping));
            }
        }
        pairs
    }

    /// Takes out, in their order, rows and mappings that fit each other.
    fn pair(
        &mut self,
        fit: impl Fn(&AddressId, Option<&Address>, &AddressMapping) -> bool,
    ) -> Vec<(&'a AddressId, &'a AddressMapping)> {
        let mut pairs = Vec::new();
        self.mappings.retain(|mapping| {
            let mut rows = self.rows.iter();
            let found = rows.position(|(row, address)| fit(row, address.as_ref(), mapping));
            if let Some(found) = found {
                pairs.push((self.rows.remove(found).0, *mapping));
            }
            found.is_none()
        });
        pairs
    }
}
