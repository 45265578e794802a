//! The documents keep to what was agreed about them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;

use xtask::numbers::{DOCUMENTS, NUMBERS, blocks};
use xtask::root;

/// What somebody reads in three minutes.
const MAX_README: usize = 6 * 1024;

fn read(document: &str) -> String {
    fs::read_to_string(root::path().join(document)).unwrap()
}

#[test]
fn the_readme_is_short() {
    let length = read("README.md").len();
    assert!(length <= MAX_README, "README.md has {length} bytes");
}

#[test]
fn every_block_of_numbers_is_in_its_document_once_and_has_its_date() {
    let mut found = BTreeSet::new();
    for document in DOCUMENTS {
        for (name, text) in blocks(&read(document)).0 {
            let known = NUMBERS
                .iter()
                .any(|numbers| numbers.name == name && numbers.document == document);
            assert!(known, "{document}: nothing writes {name}");
            assert!(text.starts_with("\nMeasured on 20"), "{document}: {name} has no date");
            assert!(found.insert(name.clone()), "{name} is there twice");
        }
    }
    for numbers in &NUMBERS {
        assert!(found.contains(numbers.name), "{} is in no document", numbers.name);
    }
}

#[test]
fn the_glossary_is_sorted_and_has_each_term_once() {
    let page = read("shared/README.md");
    let (_, glossary) = page.split_once("## Glossary").unwrap();
    let rows = glossary
        .lines()
        .take_while(|line| !line.starts_with("## "))
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    let terms: Vec<String> = rows.skip(1).map(|(term, _)| term.to_lowercase()).collect();
    assert!(terms.len() > 20, "{terms:?}");
    for pair in terms.windows(2) {
        assert!(pair[0] < pair[1], "{} comes before {}", pair[0], pair[1]);
    }
}

/// Numbers with thousands, but for round ones, which are limits and sizes of what was measured.
fn measured(text: &str) -> BTreeSet<String> {
    let numbers = text.split(|c: char| !c.is_ascii_digit() && c != ',');
    let numbers = numbers.map(|number| number.trim_matches(','));
    let large =
        numbers.filter(|number| number.contains(',') && !number.ends_with(",000") && !number.ends_with("00,000"));
    large.map(str::to_owned).collect()
}

#[test]
fn no_measured_number_is_repeated_outside_of_its_block() {
    let texts = DOCUMENTS.map(|document| (document, blocks(&read(document))));
    let all: String = texts
        .iter()
        .flat_map(|(_, (blocks, _))| blocks)
        .map(|(_, text)| text.as_str())
        .collect();
    let all = measured(&all);
    assert!(all.len() > 20, "{all:?}");
    for (document, (_, outside)) in &texts {
        let repeated: Vec<String> = measured(outside).intersection(&all).cloned().collect();
        assert!(repeated.is_empty(), "{document}: {repeated:?}");
    }
}
