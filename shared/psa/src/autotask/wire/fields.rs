//! The description of an entity's fields, with their picklists, and the categories of companies where they are an entity.

use serde::de;
use serde::{Deserialize, Deserializer};

use crate::few::Readable;
use crate::flag::Flag;

/// The description of an entity's fields.
#[derive(Debug, Deserialize)]
pub(in crate::autotask) struct Fields {
    /// Required. A field that cannot be read as one is skipped, as four of some sixty are used.
    pub(in crate::autotask) fields: Readable<Field, MAX_VALUES>,
}

/// More fields than an entity has, and more values than a picklist.
const MAX_VALUES: usize = 10_000;

/// The description of one field.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::autotask) struct Field {
    /// Required of a field that counts. Seen in other letter cases.
    pub(in crate::autotask) name: String,
    /// Optional: no.
    pub(in crate::autotask) is_pick_list: Option<Flag>,
    /// Optional: none. A value that cannot be read as one is skipped.
    pub(in crate::autotask) picklist_values: Option<Readable<PicklistValue, MAX_VALUES>>,
}

/// One value of a picklist.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::autotask) struct PicklistValue {
    /// Required of a value that counts: a text, though the records have the same as a number, which is read as its text.
    #[serde(deserialize_with = "text_or_number")]
    pub(in crate::autotask) value: String,
    /// Optional: the value is the label.
    pub(in crate::autotask) label: Option<String>,
    /// Optional: active.
    pub(in crate::autotask) is_active: Option<Flag>,
}

fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => Ok(text),
        serde_json::Value::Number(number) => Ok(number.to_string()),
        _ => Err(de::Error::custom("neither a text nor a number")),
    }
}

/// A row of `CompanyCategories`, where categories are an entity.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::autotask) struct Category {
    /// Required, and not below 0.
    pub(in crate::autotask) id: i64,
    /// Optional: the id is the label.
    pub(in crate::autotask) name: Option<String>,
    /// Optional: active.
    pub(in crate::autotask) is_active: Option<Flag>,
}
