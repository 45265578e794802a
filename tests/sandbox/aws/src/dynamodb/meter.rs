//! What was asked of `DynamoDB`, and what AWS would bill for it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// Requests by operation, and capacity units.
///
/// A write refused by its condition is a request but shows no units, because the error does not tell them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spent {
    /// Requests, refused ones too, by the operation's name.
    pub operations: BTreeMap<String, u64>,
    /// Those of them that were refused: by their condition, for a conflict, or for want of room.
    pub refused: u64,
    /// Write units, those of indexes and the double price of transactions included.
    pub write_units: f64,
    /// Read units.
    pub read_units: f64,
}

/// Adds up what was spent.
#[derive(Debug, Default)]
pub struct Meter {
    spent: Mutex<Spent>,
}

impl Meter {
    /// What was spent so far.
    pub fn snapshot(&self) -> Spent {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins again at nothing.
    pub fn reset(&self) {
        *self.spent.lock().unwrap_or_else(PoisonError::into_inner) = Spent::default();
    }

    pub(super) fn add(&self, operation: &str, answer: &[u8], is_refused: bool) {
        let units = consumed(answer);
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.refused += u64::from(is_refused);
        *spent.operations.entry(operation.to_owned()).or_default() += 1;
        if is_write(operation) {
            spent.write_units += units;
        } else {
            spent.read_units += units;
        }
    }
}

/// `PartiQL` is in neither list: whether a statement reads or writes is in its text, and nobody here uses it.
pub(super) fn is_read(operation: &str) -> bool {
    matches!(
        operation,
        "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems"
    )
}

pub(super) fn is_write(operation: &str) -> bool {
    matches!(
        operation,
        "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems"
    )
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Answer {
    consumed_capacity: Option<Consumed>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Consumed {
    OneTable(Units),
    ManyTables(Vec<Units>),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Units {
    #[serde(default)]
    table_name: String,
    #[serde(default)]
    capacity_units: f64,
}

fn consumed(answer: &[u8]) -> f64 {
    units_by_table(answer).iter().map(|(_, units)| units).sum()
}

/// The units that an answer tells, with the table that each were spent on.
pub(super) fn units_by_table(answer: &[u8]) -> Vec<(String, f64)> {
    let answer: Answer = serde_json::from_slice(answer).unwrap_or_default();
    let tables = match answer.consumed_capacity {
        Some(Consumed::OneTable(units)) => vec![units],
        Some(Consumed::ManyTables(tables)) => tables,
        None => Vec::new(),
    };
    let of = |units: Units| (units.table_name, units.capacity_units);
    tables.into_iter().map(of).collect()
}
