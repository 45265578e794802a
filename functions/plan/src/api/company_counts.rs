//! How many company rows are selected or undecided, of each status (R68). A list of rows reads all of them, so counting costs no further walk.

use std::collections::BTreeMap;

use domain::row::{CompanyRow, ImportStatus, Tab};
use schemars::JsonSchema;
use serde::Serialize;

/// How many rows the tab *in* has, and how many of them are selected or undecided.
#[derive(Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CompanyRowCounts {
    /// All rows of the tab.
    total: u64,
    /// The rows that are selected.
    selected: u64,
    /// The rows that are excluded.
    excluded: u64,
    /// The number of rows for each status; a status without rows is absent.
    by_status: BTreeMap<ImportStatus, u64>,
    /// The number of selected rows for each status.
    selected_by_status: BTreeMap<ImportStatus, u64>,
    /// The number of rows for each status that need a decision and have none.
    undecided_by_status: BTreeMap<ImportStatus, u64>,
}

impl CompanyRowCounts {
    /// Counts the rows of the tab *in*.
    pub fn of<'a>(rows: impl Iterator<Item = &'a CompanyRow>) -> Self {
        let mut counts = Self::default();
        for row in rows.filter(|row| row.tab == Tab::In) {
            counts.total += 1;
            counts.excluded += u64::from(row.decision.excluded.is_some());
            *counts.by_status.entry(row.status).or_default() += 1;
            if row.is_undecided() {
                *counts.undecided_by_status.entry(row.status).or_default() += 1;
            }
            if row.decision.selected {
                counts.selected += 1;
                *counts.selected_by_status.entry(row.status).or_default() += 1;
            }
        }
        counts
    }
}
