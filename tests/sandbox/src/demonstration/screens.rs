//! What the administrator reads.

mod plan;
mod result;

use std::collections::BTreeMap;

use super::answers::CompanyRow;
use super::changes::Changed;
use super::tables::{first_rows, line, moment, name, table, words};

pub(super) use plan::{differences, plan, samples};
pub(super) use result::{counts, passed};

/// Companies that are shown of a tab.
const COMPANIES: usize = 12;

/// How many companies of each status, and the first ones.
pub(super) fn tab_in(rows: &[CompanyRow]) -> String {
    let mut statuses: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        *statuses.entry(&row.status).or_default() += 1;
    }
    let statuses = statuses
        .iter()
        .map(|(status, count)| format!("{count} {}", words(status)));
    let statuses = statuses.collect::<Vec<String>>().join(", ");
    let cells = rows.iter().map(|row| {
        let own = if row.own { " (own)" } else { "" };
        vec![
            name(&row.name) + own,
            words(&row.status),
            name(&row.kind),
            name(&row.psa_status),
            moment(row.last_imported),
        ]
    });
    let header = ["name", "import status", "type", "PSA status", "last import"];
    format!(
        "{} companies ({statuses})\n{}",
        rows.len(),
        first_rows(header, cells, COMPANIES)
    )
}

/// The companies that were mapped and are gone.
pub(super) fn not_in(rows: &[CompanyRow]) -> String {
    if rows.is_empty() {
        return "no company".to_owned();
    }
    let cells = rows.iter().map(|row| {
        let reason = row.reason.as_deref().map_or("–".to_owned(), words);
        vec![name(&row.name), reason, moment(row.last_imported)]
    });
    let table = first_rows(["name", "why it is missing", "last import"], cells, COMPANIES);
    format!("{} companies\n{table}", rows.len())
}

/// How often LastPass was called, by call.
pub(super) fn calls(calls: &BTreeMap<String, u64>) -> String {
    let rows = calls.iter().map(|(call, count)| vec![call.clone(), count.to_string()]);
    table(["call", "how often"], rows)
}

/// What happened in the PSA.
pub(super) fn changes(changed: &Changed) -> String {
    let (moved, joiner) = (&changed.moved, &changed.joiner);
    let rows = [
        (
            "renamed",
            format!("{} is now called {}", changed.renamed.name, changed.new_name),
        ),
        ("deactivated", format!("{} is inactive", changed.deactivated.name)),
        (
            "merged",
            format!("{} is now part of {}", changed.merged.name, changed.target.name),
        ),
        (
            "address changed",
            format!(
                "{} of {}: {} is now {}",
                moved.name, moved.company.name, moved.from, moved.to
            ),
        ),
        (
            "contact added",
            format!("{} of {}: {}", joiner.name(), changed.joined.name, joiner.address),
        ),
    ];
    table(
        ["change", "what"],
        rows.map(|(change, what)| vec![change.to_owned(), line(&what)]),
    )
}
