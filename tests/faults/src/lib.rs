//! The functions under attack. What runs here is the code that ships, from the handlers down to the AWS SDKs and the PSA
//! clients; what is replaced lies below them: the wire. The tests are in `tests/`; all of this fails by panicking.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod behind;
pub mod cases;
pub mod effects;
pub mod engine;
pub mod fence;
pub mod lastpass;
pub mod left_open;
mod listening;
pub mod night;
pub mod pace;
mod process;
pub mod psas;
pub mod schedule;
pub mod script;
pub mod state;
pub mod ticking;
pub mod wire;
pub mod world;
