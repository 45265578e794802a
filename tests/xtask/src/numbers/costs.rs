//! What a month of daily imports takes, from what one unchanged import took.

use super::logs::Logs;
use super::table::{grouped, rounded, rows};
use crate::job::Failure;

/// Imports in a month.
const DAYS: u64 = 30;

/// How many MSPs the table has columns for.
const MSPS: [u64; 3] = [1, 100, 10_000];

/// Transitions of the state machine for one import, as its definition has them for a fetch and an execution of one run each.
const TRANSITIONS: u64 = 15;

/// What an hour allows one customer of Autotask's.
const AUTOTASK_REQUESTS: u64 = 10_000;

/// The table, and what it comes to at the quotas.
pub(super) fn write(logs: &Logs) -> Result<String, Failure> {
    let log = logs.read("large")?;
    let rows = rows(&log);
    let sum = |psa: &str, column: usize| -> u64 {
        let stages = rows.iter().filter(|cells| cells.starts_with(&[psa, "unattended"]));
        let cells = stages.filter_map(|cells| cells.get(column)?.parse::<f64>().ok());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts, and far below 2^53"
        )]
        let sum = cells.sum::<f64>().round() as u64;
        sum
    };
    let (requests, writes) = ([sum("connectwise", 3), sum("autotask", 3)], sum("connectwise", 5));
    let kinds = [
        ("requests to the PSA", &requests[..]),
        ("write units", &[writes]),
        ("read units", &[sum("connectwise", 6)]),
        ("state transitions", &[TRANSITIONS]),
        ("Lambda, processor seconds", &[sum("connectwise", 8)]),
        ("calls of the API", &[0]),
    ];
    let row = |(what, counts): (&str, &[u64])| {
        let each =
            |show: &dyn Fn(u64) -> String| counts.iter().map(|count| show(*count)).collect::<Vec<_>>().join(" or ");
        let months = MSPS.map(|msps| each(&|count| rounded(count * DAYS * msps))).join(" | ");
        format!("| {what} | {} | {months} |\n", each(&grouped))
    };
    let table: String = kinds.into_iter().map(row).collect();
    let hour = MSPS[2] * writes / 3600;
    Ok(format!(
        "| a month | counted for one import | 1 MSP | 100 MSPs | 10,000 MSPs |\n|---|---:|---:|---:|---:|\n{table}\n\
         Imports of {} MSPs in one hour are {} write units a second, in three hours {}. One import takes {} s at least to write its \
         snapshot. An hour's {} requests to Autotask are {} imports.\n",
        grouped(MSPS[2]),
        rounded(hour),
        rounded(hour / 3),
        writes.div_ceil(1_000),
        grouped(AUTOTASK_REQUESTS),
        AUTOTASK_REQUESTS / requests[1].max(1),
    ))
}
