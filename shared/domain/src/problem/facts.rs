//! What a program may want to know of a problem, besides its code.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{FieldError, Limited, Problem};
use crate::ids::ImportId;
use crate::import::{Holder, ImportState};
use crate::language::Language;
use crate::plan::mass_change::MassChange;
use crate::psa::{PsaKind, VendorId};

/// The fields that an answer has besides those of every problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Facts {
    /// None.
    None(NoFacts),
    /// Who holds the integration.
    Lock(LockFacts),
    /// What was needed and what is there.
    Licences(LicenceFacts),
    /// Where reading the PSA failed.
    Psa(PsaFacts),
    /// What is wrong with the request.
    Request(RequestFacts),
    /// What the PSA does not have.
    Filter(FilterFacts),
    /// What is missing.
    Credentials(CredentialFacts),
    /// How the row is now.
    Version(VersionFacts),
    /// How the plan is now.
    Plan(PlanFacts),
    /// How much would change.
    MassChange(MassChange),
    /// Where the import stands.
    State(StateFacts),
    /// How many there may be.
    Limit(LimitFacts),
    /// When to call again.
    Rate(RateFacts),
}

/// Nothing more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NoFacts {}

/// Who holds the integration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LockFacts {
    /// The administrator.
    pub locked_by: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when, unless renewed by use.
    pub until: Timestamp,
    /// The import that the lock was taken for.
    pub import: ImportId,
    /// Whether the import is the caller's own: she can continue or cancel it.
    pub held_by_you: bool,
}

/// What was needed and what is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LicenceFacts {
    /// Users that would be created.
    pub needed: u64,
    /// Licences left.
    pub available: u64,
}

/// Where reading the PSA failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PsaFacts {
    /// Which PSA.
    #[schemars(with = "PsaKind")]
    pub psa: VendorId,
    /// What was asked.
    pub endpoint: String,
    /// The right to grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_right: Option<String>,
    /// The earliest moment at which asking again makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
}

/// What is wrong with the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RequestFacts {
    /// Where and what.
    #[schemars(length(min = 1))]
    pub errors: Vec<FieldError>,
}

/// What the PSA does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FilterFacts {
    /// The offending attribute.
    pub attribute: String,
    /// The offending value, when the attribute itself is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CredentialFacts {
    /// The blank field, when one was submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// How the row is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct VersionFacts {
    /// Its version.
    pub version: u64,
}

/// How the plan is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlanFacts {
    /// Its hash.
    pub hash: String,
}

/// Where the import stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StateFacts {
    /// Its state.
    pub state: ImportState,
}

/// How many there may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LimitFacts {
    /// Of what.
    pub of: Limited,
    /// The largest number.
    pub limit: u64,
}

/// When to call again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RateFacts {
    /// After so many seconds one more call is admitted; also in the header `Retry-After`.
    pub retry_after: u64,
}

impl Problem {
    /// What a program may want to know, besides the code.
    pub fn facts(&self, language: Language) -> Facts {
        match self.clone() {
            Self::IntegrationLocked(holder) => Facts::Lock(lock(holder, false)),
            Self::LockedByCaller(holder) => Facts::Lock(lock(holder, true)),
            Self::InsufficientLicences { needed, available } => Facts::Licences(LicenceFacts { needed, available }),
            Self::Psa { psa, failure } => Facts::Psa(PsaFacts {
                psa,
                endpoint: failure.endpoint,
                missing_right: failure.missing_right,
                retry_at: failure.not_before,
            }),
            Self::InvalidRequest { errors } => {
                let errors = errors.into_iter().map(|error| FieldError {
                    pointer: error.pointer,
                    detail: error.wording.text(language).to_owned(),
                });
                Facts::Request(RequestFacts {
                    errors: errors.collect(),
                })
            }
            Self::InvalidFilter { attribute, value } => Facts::Filter(FilterFacts { attribute, value }),
            Self::CredentialsRequired { field } => Facts::Credentials(CredentialFacts { field }),
            Self::DecisionConflict { version } => Facts::Version(VersionFacts { version }),
            Self::PlanChanged { hash } => Facts::Plan(PlanFacts { hash }),
            Self::MassChange(change) => Facts::MassChange(change),
            Self::WrongState { state } => Facts::State(StateFacts { state }),
            Self::LimitExceeded { of } => Facts::Limit(LimitFacts { of, limit: of.limit() }),
            Self::TooManyCalls { retry_after } => Facts::Rate(RateFacts { retry_after }),
            _ => Facts::None(NoFacts {}),
        }
    }
}

fn lock(holder: Holder, held_by_you: bool) -> LockFacts {
    LockFacts {
        locked_by: holder.person.name,
        since: holder.since,
        until: holder.until,
        import: holder.import,
        held_by_you,
    }
}
