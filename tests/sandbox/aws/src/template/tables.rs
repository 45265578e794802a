//! The tables of the template.

use serde::Deserialize;
use serde_json::Value;

use super::document::Document;
use crate::Error;

/// A table as the template defines it.
///
/// Only properties known here are accepted: one that were passed over would exist in the cloud and not on the laptop.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Table {
    #[serde(skip)]
    pub(crate) name: String,
    pub(crate) attribute_definitions: Vec<Attribute>,
    pub(crate) key_schema: Vec<Key>,
    #[serde(default)]
    pub(crate) local_secondary_indexes: Vec<Index>,
    #[serde(default)]
    pub(crate) global_secondary_indexes: Vec<Index>,
    pub(crate) stream_specification: Option<Stream>,
    pub(crate) time_to_live_specification: Option<TimeToLive>,
    #[serde(default)]
    pub(crate) deletion_protection_enabled: bool,
    #[serde(rename = "BillingMode")]
    _billing_mode: OnDemand,
    /// Encryption and recovery mean nothing on a laptop, and dynoxide does not know the second.
    #[serde(rename = "SSESpecification")]
    _encryption: Option<Value>,
    #[serde(rename = "PointInTimeRecoverySpecification")]
    _recovery: Option<Value>,
}

impl Table {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Attribute {
    pub attribute_name: String,
    pub attribute_type: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Key {
    pub attribute_name: String,
    pub key_type: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Index {
    #[serde(rename = "IndexName")]
    pub name: String,
    pub key_schema: Vec<Key>,
    pub projection: Projection,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Projection {
    pub projection_type: String,
    #[serde(default)]
    pub non_key_attributes: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Stream {
    pub stream_view_type: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct TimeToLive {
    pub attribute_name: String,
    pub enabled: bool,
}

#[derive(Debug, Clone, Deserialize)]
enum OnDemand {
    #[serde(rename = "PAY_PER_REQUEST")]
    PayPerRequest,
}

pub(super) fn read(document: &Document) -> Result<Vec<Table>, Error> {
    let tables = document.all::<Table>("AWS::DynamoDB::Table")?;
    Ok(tables
        .into_iter()
        .map(|(name, table)| Table { name, ..table })
        .collect())
}
