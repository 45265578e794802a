//! How many rows an import has of each kind (R68): counted once, when they are made.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::row::{Absence, CompanyRow, ImportStatus, Tab};

/// The rows of an import, by tab.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RowCounts {
    /// The tab *in*.
    #[serde(rename = "in")]
    pub present: PresentCounts,
    /// The tab *not in*.
    pub not_in: AbsentCounts,
}

/// The rows of the tab *in*.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PresentCounts {
    /// All of them.
    pub total: u64,
    /// The MSP's own company, if it is among them.
    pub own: u64,
    /// Those that the PSA counts as inactive.
    pub inactive: u64,
    /// By import status.
    pub by_status: BTreeMap<ImportStatus, u64>,
    /// By type of the PSA; a company of several types counts with each.
    pub by_type: BTreeMap<String, u64>,
}

/// The rows of the tab *not in*.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AbsentCounts {
    /// All of them.
    pub total: u64,
    /// By the reason.
    pub by_reason: BTreeMap<Absence, u64>,
}

impl RowCounts {
    /// Counts rows.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a CompanyRow>) -> Self {
        let mut counts = Self::default();
        for row in rows {
            counts.add(row);
        }
        counts
    }

    /// Counts one more row.
    pub fn add(&mut self, row: &CompanyRow) {
        match row.tab {
            Tab::In => {
                let counts = &mut self.present;
                counts.total += 1;
                counts.own += u64::from(row.own);
                counts.inactive += u64::from(!row.active);
                *counts.by_status.entry(row.status).or_default() += 1;
                for kind in &row.types {
                    *counts.by_type.entry(kind.clone()).or_default() += 1;
                }
            }
            Tab::NotIn => {
                self.not_in.total += 1;
                if let Some(reason) = row.reason {
                    *self.not_in.by_reason.entry(reason).or_default() += 1;
                }
            }
        }
    }
}
