//! The filter of an import (R6, R7).

use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{AttributeId, ValueId};
use crate::language::Language;

/// What an attribute filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// The attribute filters companies.
    Company,
    /// The attribute filters contacts.
    Contact,
}

/// An attribute that the PSA can be filtered by, with its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    /// The id of the attribute, which a filter has as its key.
    pub id: AttributeId,
    /// Whether the attribute filters companies or contacts.
    pub subject: Subject,
    /// The name of the attribute, for people.
    pub label: String,
    /// The values of the attribute, including inactive ones.
    pub values: Vec<AttributeValue>,
}

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttributeValue {
    /// The id of the value, which a filter lists.
    pub id: ValueId,
    /// The name of the value, for people.
    pub label: String,
    /// Whether the PSA still offers the value. Old records may have an inactive one.
    pub active: bool,
}

/// The accepted values by the id of each attribute. All attributes must match, each with one of its values. Empty accepts everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Accepted", into = "Accepted")]
#[schemars(transform = bounded)]
pub struct Filter(pub Accepted);

/// Attribute → accepted values.
pub type Accepted = BTreeMap<AttributeId, Vec<ValueId>>;

/// The most attributes of one filter.
const MAX_ATTRIBUTES: usize = 20;

/// The most values of one attribute.
const MAX_VALUES: usize = 500;

/// The filter is larger than any that a PSA could be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilterTooLarge;

impl std::error::Error for FilterTooLarge {}

/// English, and Dutch in the alternate form (`{:#}`).
impl fmt::Display for FilterTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let messages = Language::of_format(f).messages();
        f.write_str(&messages.filter_too_large(MAX_ATTRIBUTES, MAX_VALUES))
    }
}

impl TryFrom<Accepted> for Filter {
    type Error = FilterTooLarge;

    fn try_from(mut accepted: Accepted) -> Result<Self, FilterTooLarge> {
        if accepted.len() > MAX_ATTRIBUTES || accepted.values().any(|values| values.len() > MAX_VALUES) {
            return Err(FilterTooLarge);
        }
        // In another order it would be taken for another filter, and everything would be read.
        for values in accepted.values_mut() {
            values.sort();
            values.dedup();
        }
        Ok(Self(accepted))
    }
}

impl Filter {
    /// Whether it leaves out contacts of companies that it lets in: an attribute of contacts is named so in every PSA.
    pub fn hides_contacts(&self) -> bool {
        self.0.keys().any(|attribute| attribute.as_str().starts_with("contact"))
    }
}

impl From<Filter> for Accepted {
    fn from(filter: Filter) -> Self {
        filter.0
    }
}

fn bounded(schema: &mut Schema) {
    schema.insert("maxProperties".to_owned(), MAX_ATTRIBUTES.into());
    if let Some(values) = schema.get_mut("additionalProperties").and_then(Value::as_object_mut) {
        values.insert("minItems".to_owned(), 1.into());
        values.insert("maxItems".to_owned(), MAX_VALUES.into());
    }
}

/// A filter that names what the PSA does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFilter {
    /// No such attribute.
    #[error("the PSA has no attribute {0}")]
    UnknownAttribute(AttributeId),
    /// The attribute has no such value.
    #[error("attribute {0} has no value {1}")]
    UnknownValue(AttributeId, ValueId),
    /// An attribute is named with no value at all, which could only mean nothing.
    #[error("attribute {0} is named without a value")]
    NoValue(AttributeId),
}

impl Filter {
    /// Checks the filter against what the PSA has, naming the first offence.
    pub fn check(&self, attributes: &[Attribute]) -> Result<(), InvalidFilter> {
        for (id, values) in &self.0 {
            let attribute = attributes
                .iter()
                .find(|attribute| &attribute.id == id)
                .ok_or_else(|| InvalidFilter::UnknownAttribute(id.clone()))?;
            if values.is_empty() {
                return Err(InvalidFilter::NoValue(id.clone()));
            }
            for value in values {
                if !attribute.values.iter().any(|known| &known.id == value) {
                    return Err(InvalidFilter::UnknownValue(id.clone(), value.clone()));
                }
            }
        }
        Ok(())
    }

    /// Whether a record with these values passes the part of the filter that concerns `attributes`.
    ///
    /// This is what the filter means; a PSA that can evaluate it saves the transfer and changes nothing.
    pub fn accepts(&self, attributes: &[AttributeId], values: &[(AttributeId, ValueId)]) -> bool {
        self.0
            .iter()
            .filter(|(id, _)| attributes.contains(id))
            .all(|(id, accepted)| values.iter().any(|(of, value)| of == id && accepted.contains(value)))
    }
}
