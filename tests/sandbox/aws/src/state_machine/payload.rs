//! Payload templates: JSON in which a field `name.$` is filled from the input.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::path::Path;

#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Value")]
pub(super) enum Payload {
    Constant(Value),
    Path(Path),
    Fields(BTreeMap<String, Payload>),
}

impl Payload {
    /// The filled template, or the field whose path leads nowhere.
    pub fn fill(&self, input: &Value) -> Result<Value, String> {
        match self {
            Self::Constant(value) => Ok(value.clone()),
            Self::Path(path) => path
                .get(input)
                .cloned()
                .ok_or_else(|| format!("{path:?} is not in the input")),
            Self::Fields(fields) => {
                let filled = fields
                    .iter()
                    .map(|(name, payload)| Ok((name.clone(), payload.fill(input)?)));
                Ok(Value::Object(filled.collect::<Result<_, String>>()?))
            }
        }
    }
}

impl TryFrom<Value> for Payload {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::Object(fields) => {
                let fields = fields
                    .into_iter()
                    .map(|(name, value)| match (name.strip_suffix(".$"), value) {
                        (Some(name), Value::String(path)) => Ok((name.to_owned(), Self::Path(path.try_into()?))),
                        (Some(_), value) => Err(format!("{name} must be a path, not {value}")),
                        (None, value) => Ok((name, value.try_into()?)),
                    });
                Ok(Self::Fields(fields.collect::<Result<_, String>>()?))
            }
            Value::Array(_) => Err("arrays in a payload template are not known here".into()),
            constant => Ok(Self::Constant(constant)),
        }
    }
}
