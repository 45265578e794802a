//! The promises under attack, a file for each.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod cores;
mod crash;
mod sabotage;
mod schedules;
