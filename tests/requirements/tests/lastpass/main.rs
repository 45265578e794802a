//! Section U: LastPass as the directory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod cancelling;
mod choice;
mod crashes;
mod creating;
mod limits;
mod nights;
mod reading;
mod retention;
mod statuses;
mod trouble;
mod unchanged;
