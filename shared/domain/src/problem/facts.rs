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
    /// Any other problem has no further fields.
    None(NoFacts),
    /// `integration_locked`: who holds the lock.
    Lock(LockFacts),
    /// `insufficient_licences`: how many are needed and how many are left.
    Licences(LicenceFacts),
    /// `psa_…`: which call to the PSA failed.
    Psa(PsaFacts),
    /// `invalid_request`: the mistakes in the request.
    Request(RequestFacts),
    /// `invalid_filter`: what the PSA does not have.
    Filter(FilterFacts),
    /// `credentials_required`: which credential is blank.
    Credentials(CredentialFacts),
    /// `decision_conflict`: the version now.
    Version(VersionFacts),
    /// `plan_changed`: the plan now.
    Plan(PlanFacts),
    /// `mass_change`: how much would change.
    MassChange(MassChange),
    /// `wrong_state`: the state of the import.
    State(StateFacts),
    /// `limit_exceeded`: what there is too much of.
    Limit(LimitFacts),
    /// `too_many_calls`: when to call again.
    Rate(RateFacts),
}

/// No further fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NoFacts {}

/// Who holds the lock of the integration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LockFacts {
    /// Who holds the lock: an administrator's email address, or the integration's name for an unattended import.
    pub locked_by: String,
    /// When the lock was taken.
    pub since: Timestamp,
    /// When the lock runs out, unless its holder renews it by use.
    pub until: Timestamp,
    /// The id of the import that holds the lock.
    pub import: ImportId,
    /// Whether the import is the caller's own, so that the caller can continue or cancel it.
    pub held_by_you: bool,
}

/// How many licences are needed and how many are left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LicenceFacts {
    /// How many licences the call needs: one for each new user.
    pub needed: u64,
    /// How many licences the MSP has left.
    pub available: u64,
}

/// Which call to the PSA failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PsaFacts {
    /// The PSA product.
    #[schemars(with = "PsaKind")]
    pub psa: VendorId,
    /// The call that failed, such as `GET /company/companies`.
    pub endpoint: String,
    /// The right to grant, as the PSA calls it. Absent if no right is missing, or it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_right: Option<String>,
    /// The earliest moment at which another attempt makes sense. Absent if the PSA named none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
}

/// The mistakes in the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RequestFacts {
    /// The mistakes, each with its place.
    #[schemars(length(min = 1))]
    pub errors: Vec<FieldError>,
}

/// What the PSA does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FilterFacts {
    /// The attribute with the mistake, as the filter names it.
    pub attribute: String,
    /// The value that the attribute does not have. Absent if the attribute itself is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// Which credential is blank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CredentialFacts {
    /// The name of the missing or blank field. Absent if the integration has no credentials stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// The version that the row or the integration has now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct VersionFacts {
    /// The version now. Read the row or integration again before the next attempt.
    pub version: u64,
}

/// The plan as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlanFacts {
    /// The hash of the plan as it is now.
    pub hash: String,
}

/// The state of the import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StateFacts {
    /// The state that the import is in.
    pub state: ImportState,
}

/// What there is too much of, and how many there may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LimitFacts {
    /// What there is too much of.
    pub of: Limited,
    /// How many the service accepts.
    pub limit: u64,
}

/// When to call again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RateFacts {
    /// The number of seconds until the service admits one more call. The header `Retry-After` has the same number.
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
