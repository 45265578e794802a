//! No crate has files that need each other in a circle.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use xtask::{circles, root};

/// How many files of a crate still are in circles. These numbers may only fall; a crate without circles is removed from the list.
const KNOWN: [(&str, usize); 15] = [
    ("functions/execute", 7),
    ("functions/fetch", 8),
    ("functions/setup", 2),
    ("shared/domain", 7),
    ("shared/openapi", 2),
    ("shared/planning", 2),
    ("shared/psa", 13),
    ("shared/runtime", 3),
    ("shared/store", 4),
    ("tests/faults", 2),
    ("tests/sandbox", 12),
    ("tests/sandbox/autotask", 8),
    ("tests/sandbox/aws", 6),
    ("tests/sandbox/connectwise", 10),
    ("tests/sandbox/simkit", 3),
];

#[test]
fn no_crate_has_more_files_in_circles_than_are_known() {
    let known = BTreeMap::from(KNOWN);
    let mut wrong = Vec::new();
    for folder in root::crates() {
        let found = circles::of(&root::path().join(&folder).join("src")).unwrap();
        let files: usize = found.iter().map(Vec::len).sum();
        let allowed = known.get(folder.as_str()).copied().unwrap_or_default();
        if files > allowed {
            wrong.push(format!(
                "{folder}: {files} files, of which {allowed} are known: {found:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
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
