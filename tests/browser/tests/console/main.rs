//! The console in a real browser (R90–R94): whole imports, every screen as people see it, and what only a browser can show.
//!
//! `AXE` names axe-core's file; `SCREENS` the folder for pictures of every screen, `target/screens` by default.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod disturbed;
mod gallery;
mod hostile;
mod keys;
mod picture;
mod screens;
mod stage;
mod walk;
mod whole;
