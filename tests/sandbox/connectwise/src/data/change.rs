//! Changes that tests make to what the tenant holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ids;
use super::store::{Row, Store, Table};

/// New contents of records; a record without contents is gone. Carrying out a change twice is the same as once.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Change {
    /// Companies by id.
    pub companies: Records,
    /// Contacts by id.
    pub contacts: Records,
    /// The ids that are free after the change.
    pub free: FreeIds,
}

/// Records by id.
pub type Records = BTreeMap<i64, Option<Map<String, Value>>>;

/// The next ids to give; an id is never given twice, as ConnectWise does not either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct FreeIds {
    /// Of a company.
    pub company: i64,
    /// Of a contact.
    pub contact: i64,
    /// Of a communication item.
    pub item: i64,
}

impl FreeIds {
    /// Beyond what the neutral MSP takes.
    pub fn beyond(companies: &Table, contacts: &Table) -> Self {
        let after = |table: &Table| table.keys().next_back().map_or(1, |last| last + 1);
        Self {
            company: after(companies),
            contact: after(contacts),
            item: ids::FIRST_NEW_ITEM,
        }
    }

    /// The next id of this counter.
    pub fn take(counter: &mut i64) -> i64 {
        *counter += 1;
        *counter - 1
    }
}

impl Store {
    /// Carries out a change.
    pub fn carry_out(&mut self, change: Change) {
        replace(&mut self.companies, change.companies);
        replace(&mut self.contacts, change.contacts);
        self.free = change.free;
    }
}

fn replace(table: &mut Table, records: Records) {
    for (id, record) in records {
        match record {
            Some(fields) => table.insert(id, Row::Stored(fields)),
            None => table.remove(&id),
        };
    }
}
