//! `orderBy`.

use std::cmp::Ordering;

use serde_json::Value;

use super::evaluate::Record;
use super::pattern::folded;
use super::schema::{Field, look_up};
use crate::http::error::ApiError;

/// The keys to sort by, the most important first.
#[derive(Clone, Debug)]
pub struct Order(Vec<Key>);

#[derive(Clone, Debug)]
struct Key {
    path: Vec<&'static str>,
    descending: bool,
}

impl Order {
    /// Reads `name asc, company/name desc`; without a direction it is ascending.
    pub fn parse(written: &str, fields: &'static [Field]) -> Result<Self, ApiError> {
        written
            .split(',')
            .map(|key| Key::parse(key, fields))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether this is how the records are kept anyway.
    pub fn is_by_id(&self) -> bool {
        matches!(self.0.as_slice(), [Key { path, descending: false }] if path == &["id"])
    }

    /// What to sort the record by.
    pub fn key_of(&self, record: &dyn Record) -> Vec<Value> {
        self.0.iter().map(|key| record.at(&key.path)).collect()
    }

    /// Which of two keys comes first.
    pub fn compare(&self, left: &[Value], right: &[Value]) -> Ordering {
        let pairs = self.0.iter().zip(left.iter().zip(right));
        pairs.fold(Ordering::Equal, |order, (key, (left, right))| {
            order.then_with(|| {
                let order = compare(left, right);
                if key.descending { order.reverse() } else { order }
            })
        })
    }
}

impl Key {
    fn parse(written: &str, fields: &'static [Field]) -> Result<Self, ApiError> {
        let mut words = written.split_whitespace();
        let name = words.next().unwrap_or_default();
        let descending = match words.next().map(str::to_ascii_lowercase).as_deref() {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(other) => {
                return Err(ApiError::find_condition(format!(
                    "{other} is not a recognized sort direction."
                )));
            }
        };
        let names: Vec<&str> = name.split('/').collect();
        look_up(fields, &names)
            .filter(|found| found.list.is_none() && words.next().is_none())
            .map(|found| Self {
                path: found.path,
                descending,
            })
            .ok_or_else(|| ApiError::find_condition(format!("{name} is not a recognized name.")))
    }
}

/// Missing values come first, as in SQL Server.
fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Value::String(left), Value::String(right)) => folded(left, false).cmp(&folded(right, false)),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        _ => right.is_null().cmp(&left.is_null()),
    }
}
