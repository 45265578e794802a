//! A decision on a row as callers send it, and the answer to one on many rows.

use api::Api;
use domain::problem::{Code, Problem};
use domain::row::Target;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::target::{self, TargetView};
use crate::decisions::rules::RuleId;

/// What a decision may be refused with.
pub const REFUSED: [Code; 4] = [
    Code::WrongState,
    Code::IntegrationLocked,
    Code::ImportAbandoned,
    Code::SnapshotExpired,
];

/// A decision on one row. It has `selected`, `target` or both.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[serde(bound(deserialize = "Id: Deserialize<'de>"))]
#[schemars(extend("minProperties" = 2))]
pub struct Decision<Id> {
    /// The `version` of the row that the decision is based on. An older one is refused with `decision_conflict`.
    pub version: u64,
    /// Whether the row is selected. Absent: it stays as it is.
    pub selected: Option<bool>,
    /// What the row becomes if it is selected. Absent: it stays as it is.
    #[serde(default, deserialize_with = "target::read")]
    #[schemars(with = "Option<TargetView<Id>>")]
    pub target: Option<Target<Id>>,
}

impl<Id> Decision<Id> {
    /// Refuses a decision that would change nothing.
    pub fn check(&self) -> Api<()> {
        if self.selected.is_none() && self.target.is_none() {
            return Err(Problem::nothing_to_change(&["selected", "target"]).into());
        }
        Ok(())
    }
}

/// The rule that a call made, and how many rows it decides on.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Selected")]
pub struct RuleAnswer {
    /// How many rows the rule decides on: companies, or addresses of one company. Absent if it is about people of all companies: the plan
    /// counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched: Option<usize>,
    /// In how many selected companies the rule looks for people. Absent if it is about companies, or about people of one company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub companies: Option<usize>,
    /// How many companies with a failed row the rule leaves out: they are not in the snapshot, or need a single decision. Only with `failedIn`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<usize>,
    /// Whether the rule selects the rows. Absent if it resets them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selected: Option<bool>,
    /// The id of the rule, by which it can be taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleId>,
}
