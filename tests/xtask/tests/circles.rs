//! No crate has files that need each other in a circle.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use xtask::{circles, root};

#[test]
fn no_crate_has_files_in_circles() {
    let circles = root::crates().into_iter().filter_map(|folder| {
        let found = circles::of(&root::path().join(&folder).join("src")).unwrap();
        (!found.is_empty()).then_some((folder, found))
    });
    let circles: Vec<_> = circles.collect();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn every_crate_is_looked_at() {
    let crates = root::crates();
    for folder in ["functions/setup", "shared/domain", "tests/sandbox/aws", "tests/xtask"] {
        assert!(
            crates.iter().any(|found| found == folder),
            "{folder} is not in {crates:?}"
        );
    }
}
