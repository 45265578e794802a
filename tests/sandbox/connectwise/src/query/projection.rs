//! `fields`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::schema::{Field, Kind, find};
use crate::http::error::ApiError;

/// The fields wanted of a record, and of the records within it; none named means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projection(BTreeMap<&'static str, Projection>);

/// The shape of `fields=status/id`; ConnectWise does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Shape {
    /// `{"status": {"id": 1}}`
    #[default]
    Nested,
    /// `{"status": {"id": 1, "name": "Active", …}}`
    Whole,
    /// `{"status/id": 1}`
    Flat,
}

/// What becomes of a name that the resource does not have. Three witnesses speak for the default: a live tenant on which `fields=*`
/// gave ids alone, a self-hosted one that dropped names silently, and a client in use that asks for names that do not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum UnknownFields {
    /// The request is refused.
    Refuse,
    /// Nothing.
    #[default]
    Drop,
}

/// In every row, whatever `fields` says.
const ALWAYS: &str = "id";

impl Projection {
    /// Reads `id,name,status/id,_info`.
    pub fn parse(written: &str, fields: &'static [Field], unknown: UnknownFields) -> Result<Self, ApiError> {
        let mut projection = Self::default();
        if let Some(id) = find(fields, ALWAYS) {
            projection.add(&[id.name]);
        }
        for name in written.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match (named(name, fields), unknown) {
                (Some(path), _) => projection.add(&path),
                (None, UnknownFields::Drop) => {}
                (None, UnknownFields::Refuse) => {
                    return Err(ApiError::find_condition(format!("{name} is not a recognized name.")));
                }
            }
        }
        Ok(projection)
    }

    fn add(&mut self, path: &[&'static str]) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let asked_whole = self.0.get(first).is_some_and(|inner| inner.0.is_empty());
        let inner = self.0.entry(first).or_default();
        if rest.is_empty() {
            inner.0.clear();
        } else if !asked_whole {
            inner.add(rest);
        }
    }

    /// The fields wanted of the record itself.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }

    /// Leaves in a record what is wanted.
    pub fn apply(&self, record: Map<String, Value>, shape: Shape) -> Map<String, Value> {
        let mut result = Map::new();
        for (name, value) in record {
            let Some(inner) = self.0.get(name.as_str()) else {
                continue;
            };
            match shape {
                Shape::Flat if !inner.0.is_empty() && value.is_object() => {
                    for (inner_name, value) in inner.pruned_object(value) {
                        result.insert(format!("{name}/{inner_name}"), value);
                    }
                }
                Shape::Whole => drop(result.insert(name, value)),
                Shape::Nested | Shape::Flat => drop(result.insert(name, inner.pruned(value))),
            }
        }
        result
    }

    fn pruned(&self, value: Value) -> Value {
        match value {
            _ if self.0.is_empty() => value,
            Value::Array(elements) => elements.into_iter().map(|element| self.pruned(element)).collect(),
            Value::Object(_) => self.pruned_object(value).collect(),
            scalar => scalar,
        }
    }

    fn pruned_object(&self, value: Value) -> impl Iterator<Item = (String, Value)> {
        let object = if let Value::Object(object) = value {
            object
        } else {
            Map::new()
        };
        object.into_iter().filter_map(|(name, value)| {
            let inner = self.0.get(name.as_str())?;
            let value = inner.pruned(value);
            Some((name, value))
        })
    }
}

fn named(name: &str, mut fields: &'static [Field]) -> Option<Vec<&'static str>> {
    let mut path = Vec::new();
    for part in name.split('/') {
        let field = find(fields, part)?;
        path.push(field.name);
        fields = match field.kind {
            Kind::One(inner) | Kind::Many(inner) => inner,
            _ => &[],
        };
    }
    Some(path)
}
