//! The times of changes.

use jiff::{SignedDuration, Timestamp};

/// When a seeded record was last changed: scattered over a year that is past on any clock.
pub fn stamp(number: u32) -> String {
    let seconds = i64::from(number) * 1_299_709 % 31_536_000;
    (Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_709_251_200 + seconds)).to_string()
}
