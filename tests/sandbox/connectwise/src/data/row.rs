//! One record as a table holds it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A record: one of the neutral MSP, kept small and spelled out when asked for, or one that was changed or added.
#[derive(Clone, Debug)]
pub enum Row {
    /// The position in the neutral MSP.
    Seeded(u32),
    /// The fields; references hold their id, and the name where the setup table may have lost it.
    Stored(Map<String, Value>),
}

/// Records by id: pages by id start anywhere without reading what comes before.
pub type Table = BTreeMap<i64, Row>;

/// The id a record holds; 0 if it has none.
pub fn id_of(fields: &Map<String, Value>) -> i64 {
    fields.get("id").and_then(Value::as_i64).unwrap_or_default()
}
