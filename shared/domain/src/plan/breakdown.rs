//! The items of a plan by what is known of their rows, and why rows are skipped (R71).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CompanyPlan, Reason, Step};
use crate::status::{AddressStatus, ImportStatus};

/// How many items a plan has by the status of their rows and by action, and how many rows it skips for each reason. Zeros are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanBreakdown {
    /// The items of companies: import status, then action, then their number.
    pub companies: BTreeMap<ImportStatus, BTreeMap<Step, u64>>,
    /// The items of people: address status, then action, then their number.
    pub people: BTreeMap<AddressStatus, BTreeMap<Step, u64>>,
    /// The skipped companies: reason, then their number.
    pub skipped_companies: BTreeMap<Reason, u64>,
    /// The skipped people: reason, then their number.
    pub skipped_people: BTreeMap<Reason, u64>,
}

impl PlanBreakdown {
    /// Counts the items of one company.
    pub fn add(&mut self, plan: &CompanyPlan) {
        let (step, reason) = plan.kind();
        if let Some(status) = plan.status {
            let unmap = plan.unmap.iter().map(|_| Step::UnmapCompany);
            for step in unmap.chain([step]) {
                count(&mut self.companies, &status, step);
            }
        }
        if step == Step::Skip {
            *self.skipped_companies.entry(reason).or_default() += 1;
        }
        for _ in &plan.dropped {
            // Its address was imported before.
            count(&mut self.people, &AddressStatus::Mapped, Step::UnmapUser);
        }
        for user in &plan.users {
            let (step, reason) = user.step.kind();
            if let Some(status) = &user.status {
                count(&mut self.people, status, step);
            }
            if step == Step::Skip {
                *self.skipped_people.entry(reason).or_default() += 1;
            }
        }
    }
}

fn count<Status: Ord + Clone>(counts: &mut BTreeMap<Status, BTreeMap<Step, u64>>, status: &Status, step: Step) {
    *counts.entry(status.clone()).or_default().entry(step).or_default() += 1;
}
