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

/// How long faults last, the shortest first.
const DURATIONS: [&str; 5] = ["10 s", "45 s", "2 min", "10 min", "1 h"];

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
        nights
            .iter()
            .filter(|night| (night.fault, night.stage) == (fault, stage))
    };
    let otherwise = here().filter(|night| night.outcome != UNDISTURBED);
    let mut outcomes = distinct(otherwise.map(|night| night.outcome));
    outcomes.sort_unstable();
    let outcomes = outcomes.into_iter().map(|outcome| {
        let mut modes = distinct(here().map(|night| night.mode));
        modes.sort_unstable();
        let cases = modes.into_iter().filter_map(|mode| {
            let all: Vec<&Night> = here().filter(|night| night.mode == mode).collect();
            durations(&all, outcome).map(|durations| format!("{mode}{durations}"))
        });
        format!("{outcome} ({})", cases.collect::<Vec<_>>().join(", "))
    });
    let outcomes: Vec<String> = outcomes.collect();
    if outcomes.is_empty() {
        "done".to_owned()
    } else {
        outcomes.join("; ")
    }
}

/// The durations of the nights that end so, the shortest first, each behind a space; empty if all nights do, `None` if none does.
fn durations(nights: &[&Night], outcome: &str) -> Option<String> {
    let with_it = nights.iter().filter(|night| night.outcome == outcome);
    let mut with_it = distinct(with_it.map(|night| night.duration));
    if with_it.is_empty() {
        return None;
    }
    if nights.iter().all(|night| night.outcome == outcome) {
        return Some(String::new());
    }
    with_it.sort_by_key(|duration| DURATIONS.iter().position(|known| known == duration));
    Some(format!(" {}", with_it.join(" and ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
        | ConnectWise | attended | fetch | store hangs | 10 s | as undisturbed | 0 | 1 |\n\
        | Autotask | unattended | fetch | store hangs | 10 s | as undisturbed | 0 | 1 |\n\
        | ConnectWise | attended | fetch | PSA answers 503 | 1 h | fails: `psa_server_error` | 0 | 6 |\n\
        | Autotask | attended | fetch | PSA answers 503 | 10 min | fails: `psa_server_error` | 0 | 6 |\n\
        | ConnectWise | attended | fetch | PSA answers 503 | 45 s | as undisturbed | 0 | 2 |\n\
        | Autotask | unattended | fetch | PSA answers 503 | 1 h | fails: `internal_error` | 0 | 61 |\n";

    #[test]
    fn nights_that_end_otherwise_are_named() {
        let table = table(&format!("{LOG}6 nights, 0 of them wrong, 3 s\n")).unwrap();
        assert_eq!(
            table,
            "6 nights, 3 for each fault and stage; in all of them together, 0 rows failed.\n\n| fault | fetch |\n|---|---|\n| store hangs | done |\n\
             | PSA answers 503 | fails: `internal_error` (unattended); fails: `psa_server_error` (attended 10 min and 1 h) |\n"
        );
    }

    #[test]
    fn a_table_that_was_cut_short_is_no_measurement() {
        assert!(table(LOG).is_err());
        assert!(table(&format!("{LOG}4 nights, 1 of them wrong, 3 s\n")).is_err());
    }
}
