//! Which row keeps which mapping, and so which user (R30, R56).
//!
//! A mapping remembers the row it was made for (contact and slot), the address, the contact's other addresses of that time, and the
//! other contacts of the company that had the address. The PSA may since have changed an address, moved it to another slot, or replaced
//! it. Rows and mappings are paired by these rules, in this order, all but the third within one contact:
//!
//! | | a mapping goes to the row | imported before | the PSA now | so |
//! |---|---|---|---|---|
//! | 1 | in its slot, with its address | slot 1 `ana@` | slot 1 `ana@` | nothing happens |
//! | 2 | with its address, in any slot | slot 1 `ana@` | slot 1 `bo@`, slot 2 `ana@` | the user of `ana@` keeps it; `bo@` is a row of its own |
//! | 3 | with its address, of a contact that shared it | `desk@` of Ana and Bo, imported with Ana | Ana has `ana@`, Bo has `desk@` | the user keeps `desk@`, which is Bo's row by now; `ana@` is a row of its own |
//! | 4 | in its slot, with a new address or none | slot 1 `ana@` | slot 1 `anna@` | the user moves to `anna@` |
//! | 5 | the only one left that is new, if it is the only mapping left | slot 1 `ana@` | slot 2 `anna@` | the user moves to `anna@` |
//! | | none: the mapping is orphaned | slot 1 `ana@`, with `info@` in slot 2 | slot 2 `info@` | nobody gets the user |
//!
//! An address is not new if the mapping remembers it as one of the contact's others: `info@` was there all the time, so it does not replace
//! `ana@`. An address is not new either if somebody else in the company has it, unless they shared the old one: the user would get the
//! mailbox of another person. Rules 4 and 5 do not apply while a contact that shared the old address still has it, or may have it where a
//! filter hides contacts: people who use the address would lose it. A contact that got the old address only later does not count.

use std::collections::BTreeMap;

use super::snapshot::{RemainingSharers, Snapshot};
use crate::address::AddressKey;
use crate::facts::CompanyFacts;
use crate::ids::{AddressId, UserId};
use crate::mapping::AddressMapping;
use crate::quick::{HashMap, HashSet};

/// Which row has which mapping, those included that moved from one address to another (R30).
pub(super) struct Links<'a> {
    by_row: HashMap<&'a AddressId, &'a AddressMapping>,
    /// The row of each mapped user.
    pub row_of: HashMap<&'a UserId, &'a AddressId>,
    /// Mappings whose address left the PSA.
    pub orphaned: Vec<&'a AddressMapping>,
    /// Rows whose mapping leads to a user that is gone, where the directory forgets users.
    gone: HashSet<&'a AddressId>,
    /// Who has which address.
    pub snapshot: Snapshot<'a>,
    by_id: HashMap<&'a AddressId, &'a AddressMapping>,
}

/// The rows of one contact, and the mappings of its addresses.
#[derive(Default)]
struct Contact<'a> {
    rows: Vec<(&'a AddressId, Option<&'a AddressKey>)>,
    mappings: Vec<&'a AddressMapping>,
}

type Pair<'a> = (&'a AddressId, &'a AddressMapping);

impl<'a> Links<'a> {
    pub fn of(facts: &'a CompanyFacts, keeps_mappings: bool) -> Self {
        let snapshot = Snapshot::of(facts);
        // In the order of their ids, so that the same facts always make the same plan.
        let mut contacts: BTreeMap<&str, Contact<'a>> = BTreeMap::new();
        // A mapping to a user that is gone is no mapping: the address is offered anew.
        let is_live = |mapping: &&AddressMapping| keeps_mappings && facts.users.contains_key(&mapping.user);
        for mapping in facts.mapped_addresses.iter().filter(is_live) {
            contacts.entry(mapping.id.contact()).or_default().mappings.push(mapping);
        }
        for (id, contact) in &mut contacts {
            contact.rows = snapshot.rows_of(id).to_vec();
        }
        let mut pairs: Vec<Pair<'a>> = contacts.values_mut().flat_map(Contact::with_the_address).collect();
        pass_to_sharers(&mut contacts, &mut pairs, &snapshot);
        let contacts = contacts.into_values();
        pairs.extend(
            contacts.flat_map(|contact| contact.with_a_new_address(|key, mapping| snapshot.is_free(key, mapping))),
        );
        let by_row: HashMap<_, _> = pairs.into_iter().collect();
        let row_of: HashMap<_, _> = by_row.iter().map(|(row, mapping)| (&mapping.user, *row)).collect();
        let is_orphaned = |mapping: &&AddressMapping| is_live(mapping) && !row_of.contains_key(&mapping.user);
        let orphaned = facts.mapped_addresses.iter().filter(is_orphaned).collect();
        let is_gone = |mapping: &&AddressMapping| {
            keeps_mappings && facts.capabilities.forgets && !facts.users.contains_key(&mapping.user)
        };
        let gone = facts.mapped_addresses.iter().filter(is_gone);
        let live = facts.mapped_addresses.iter().filter(is_live);
        Self {
            by_row,
            row_of,
            orphaned,
            gone: gone.map(|mapping| &mapping.id).collect(),
            snapshot,
            by_id: live.map(|mapping| (&mapping.id, mapping)).collect(),
        }
    }

