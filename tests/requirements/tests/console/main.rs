//! Walks through the console without a browser and without script (R90–R94), and checks every page that is seen.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod answers;
mod attempts;
mod catalogue;
mod choosing;
mod clients;
mod connecting;
mod crawl;
mod decided;
mod gone;
mod hostile;
mod large;
mod lastpass;
mod problems;
mod settings;
mod sign_in;
mod since;
mod stage;
mod states;
mod weight;
mod wizard;
