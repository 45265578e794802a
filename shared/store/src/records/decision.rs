//! Decisions on single rows.

use domain::ids::{ManagedCompanyId, UserId};
use domain::import::retention::ROWS_DAYS;
use domain::row::{AddressDecision, Target};
use domain::rules::Moment;
use serde::{Deserialize, Serialize};

use crate::choice::CompanyChoice;
use crate::schema::Kind;

pub(crate) const DECISION: Kind = Kind::first("decision").kept(ROWS_DAYS);

/// See [`CompanyChoice`] and [`AddressDecision`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DecisionRecord<Id> {
    selected: Option<bool>,
    target: TargetRecord<Id>,
    version: u64,
    at: Moment,
    /// When the target of a company was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target_at: Option<Moment>,
}

/// See [`Target`]. Those without an id are stored as empty objects: `{"create": {}}`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum TargetRecord<Id> {
    Automatic {},
    Create {},
    Existing(Id),
}

impl<Id> Default for TargetRecord<Id> {
    fn default() -> Self {
        Self::Automatic {}
    }
}

impl<Id> From<Target<Id>> for TargetRecord<Id> {
    fn from(target: Target<Id>) -> Self {
        match target {
            Target::Automatic => Self::Automatic {},
            Target::Create => Self::Create {},
            Target::Existing(id) => Self::Existing(id),
        }
    }
}

impl<Id> From<TargetRecord<Id>> for Target<Id> {
    fn from(record: TargetRecord<Id>) -> Self {
        match record {
            TargetRecord::Automatic {} => Self::Automatic,
            TargetRecord::Create {} => Self::Create,
            TargetRecord::Existing(id) => Self::Existing(id),
        }
    }
}

impl From<&CompanyChoice> for DecisionRecord<ManagedCompanyId> {
    fn from(choice: &CompanyChoice) -> Self {
        let target = choice.target.as_ref().map(|(_, target)| target);
        Self {
            selected: choice.selected,
            target: target.cloned().unwrap_or_default().into(),
            version: choice.version,
            at: choice.at,
            target_at: choice.target.as_ref().map(|(at, _)| *at),
        }
    }
}

impl From<DecisionRecord<ManagedCompanyId>> for CompanyChoice {
    fn from(record: DecisionRecord<ManagedCompanyId>) -> Self {
        Self {
            selected: record.selected,
            target: record.target_at.map(|at| (at, record.target.into())),
            version: record.version,
            at: record.at,
        }
    }
}

impl From<&AddressDecision> for DecisionRecord<UserId> {
    fn from(decision: &AddressDecision) -> Self {
        Self {
            selected: decision.selected,
            target: decision.target.clone().into(),
            version: decision.version,
            at: decision.at,
            target_at: None,
        }
    }
}

impl From<DecisionRecord<UserId>> for AddressDecision {
    fn from(record: DecisionRecord<UserId>) -> Self {
        Self {
            selected: record.selected,
            target: record.target.into(),
            version: record.version,
            at: record.at,
            excluded: None,
        }
    }
}
