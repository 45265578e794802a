//! Whole imports, first and later ones, undisturbed and disturbed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod directory;
mod fetching;
mod later;
mod messages;
mod run;
mod survival;
