//! What unattended imports may do by themselves (R48).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::directory::CreationAction;
use crate::filter::Filter;
use crate::object;
use crate::plan::mass_change::MassChangeLimit;
use crate::reading;
use crate::row::{CompanyDecision, ImportStatus, Target};
use crate::schedule::Schedule;

/// What unattended imports may do, and when they run. By default an unattended import uses no filter, and updates only what was imported
/// before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Policy {
    /// Whether unattended imports also import active companies that are not mapped yet, except the MSP's own.
    pub new_companies: bool,
    /// Whether unattended imports also give access to active people whose addresses were not imported before.
    pub new_addresses: bool,
    /// Whether the directory invites new users at once, where it offers the choice (R86). A confirmation may override it for its import.
    pub creation: CreationAction,
    /// Which companies and contacts unattended imports read.
    pub filter: Filter,
    /// How much any import may change without being confirmed as a mass change.
    #[serde(deserialize_with = "object::only")]
    pub mass_change: MassChangeLimit,
    /// When the service starts imports by itself; `null` for never (R95).
    #[serde(deserialize_with = "object::or_null")]
    pub schedule: Option<Schedule>,
    /// How many hours after a full read the next import reads everything again, instead of only changes (R78). Holds for every import.
    #[schemars(range(min = 1, max = 168))]
    pub full_read_hours: u16,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            new_companies: false,
            new_addresses: false,
            creation: CreationAction::default(),
            filter: Filter::default(),
            mass_change: MassChangeLimit::default(),
            schedule: None,
            full_read_hours: reading::FULL_READ_HOURS,
        }
    }
}

impl Policy {
    /// The decision that an unattended import makes on a company.
    pub fn decide(&self, status: ImportStatus, active: bool, own: bool) -> CompanyDecision {
        let selected = match status {
            ImportStatus::Mapped => true,
            ImportStatus::Unmapped | ImportStatus::UnmappedPossibleDuplicate => self.new_companies && active && !own,
            ImportStatus::Ambiguous | ImportStatus::Dangling => false,
        };
        CompanyDecision {
            selected,
            // Both PSAs leave the contacts of an inactive company active.
            ticks_new: selected && active && self.new_addresses,
            target: Target::Automatic,
            version: 1,
            excluded: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r48_the_policy_decides_on_mapped_companies_and_on_new_ones_only_if_it_says_so() {
        let all = Policy {
            new_companies: true,
            ..Policy::default()
        };
        for (status, by_default, if_told) in [
            (ImportStatus::Mapped, true, true),
            (ImportStatus::Unmapped, false, true),
            (ImportStatus::UnmappedPossibleDuplicate, false, true),
            (ImportStatus::Ambiguous, false, false),
            (ImportStatus::Dangling, false, false),
        ] {
            assert_eq!(
                Policy::default().decide(status, true, false).selected,
                by_default,
                "{status:?}"
            );
            assert_eq!(all.decide(status, true, false).selected, if_told, "{status:?}");
            // The MSP's own company is imported because somebody once chose it, or not at all.
            assert_eq!(all.decide(status, true, true).selected, status == ImportStatus::Mapped);
        }
        assert!(!all.decide(ImportStatus::Unmapped, false, false).selected, "inactive");
        assert!(
            all.decide(ImportStatus::Mapped, false, false).selected,
            "inactive, imported before"
        );
    }

    #[test]
    fn r48_nobody_new_of_an_inactive_company_is_ticked() {
        let all = Policy {
            new_companies: true,
            new_addresses: true,
            ..Policy::default()
        };
        assert!(all.decide(ImportStatus::Mapped, true, false).ticks_new);
        assert!(!all.decide(ImportStatus::Mapped, false, false).ticks_new);
    }
}
