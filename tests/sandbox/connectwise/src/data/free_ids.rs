//! The ids of new records.

use serde::{Deserialize, Serialize};

use super::ids;
use super::row::Table;

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
