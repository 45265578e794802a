//! The table of rules is true: every rule has a test, and every test and place that it names is there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const RULES: &str = include_str!("../../../RULES.md");

/// Where tests of rules are.
const TESTED: [&str; 3] = ["tests", "shared", "functions"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All Rust code below a folder.
fn code(folder: &Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            code(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_rule_has_a_test_and_a_place_that_are_there() {
    let mut all = String::new();
    for folder in TESTED {
        code(&root().join(folder), &mut all);
    }
    let row = |rule: usize| {
        let start = format!("| R{rule} |");
        let row = RULES.lines().find(|line| line.starts_with(&start));
        row.unwrap_or_else(|| panic!("the table has no row for R{rule}"))
    };
    let number = |line: &str| line.strip_prefix("| R")?.split(' ').next()?.parse::<usize>().ok();
    let rules: BTreeSet<usize> = (1..=50).chain(RULES.lines().filter_map(number)).collect();
    for rule in rules {
        let cells: Vec<&str> = row(rule).split('|').collect();
        let (tests, places) = (quoted(cells[3]), quoted(cells[4]));
        assert!(
            !tests.is_empty() && !places.is_empty(),
            "R{rule} has no test or no place"
        );
        for test in tests {
            assert!(all.contains(&format!("fn {test}(")), "R{rule}: there is no test {test}");
            assert!(
                test.starts_with(&format!("r{rule:02}_")),
                "{test} does not prove R{rule}"
            );
        }
        for place in places {
            assert!(root().join(place).is_file(), "R{rule}: there is no {place}");
        }
    }
}
