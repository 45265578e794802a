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

// On the version of the row that the caller has seen.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[serde(bound(deserialize = "Id: Deserialize<'de>"))]
#[schemars(extend("minProperties" = 2))]
pub struct Decision<Id> {
    pub version: u64,
    pub selected: Option<bool>,
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

/// How many rows a decision on many was about.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Selected")]
pub struct RuleAnswer {
    /// How many rows it decides on: companies, or people of one company. How many people of several companies it ticks, the plan says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched: Option<usize>,
    /// In how many selected companies it looks for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub companies: Option<usize>,
    /// Of the companies of which something failed: on how many it does not decide, since they are not in, or somebody has to look at them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<usize>,
    /// Whether rows are selected by it; not there if they are as if nobody had decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selected: Option<bool>,
    /// By which it can be taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleId>,
}
