//! The store against a DynamoDB that answers what the test says and keeps what it was asked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod contention;
mod fill;
mod lease;
mod leftovers;
mod limits;
mod mirror;
mod new_rows;
mod records;
mod schemas;
mod unreadable;
mod wire;
