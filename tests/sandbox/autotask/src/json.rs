//! JSON as the server reads it.

use serde_json::Value;

/// A property whatever its case: clients send `filter` and `Filter`, `maxRecords` and `MaxRecords`.
pub fn property<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value
        .as_object()?
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}
