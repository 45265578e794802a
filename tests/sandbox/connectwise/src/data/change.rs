//! Changes that tests make to what the tenant holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::free_ids::FreeIds;
use super::row::{Row, Table};
use super::store::Store;

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
