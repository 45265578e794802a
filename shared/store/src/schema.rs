//! The kinds of stored items, each with the number of its schema. Two versions of this program share the tables during a deployment
//! and after it was taken back; an older one must not misread what a newer one wrote.
//!
//! Every item that is written says the number of its schema. Items written before there were numbers count as 1. A change that an
//! older version would misread gets the next number, where the record is defined; a field that older versions may ignore does not.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::StoreError;

/// The attribute with the number.
pub(crate) const SCHEMA: &str = "schema";

/// The number of every kind of item whose schema has never changed.
const FIRST: u64 = 1;

/// A kind of item.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// What errors and the log call it.
    pub name: &'static str,
    /// The number that this version writes, and the highest that it reads.
    pub schema: u64,
    /// For how many days an item is kept; `None` for as long as what it belongs to.
    pub kept_days: Option<i64>,
}

impl Kind {
    /// A kind of item whose schema has never changed in a way that an older version would misread.
    pub const fn first(name: &'static str) -> Self {
        Self {
            name,
            schema: FIRST,
            kept_days: None,
        }
    }

    /// The same kind, of which the table deletes items after so many days.
    #[must_use]
    pub const fn kept(self, days: i64) -> Self {
        Self {
            kept_days: Some(days),
            ..self
        }
    }

    /// Refuses an item of a newer version.
    pub fn check(self, item: &HashMap<String, AttributeValue>) -> Result<(), StoreError> {
        let found = match item.get(SCHEMA) {
            None => return Ok(()),
            Some(AttributeValue::N(digits)) => digits.parse().map_err(|error| StoreError::shape(self.name, error))?,
            Some(_) => return Err(StoreError::shape(self.name, "the schema number is not a number")),
        };
        if found > self.schema {
            return Err(StoreError::Newer {
                kind: self.name,
                found,
                known: self.schema,
            });
        }
        Ok(())
    }
}
