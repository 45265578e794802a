//! What a month of imports takes, from what one took that read everything, and one that read what had changed.

use super::logs::Logs;
use super::table::{grouped, rounded, rows};
use crate::job::Failure;

/// How often an integration is imported: in words, and how many imports of a month read everything, and how many what changed. Everything is
/// read once a day.
const CADENCES: [(&str, u64, u64); 2] = [("daily", 30, 0), ("every 15 minutes", 30, 95 * 30)];

/// How many MSPs the table has columns for.
const MSPS: [u64; 3] = [1, 100, 10_000];

/// Transitions of the state machine for one import, as its definition has them for a fetch and an execution of one run each.
const TRANSITIONS: u64 = 15;

/// What an hour allows one customer of Autotask's.
const AUTOTASK_REQUESTS: u64 = 10_000;

/// What one import takes: if it reads everything, and if it reads what changed.
#[derive(Clone, Copy)]
struct Import {
    full: u64,
    changes: u64,
}

/// The table, and what it comes to at the quotas.
pub(super) fn write(logs: &Logs) -> Result<String, Failure> {
    let log = logs.read("large")?;
    let rows = rows(&log);
    let sum = |psa: &str, (round, stage): (&str, &str), column: usize| -> u64 {
        let rows = rows.iter().filter(|cells| match cells.as_slice() {
            [of, r, s, ..] => *of == psa && *r == round && (stage.is_empty() || *s == stage),
            _ => false,
        });
        let cells = rows.filter_map(|cells| cells.get(column)?.parse::<f64>().ok());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts, and far below 2^53"
        )]
        let sum = cells.sum::<f64>().round() as u64;
        sum
    };
    // What is measured of a full read is its fetch; it is carried out as any other.
    let import = |psa: &str, column| {
        let changes = sum(psa, ("unattended, as before", ""), column);
        let without_fetch = sum(psa, ("unattended", ""), column) - sum(psa, ("unattended", "fetch"), column);
        let full = sum(psa, ("unchanged, read in full", "fetch"), column) + without_fetch;
        Import { full, changes }
    };
    let (autotask, writes) = (import("autotask", 3), import("connectwise", 5));
    let always = |count| Import {
        full: count,
        changes: count,
    };
    let kinds = [
        ("requests to ConnectWise", import("connectwise", 3)),
        ("requests to Autotask", autotask),
        ("write units", writes),
        ("read units", import("connectwise", 6)),
        ("state transitions", always(TRANSITIONS)),
        ("Lambda, processor seconds", import("connectwise", 8)),
        ("calls of the API", always(0)),
    ];
    let table: String = kinds.into_iter().map(row).collect();
    let of_all = MSPS.map(|msps| {
        CADENCES
            .map(|(cadence, ..)| match msps {
                1 => format!("1 MSP, {cadence}"),
                _ => format!("{} MSPs, {cadence}", grouped(msps)),
            })
            .join(" | ")
    });
    let heads = of_all.join(" | ");
    let hour = MSPS[2] * writes.full / 3600;
    Ok(format!(
        "| a month | an import that reads everything | one that reads changes | {heads} |\n|---|{}\n{table}\n\
         Imports of {} MSPs in one hour that read everything are {} write units a second. An hour's {} requests to Autotask are {} imports \
         that read everything, or {} that read changes.\n",
        "---:|".repeat(2 + MSPS.len() * CADENCES.len()),
        grouped(MSPS[2]),
        rounded(hour),
        grouped(AUTOTASK_REQUESTS),
        grouped(AUTOTASK_REQUESTS / autotask.full.max(1)),
        grouped(AUTOTASK_REQUESTS / autotask.changes.max(1)),
    ))
}

fn row((what, Import { full, changes }): (&str, Import)) -> String {
    let month = |msps: u64| {
        CADENCES
            .map(|(_, fulls, deltas)| rounded(msps * (fulls * full + deltas * changes)))
            .join(" | ")
    };
    let months = MSPS.map(month).join(" | ");
    format!("| {what} | {} | {} | {months} |\n", grouped(full), grouped(changes))
}
