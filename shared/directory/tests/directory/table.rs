//! Tables of outcomes: what is expected stands in a file, and what is measured is printed as the documents show it.

use std::collections::BTreeMap;
use std::path::Path;

/// One measured row: a call, a fault, and the outcome.
pub type Row = [String; 3];

/// Compares what was measured with a table of these tests, or writes the table if `WRITE_MATRIX` is set.
pub fn compare(what: &str, (file, heading, table): (&str, &str, &str), measured: &[Row]) {
    let lines: Vec<String> = measured.iter().map(|cells| cells.join("\t")).collect();
    if std::env::var_os("WRITE_MATRIX").is_some() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/directory").join(file);
        std::fs::write(file, format!("# {heading}\n{}\n", lines.join("\n"))).unwrap();
        return;
    }
    let expected: Vec<&str> = table.lines().filter(|line| !line.starts_with('#')).collect();
    let wrong: Vec<&String> = lines.iter().filter(|line| !expected.contains(&line.as_str())).collect();
    print(measured);
    println!("{what}: {} rows, {} wrong", lines.len(), wrong.len());
    assert!(wrong.is_empty() && lines.len() == expected.len(), "{wrong:#?}");
}

/// A row for each fault and a column for each call.
fn print(measured: &[Row]) {
    let (mut calls, mut faults): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    let mut outcomes: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for [call, fault, outcome] in measured {
        if !calls.contains(&call.as_str()) {
            calls.push(call);
        }
        if !faults.contains(&fault.as_str()) {
            faults.push(fault);
        }
        outcomes.insert((fault, call), outcome);
    }
    println!("| fault | {} |", calls.join(" | "));
    println!("|---{}|", "|---".repeat(calls.len()));
    for fault in faults {
        let row: Vec<&str> = calls
            .iter()
            .map(|call| *outcomes.get(&(fault, *call)).unwrap_or(&"–"))
            .collect();
        println!("| {fault} | {} |", row.join(" | "));
    }
}
