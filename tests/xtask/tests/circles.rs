//! No crate has files that need each other in a circle.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use xtask::{circles, root};

/// How many files of a crate still are in circles. These numbers only fall; a crate without circles leaves the list.
const KNOWN: [(&str, usize); 4] = [
    ("shared/domain", 11),
    ("shared/planning", 2),
    ("shared/psa", 2),
    ("shared/store", 2),
];

#[test]
fn a_crate_has_as_many_files_in_circles_as_are_known() {
    let mut known = BTreeMap::from(KNOWN);
    let mut wrong = Vec::new();
    for folder in root::crates() {
        let found = circles::of(&root::path().join(&folder).join("src")).unwrap();
        let files: usize = found.iter().map(Vec::len).sum();
        let expected = known.remove(folder.as_str()).unwrap_or_default();
        if files != expected {
            wrong.push(format!(
                "{folder}: {files} files, and the list says {expected}: {found:?}"
            ));
        }
    }
    wrong.extend(known.keys().map(|folder| format!("{folder} is no crate")));
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
