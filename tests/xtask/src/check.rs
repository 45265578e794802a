//! `cargo xtask check`: what is quick, after every edit.

use std::time::Instant;

use crate::job::{Failure, Job};

/// Format, clippy, and the tests within the crates.
const CHECKS: [(&str, &str); 3] = [
    ("Format", "cargo fmt --all --check"),
    (
        "Lints",
        "cargo clippy --workspace --all-targets --locked --quiet -- -D warnings",
    ),
    // Tests that measure milliseconds need a machine for themselves, and are left to CI.
    (
        "Unit tests",
        "cargo test --workspace --locked --quiet --lib -- --skip milliseconds",
    ),
];

/// Runs the checks one after the other.
pub fn run(job: &Job) -> Result<(), Failure> {
    let began = Instant::now();
    for (name, command) in CHECKS {
        println!("\n== {name} ({} s so far)", began.elapsed().as_secs());
        job.sh(1800, command)?;
    }
    println!("\nAll checks passed in {} s.", began.elapsed().as_secs());
    Ok(())
}
