//! What a rule decides on its rows.

use serde::{Deserialize, Serialize};

use crate::ids::ManagedCompanyId;
use crate::row::{CompanyRow, ImportStatus, Target};
use crate::suggestion::Score;

/// What is decided on many rows at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RuleDecision {
    /// They are selected.
    Select,
    /// They are selected, and become this. Only of companies.
    SelectAs(RuleTarget),
    /// Their selection is taken back.
    Deselect,
    /// They are as if nobody had decided on them. Only of companies.
    Reset,
}

/// What many companies become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RuleTarget {
    /// What the status of each suggests.
    Automatic,
    /// A new managed company each, even if there is one of the same name. Of mapped ones it says nothing.
    Create,
    /// The managed company that is suggested for each (R23).
    Suggested {
        /// Suggestions with a lower score do not count.
        least: Score,
    },
}

impl From<bool> for RuleDecision {
    fn from(selected: bool) -> Self {
        if selected { Self::Select } else { Self::Deselect }
    }
}

impl RuleDecision {
    /// Whether rows become selected.
    pub const fn selects(&self) -> bool {
        matches!(self, Self::Select | Self::SelectAs(_))
    }

    /// Whether rows are selected by it; `None` if it leaves that to what is suggested.
    pub const fn selected(&self) -> Option<bool> {
        match self {
            Self::Select | Self::SelectAs(_) => Some(true),
            Self::Deselect => Some(false),
            Self::Reset => None,
        }
    }

    /// What a company becomes by it; `None` if it says nothing of that.
    pub(super) fn target(&self, row: &CompanyRow) -> Option<Target<ManagedCompanyId>> {
        match self {
            Self::Select | Self::Deselect => None,
            Self::Reset => Some(Target::Automatic),
            Self::SelectAs(target) => target.of(row),
        }
    }

    /// Whether it has a target that the company cannot become.
    pub(super) fn leaves_out(&self, row: &CompanyRow) -> bool {
        matches!(self, Self::SelectAs(target) if target.of(row).is_none())
    }
}

impl RuleTarget {
    /// What a company becomes; `None` if somebody has to look at it.
    fn of(&self, row: &CompanyRow) -> Option<Target<ManagedCompanyId>> {
        let is_new = matches!(
            row.status,
            ImportStatus::Unmapped | ImportStatus::UnmappedPossibleDuplicate
        );
        match self {
            Self::Automatic => Some(Target::Automatic),
            Self::Create => is_new.then_some(Target::Create),
            Self::Suggested { least } => {
                let mut suggested = row.suggestions.iter().filter(|_| is_new);
                let best = suggested.next().filter(|best| best.score >= *least)?;
                // Of two that are equally likely, somebody has to choose.
                let is_clear = suggested.next().is_none_or(|other| other.score < best.score);
                is_clear.then(|| Target::Existing(best.managed_company.id.clone()))
            }
        }
    }
}
