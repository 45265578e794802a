//! What the API says is wrong.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A problem (RFC 9457).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Problem {
    #[serde(default)]
    pub status: u16,
    pub code: String,
    pub detail: String,
    #[serde(default)]
    pub correlation_id: String,
    #[serde(default)]
    pub retryable: bool,
    #[serde(default)]
    pub errors: Vec<FieldError>,
    #[serde(flatten)]
    pub facts: Map<String, Value>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FieldError {
    pub pointer: String,
    pub detail: String,
}

impl Problem {
    /// A fact of the problem as text.
    pub(crate) fn fact(&self, name: &str) -> Option<String> {
        match self.facts.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    /// Whether it is one of these.
    pub(crate) fn is(&self, codes: &[&str]) -> bool {
        codes.contains(&self.code.as_str())
    }
}