    /// The mapping that was made for a row and is not its own any more.
    pub fn displaced_by(&self, row: &AddressId) -> Option<&'a AddressMapping> {
        let made_for_it = self.by_id.get(row).copied();
        let own = self.mapping(row).map(|mapping| &mapping.user);
        made_for_it.filter(|mapping| own != Some(&mapping.user))
    }

    /// Whether the row was imported before and its user is gone.
    pub fn is_user_gone(&self, row: &AddressId) -> bool {
        self.gone.contains(row)
    }

    pub fn mapping(&self, row: &AddressId) -> Option<&'a AddressMapping> {
        self.by_row.get(row).copied()
    }
}

/// Rule 3. Mappings whose address somebody keeps are left to no other rule.
fn pass_to_sharers<'a>(contacts: &mut BTreeMap<&str, Contact<'a>>, pairs: &mut Vec<Pair<'a>>, snapshot: &Snapshot<'a>) {
    let mut taken: HashSet<&AddressId> = pairs.iter().map(|(row, _)| *row).collect();
    for contact in contacts.values_mut() {
        contact.mappings.retain(|mapping| {
            let RemainingSharers::Rows(rows) = snapshot.remaining_sharers(mapping) else {
                return true;
            };
            if let Some(row) = rows.into_iter().find(|row| taken.insert(row)) {
                pairs.push((row, mapping));
            }
            false
        });
    }
    for contact in contacts.values_mut() {
        contact.rows.retain(|(row, _)| !taken.contains(row));
    }
}

impl<'a> Contact<'a> {
    /// Rules 1 and 2.
    fn with_the_address(&mut self) -> Vec<Pair<'a>> {
        let is_same = |address: Option<&AddressKey>, mapping: &AddressMapping| address == Some(mapping.address.key());
        let mut pairs = self.pair(|row, address, mapping| row == &mapping.id && is_same(address, mapping));
        pairs.extend(self.pair(|_, address, mapping| is_same(address, mapping)));
        pairs
    }

    /// Rules 4 and 5.
    fn with_a_new_address(mut self, is_free: impl Fn(&AddressKey, &AddressMapping) -> bool) -> Vec<Pair<'a>> {
        let is_new = |address: Option<&AddressKey>, mapping: &AddressMapping| {
            address.is_none_or(|address| !mapping.other_addresses.contains(address) && is_free(address, mapping))
        };
        let mut pairs = self.pair(|row, address, mapping| row == &mapping.id && is_new(address, mapping));
        if let [mapping] = self.mappings.as_slice() {
            let mut new = self
                .rows
                .iter()
                .filter(|(_, address)| address.is_some() && is_new(*address, mapping));
            if let (Some((row, _)), None) = (new.next(), new.next()) {
                pairs.push((row, mapping));
            }
        }
        pairs
    }

    /// Takes out, in their order, rows and mappings that fit each other.
    fn pair(&mut self, fit: impl Fn(&AddressId, Option<&AddressKey>, &AddressMapping) -> bool) -> Vec<Pair<'a>> {
        let mut pairs = Vec::new();
        self.mappings.retain(|mapping| {
            let mut rows = self.rows.iter();
            let found = rows.position(|(row, address)| fit(row, *address, mapping));
            if let Some(found) = found {
                pairs.push((self.rows.remove(found).0, *mapping));
            }
            found.is_none()
        });
        pairs
    }
}
