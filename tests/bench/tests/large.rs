//! What imports of a large MSP need: 5,000 companies with 100,000 contacts, which takes a minute and a half (R68–R72, R77, R80).

use std::process::Command;

/// Unoptimised, what is counted is the same as in a release build, and so it alone is judged.
#[test]
fn r68_r80_imports_of_a_large_msp_stay_within_their_limits() {
    let bench = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["--psa", "connectwise"])
        .status();
    assert!(bench.unwrap().success());
}
