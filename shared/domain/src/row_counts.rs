//! How many rows an import has of each kind (R68): counted once, when they are made.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::row::{Absence, CompanyRow, ImportStatus, Tab};

/// How many company rows an import has, by tab.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RowCounts {
    /// The tab *in*: companies in the snapshot.
    #[serde(rename = "in")]
    pub present: PresentCounts,
    /// The tab *not in*: mapped companies that are not in the snapshot.
    pub not_in: AbsentCounts,
}

/// How many companies are in the snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PresentCounts {
    /// All companies of the tab.
    pub total: u64,
    /// 1 if the MSP's own company is among them, otherwise 0.
    pub own: u64,
    /// The companies that the PSA counts as inactive.
    pub inactive: u64,
    /// The number of companies for each import status.
    pub by_status: BTreeMap<ImportStatus, u64>,
    /// The number of companies for each type of the PSA. A company of several types counts with each.
    pub by_type: BTreeMap<String, u64>,
}

/// How many mapped companies are not in the snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AbsentCounts {
    /// All companies of the tab.
    pub total: u64,
    /// The number of companies for each reason.
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
