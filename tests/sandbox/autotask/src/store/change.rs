//! One record's change, read from Autotask's own JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Entity;
use crate::dates;
use crate::model::{Cell, Field, Kind, Model};

/// The largest id: beyond it, readers that take numbers for floating-point ones would see another.
const LARGEST_ID: i64 = (1 << 53) - 1;

/// When changes happen, and which of them the server does not date.
#[derive(Clone, Copy)]
pub struct Stamps<'a> {
    /// The moment.
    pub now: i64,
    /// Fields whose changes alone leave a record's date of modification as it is.
    pub unstamped_fields: &'a [String],
}

/// New values of one record, which may be a new one.
#[derive(Clone)]
pub struct Change {
    pub id: i64,
    pub(super) cells: BTreeMap<usize, Cell<'static>>,
    pub(super) udfs: BTreeMap<usize, Option<String>>,
}

impl Change {
    /// Reads one record; `free` is the id a record without one gets.
    pub(super) fn read(entity: &Entity, free: &mut i64, value: &Value, stamps: Stamps<'_>) -> Result<Self, String> {
        let record = value.as_object().ok_or("a record is an object")?;
        let id = match record.get("id") {
            Some(id) => id
                .as_i64()
                .filter(|id| (0..=LARGEST_ID).contains(id))
                .ok_or_else(|| format!("id: a whole number from 0 to {LARGEST_ID} is needed, not {id}"))?,
            None => *free,
        };
        *free = (*free).max(id + 1);
        let mut change = Change {
            id,
            cells: BTreeMap::new(),
            udfs: BTreeMap::new(),
        };
        for (name, value) in record.iter().filter(|(name, _)| *name != "id") {
            if name == "userDefinedFields" {
                change.udfs = read_udfs(&entity.model, value)?;
            } else {
                let (index, field) = field(&entity.model, name)?;
                change.cells.insert(index, read_cell(field, value)?);
            }
        }
        let is_new = entity.rows.get(id).is_none();
        if is_new {
            require(&entity.model, record)?;
            change.cells.insert(0, Cell::Int(id));
        }
        let stamps_it = |name: &String| name != "id" && !stamps.unstamped_fields.contains(name);
        if is_new || record.keys().any(stamps_it) {
            change.stamp(&entity.model, is_new, stamps.now);
        }
        Ok(change)
    }

    /// Sets the dates that the server keeps, where the change does not name them itself.
    fn stamp(&mut self, model: &Model, is_new: bool, now: i64) {
        let created = model.created.iter().filter(|_| is_new);
        for name in created.chain(&model.modified) {
            if let Some(index) = model.field(name) {
                self.cells.entry(index).or_insert(Cell::Time(now));
            }
        }
    }

    /// Whether it would make the record inactive.
    pub(super) fn inactivates(&self, model: &Model) -> bool {
        model
            .field("isActive")
            .is_some_and(|index| self.cells.get(&index) == Some(&Cell::Bool(false)))
    }
}

fn field<'a>(model: &'a Model, name: &str) -> Result<(usize, &'a Field), String> {
    let mut fields = model.fields.iter().enumerate();
    fields
        .find(|(_, field)| field.name == name)
        .ok_or_else(|| format!("{name}: {} has no such field", model.name))
}

/// Autotask creates no record without these; the other required ones are missing often enough in old records.
fn require(model: &Model, record: &Map<String, Value>) -> Result<(), String> {
    let needed = if model.name == "Company" {
        "companyName"
    } else {
        "companyID"
    };
    record
        .get(needed)
        .filter(|value| !value.is_null())
        .map(|_| ())
        .ok_or_else(|| format!("{needed}: required"))
}

fn read_cell(field: &Field, value: &Value) -> Result<Cell<'static>, String> {
    let wrong = |needed: &str| format!("{}: {needed} is needed, not {value}", field.name);
    if value.is_null() {
        return Ok(Cell::Null);
    }
    match field.kind {
        Kind::Long | Kind::Integer | Kind::Short => value.as_i64().map(Cell::Int).ok_or_else(|| wrong("an integer")),
        Kind::Flag => match value.as_i64() {
            Some(flag @ (0 | 1)) => Ok(Cell::Int(flag)),
            _ => Err(wrong("0 or 1")),
        },
        Kind::Double => value.as_f64().map(Cell::Float).ok_or_else(|| wrong("a number")),
        Kind::Boolean => value.as_bool().map(Cell::Bool).ok_or_else(|| wrong("true or false")),
        Kind::DateTime => value
            .as_str()
            .and_then(dates::read)
            .map(Cell::Time)
            .ok_or_else(|| wrong("a date")),
        Kind::Text(length) => match value.as_str() {
            Some(text) if text.chars().count() > usize::from(length) => {
                Err(format!("{}: longer than {length} characters", field.name))
            }
            Some(text) => Ok(Cell::Text(Cow::Owned(text.to_owned()))),
            None => Err(wrong("a text")),
        },
    }
}

fn read_udfs(model: &Model, value: &Value) -> Result<BTreeMap<usize, Option<String>>, String> {
    let items = value.as_array().ok_or("userDefinedFields: an array is needed")?;
    items.iter().map(|item| read_udf(model, item)).collect()
}

fn read_udf(model: &Model, item: &Value) -> Result<(usize, Option<String>), String> {
    let name = item["name"].as_str().ok_or("userDefinedFields: a name is needed")?;
    let index = model.udfs.iter().position(|udf| udf.name == name);
    let index = index.ok_or_else(|| format!("userDefinedFields: {} has no {name}", model.name))?;
    match &item["value"] {
        Value::Null => Ok((index, None)),
        Value::String(text) => Ok((index, Some(text.clone()))),
        other => Err(format!("{name}: a text is needed, not {other}")),
    }
}
