//! The mass-change guard (R39): how much an import may create or change without being confirmed as a mass change.
//!
//! Numerator: [`changes`] of each company. Denominator: [`mapped_users`]. Limit: [`MassChangeLimit`]. To count
//! otherwise, change this file, the text of `mass_change` in `messages/`, the tests of R39 and the API document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CompanyPlan, Effect, Reason};
use crate::mapping::CompanyMapping;

/// The companies and users of a plan that will be created or changed; a corrected spelling is no change (R61).
pub fn changes(plan: &CompanyPlan) -> u64 {
    let rows = plan.users.iter().map(|user| user.step.kind()).chain([plan.kind()]);
    let changes = rows.filter(|(step, reason)| {
        let effect = step.outcome(*reason).effect();
        matches!(effect, Effect::Created | Effect::Changed) && *reason != Reason::SpellingCorrected
    });
    changes.count() as u64
}

/// The users that addresses of the integration are mapped to, before the import.
pub fn mapped_users<'a>(mappings: impl IntoIterator<Item = &'a CompanyMapping>) -> u64 {
    mappings.into_iter().map(|mapping| mapping.users).sum()
}

/// How much an import may create or change without being confirmed as a mass change (R39): the larger of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MassChangeLimit {
    /// A share of the users mapped before, in percent.
    #[schemars(range(max = 100))]
    pub percent: u64,
    /// A number of companies and users.
    pub at_least: u64,
}

impl Default for MassChangeLimit {
    fn default() -> Self {
        Self {
            percent: 25,
            at_least: 50,
        }
    }
}

impl MassChangeLimit {
    /// Whether so many changes are a mass change, with so many users mapped before.
    pub fn exceeded_by(self, changes: u64, mapped_users: u64) -> Option<MassChange> {
        let limit = self.at_least.max(mapped_users.saturating_mul(self.percent) / 100);
        (changes > limit).then_some(MassChange { changes, limit })
    }
}

/// How much an import changes, and how much it may change without being confirmed as a mass change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MassChange {
    /// How many companies and users the import would create or change.
    pub changes: u64,
    /// How many it may create or change without this confirmation.
    pub limit: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r39_a_mass_change_is_more_than_a_quarter_of_the_mapped_users_and_more_than_fifty() {
        let limit = MassChangeLimit::default();
        for (mapped, allowed) in [(0, 50), (199, 50), (200, 50), (204, 51), (1_000, 250)] {
            assert_eq!(limit.exceeded_by(allowed, mapped), None);
            let beyond = limit.exceeded_by(allowed + 1, mapped).unwrap();
            assert_eq!((beyond.changes, beyond.limit), (allowed + 1, allowed));
        }
    }
}
