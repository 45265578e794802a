//! The numbers of the schemas of stored records. Two versions of this program share the tables during a deployment and after it was
//! taken back; an older one must not misread what a newer one wrote.
//!
//! Every item that is written says the number of its schema. Items written before there were numbers count as 1. A change that an
//! older version would misread gets the next number here; a field that older versions may ignore does not.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::StoreError;
use crate::table::Item;

/// The attribute with the number.
pub(crate) const SCHEMA: &str = "schema";

/// The number of every kind of item that is not named below.
const FIRST: u64 = 1;

/// The kinds of items that have come further.
const LATER: &[(&str, u64)] = &[];

/// The number that this version writes, and the highest that it reads.
pub(crate) fn of(kind: &str) -> u64 {
    let later = LATER.iter().find(|(of, _)| *of == kind);
    later.map_or(FIRST, |(_, number)| *number)
}

/// Refuses an item of a newer version.
pub(crate) fn check(kind: &'static str, item: &Item) -> Result<(), StoreError> {
    let found = match item.get(SCHEMA) {
        None => return Ok(()),
        Some(AttributeValue::N(digits)) => digits.parse().map_err(|error| StoreError::shape(kind, error))?,
        Some(_) => return Err(StoreError::shape(kind, "the schema number is not a number")),
    };
    let known = of(kind);
    if found > known {
        return Err(StoreError::Newer { kind, found, known });
    }
    Ok(())
}
