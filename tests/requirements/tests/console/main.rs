//! Walks through the console without a browser and without script (R90–R94), and checks every page that is seen.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod answers;
mod attempts;
mod by_use;
mod catalogue;
mod choosing;
mod chosen;
mod clients;
mod connecting;
mod crawl;
mod decided;
mod gone;
mod hostile;
mod importing;
mod large;
mod lastpass;
mod moving;
mod problems;
mod settings;
mod sign_in;
mod since;
mod stage;
mod states;
mod unanswered;
mod ways_back;
mod weight;
mod wizard;
