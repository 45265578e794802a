//! When a table deletes an item. It does so some days late, so who shows an item looks at its age first: see
//! `domain::import::retention`.

use domain::import::retention::days_after;
use jiff::Timestamp;

use crate::schema::Kind;
use crate::table::{Item, number};

/// The attribute by which the tables delete items, in seconds of Unix time.
pub(crate) const EXPIRES: &str = "expires";

/// When an item is deleted that belongs to what began at `from`.
pub(crate) fn expires(kind: Kind, from: Timestamp) -> Option<i64> {
    kind.kept_days.map(|days| days_after(from, days).as_second())
}

/// Whether an item is deleted within so many days, or has no such time.
pub fn expires_within(item: &Item, now: Timestamp, days: i64) -> bool {
    let expires = item
        .get(EXPIRES)
        .and_then(|value| value.as_n().ok()?.parse::<i64>().ok());
    expires.is_none_or(|expires| expires < days_after(now, days).as_second())
}

/// Sets when the table deletes an item of this kind that belongs to what began at `from`.
pub fn expire(item: &mut Item, kind: Kind, from: Timestamp) {
    if let Some(expires) = expires(kind, from) {
        item.insert(EXPIRES.to_owned(), number(expires));
    }
}
