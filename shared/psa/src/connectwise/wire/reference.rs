//! Parts that several replies share.

use domain::ids::{AttributeId, ValueId};
use serde::Deserialize;

use crate::flag::Flag;
use crate::text::present;

/// How many rows a list has.
#[derive(Debug, Deserialize)]
pub(in crate::connectwise) struct Count {
    /// Required, as the proof that a walk is complete hangs on it.
    pub(in crate::connectwise) count: u64,
}

/// A row of which nothing but its existence matters.
#[derive(Debug, Deserialize)]
pub(in crate::connectwise) struct Identified {
    /// Required.
    #[serde(rename = "id")]
    _id: i64,
}

/// A reference to another record. Without an id it refers to nothing.
#[derive(Debug, Deserialize)]
pub(in crate::connectwise) struct Reference {
    /// Optional, as the vendor's description says.
    pub(in crate::connectwise) id: Option<i64>,
    /// Optional: what the record is called. A type without an id is still shown by it.
    pub(in crate::connectwise) name: Option<String>,
}

/// A row of a setup table. Company types and statuses call their label `name`, contact types `description`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::connectwise) struct SetupRow {
    /// Optional: nothing can refer to a row without one, so that it is skipped. Any number, 0 and below included.
    pub(in crate::connectwise) id: Option<i64>,
    /// Optional; then the description is the label.
    name: Option<String>,
    /// Optional; then the id is the label.
    description: Option<String>,
    /// Optional: a row that does not say so is active.
    pub(in crate::connectwise) inactive_flag: Option<Flag>,
}

impl SetupRow {
    /// What it is called; its id where it has no name.
    pub(in crate::connectwise) fn label(self, id: i64) -> String {
        present(self.name.or(self.description)).unwrap_or_else(|| id.to_string())
    }
}

/// A value by which rows can be filtered.
pub(in crate::connectwise) fn value(attribute: &str, id: i64) -> (AttributeId, ValueId) {
    (AttributeId::new(attribute), ValueId::new(id.to_string()))
}
