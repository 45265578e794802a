//! The project's own commands: `cargo xtask`.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

pub mod check;
pub mod ci;
pub mod circles;
pub mod job;
pub mod mutants;
pub mod numbers;
pub mod root;
