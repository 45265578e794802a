//! Walks through the console without a browser and without script (R90–R94), and checks every page that is seen.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod crawl;
mod decided;
mod large;
mod lastpass;
mod settings;
mod sign_in;
mod since;
mod stage;
mod states;
mod weight;
mod wizard;
