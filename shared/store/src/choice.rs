//! The decision on one company row.

use domain::ids::ManagedCompanyId;
use domain::row::Target;
use domain::rules::Moment;

/// A decision on one company row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompanyChoice {
    /// Whether it is selected; without a decision: as rules or the policy say.
    pub selected: Option<bool>,
    /// What it becomes, and when that was decided among the rules; without a decision: as rules or the status say.
    pub target: Option<(Moment, Target<ManagedCompanyId>)>,
    /// How often it was changed.
    pub version: u64,
    /// When its selection was decided, among the rules.
    pub at: Moment,
}
