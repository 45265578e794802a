//! How long the data of an import is kept (R67). Each period begins at the start of the import, so its end need not be stored. A table
//! deletes expired items some days late: every reader looks here first.

use jiff::{SignedDuration, Timestamp};

use super::Import;

/// Pages of the PSA as they came: names and addresses of everybody, of which only the fetch needs all.
pub const STAGED_DAYS: i64 = 2;

/// Rows, decisions, and what a confirmation confirms.
pub const ROWS_DAYS: i64 = 14;

/// How long of that an import can be decided on and confirmed. What is left is the most that applying it may take.
pub const REVIEW_DAYS: i64 = 7;

/// Events for operators: long enough to see whether one was written.
pub const PUBLISHED_DAYS: i64 = 14;

/// Which event started which import: longer than any event can be delivered again.
pub const EVENT_DAYS: i64 = 90;

/// The import with its result, and the audit trail.
pub const RESULT_DAYS: i64 = 400;

/// So many days after a moment.
pub fn days_after(moment: Timestamp, days: i64) -> Timestamp {
    let end = moment.checked_add(SignedDuration::from_hours(24 * days));
    end.unwrap_or(Timestamp::MAX)
}

impl Import {
    /// When the pages that it fetched are deleted.
    pub fn staged_until(&self) -> Timestamp {
        days_after(self.started_at, STAGED_DAYS)
    }

    /// Until when it can be decided on and confirmed.
    pub fn review_until(&self) -> Timestamp {
        days_after(self.started_at, REVIEW_DAYS)
    }

    /// When its rows are deleted.
    pub fn rows_until(&self) -> Timestamp {
        days_after(self.started_at, ROWS_DAYS)
    }

    /// When its result is deleted.
    pub fn result_until(&self) -> Timestamp {
        days_after(self.started_at, RESULT_DAYS)
    }
}
