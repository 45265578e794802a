//! How imports end through bad nights, from the line that each night printed.

use std::fmt::Write;

use super::logs::Logs;
use super::table::{grouped, row, rows};
use crate::job::Failure;

/// The stages of an import, in their order.
const STAGES: [&str; 8] = [
    "start",
    "fetch",
    "rows",
    "review",
    "confirm",
    "execute",
    "end",
    "giving up",
];

/// How a night ends in which nothing seems to have happened.
const UNDISTURBED: &str = "as undisturbed";

/// One night, as it was printed.
struct Night<'a> {
    mode: &'a str,
    stage: &'a str,
    fault: &'a str,
    duration: &'a str,
    outcome: &'a str,
    failed: u64,
}

/// A row for each fault and a column for each stage.
pub(super) fn write(logs: &Logs) -> Result<String, Failure> {
    table(&logs.read("bad-night")?)
}

fn table(log: &str) -> Result<String, Failure> {
    let rows = rows(log);
    let nights: Vec<Night> = rows.iter().filter_map(|cells| night(cells)).collect();
    let mut stages = distinct(nights.iter().map(|night| night.stage));
    stages.sort_by_key(|stage| STAGES.iter().position(|known| known == stage));
    let faults = distinct(nights.iter().map(|night| night.fault));
    if nights.is_empty() || !log.contains(", 0 of them wrong,") {
        return Err("no whole table of nights was printed".into());
    }
    let failed: u64 = nights.iter().map(|night| night.failed).sum();
    let mut text = format!(
        "{} nights, {} for each fault and stage; in all of them together, {failed} rows failed.\n\n",
        grouped(nights.len() as u64),
        nights.len() / (faults.len() * stages.len())
    );
    text += &row(&[&["fault"][..], &stages].concat());
    let _ = writeln!(text, "|{}", "---|".repeat(stages.len() + 1));
    for fault in faults {
        let cells: Vec<String> = stages.iter().map(|stage| cell(&nights, fault, stage)).collect();
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        text += &row(&[&[fault][..], &cells].concat());
    }
    Ok(text)
}

fn night<'a>(cells: &[&'a str]) -> Option<Night<'a>> {
    let [_, mode, stage, fault, duration, outcome, failed, _] = *cells else {
        return None;
    };
    Some(Night {
        mode,
        stage,
        fault,
        duration,
        outcome,
        failed: failed.parse().ok()?,
    })
}

/// In the order in which they come first.
fn distinct<'a>(all: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut distinct = Vec::new();
    for one in all {
        if !distinct.contains(&one) {
            distinct.push(one);
        }
    }
    distinct
}

/// How the nights of a fault from a stage on end, of every duration and both PSAs.
fn cell(nights: &[Night], fault: &str, stage: &str) -> String {
    let here = || {
        let here = nights
            .iter()
            .filter(|night| (night.fault, night.stage) == (fault, stage));
        here.filter(|night| night.outcome != UNDISTURBED)
    };
    let outcomes = distinct(here().map(|night| night.outcome)).into_iter().map(|outcome| {
        let with_it = here().filter(|night| night.outcome == outcome);
        let cases: Vec<String> = with_it
            .map(|night| format!("{} {}", night.mode, night.duration))
            .collect();
        let cases = distinct(cases.iter().map(String::as_str)).join(", ");
        format!("{outcome} ({cases})")
    });
    let outcomes: Vec<String> = outcomes.collect();
    if outcomes.is_empty() {
        "done".to_owned()
    } else {
        outcomes.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
        | ConnectWise | attended | fetch | store hangs | 10 s | as undisturbed | 0 | 1 |\n\
        | Autotask | unattended | fetch | store hangs | 10 s | as undisturbed | 0 | 1 |\n\
        | ConnectWise | attended | fetch | PSA answers 503 | 1 h | fails: `psa_server_error` | 0 | 6 |\n\
        | Autotask | unattended | fetch | PSA answers 503 | 1 h | as undisturbed | 0 | 61 |\n";

    #[test]
    fn nights_that_end_otherwise_than_undisturbed_are_named() {
        let table = table(&format!("{LOG}4 nights, 0 of them wrong, 3 s\n")).unwrap();
        assert_eq!(
            table,
            "4 nights, 2 for each fault and stage; in all of them together, 0 rows failed.\n\n| fault | fetch |\n|---|---|\n| store hangs | done |\n\
             | PSA answers 503 | fails: `psa_server_error` (attended 1 h) |\n"
        );
    }

    #[test]
    fn a_table_that_was_cut_short_is_no_measurement() {
        assert!(table(LOG).is_err());
        assert!(table(&format!("{LOG}4 nights, 1 of them wrong, 3 s\n")).is_err());
    }
}
