//! Everything that an administrator can be shown as an error (requirements J). Its code and HTTP status are in `code`, its texts in
//! `messages`.

mod cause;
mod code;
mod directory_failure;
mod facts;
mod mistake;
mod what;
mod wording;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::filter::InvalidFilter;
use crate::import::{Holder, ImportState};
use crate::plan::mass_change::MassChange;
use crate::psa::{PsaFailure, VendorId};

pub use cause::Cause;
pub use code::Code;
pub use directory_failure::DirectoryFailure;
pub use facts::{
    CredentialFacts, Facts, FilterFacts, LicenceFacts, LimitFacts, LockFacts, NoFacts, PlanFacts, PsaFacts, RateFacts,
    RequestFacts, StateFacts, VersionFacts,
};
pub use mistake::{Mistake, ValueKind};
pub use what::{Limited, MAX_EXCLUSIONS, MAX_NAMED_ROWS, MAX_RULES, ResourceKind, UrlRefused};
pub use wording::Wording;

/// What went wrong. Says nothing that may not be shown or logged: no credential and no contact's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Empty credentials were submitted, or none are stored.
    CredentialsRequired {
        /// The blank field, when one was submitted.
        field: Option<String>,
    },
    /// Another administrator holds the integration.
    IntegrationLocked(Holder),
    /// The caller's own import holds the integration.
    LockedByCaller(Holder),
    /// The MSP has too few licences left.
    InsufficientLicences {
        /// Users that would be created.
        needed: u64,
        /// Licences left.
        available: u64,
    },
    /// Reading the PSA failed.
    Psa {
        /// Which PSA.
        psa: VendorId,
        /// How.
        failure: PsaFailure,
    },
    /// Schedules and events start no imports of the integration.
    IntegrationPaused,
    /// The MSP's directory does not take this change from here (R83).
    DirectoryCannot,
    /// The directory cannot be used.
    Directory(DirectoryFailure),
    /// No such integration of this MSP.
    IntegrationNotFound,
    /// Nothing of this MSP has that id.
    NotFound {
        /// What was looked for.
        what: ResourceKind,
    },
    /// A body whose `Content-Type` is not JSON; a body without the header counts as JSON.
    UnsupportedMediaType,
    /// The filter names what the PSA does not have.
    InvalidFilter {
        /// The offending attribute.
        attribute: String,
        /// The offending value, when the attribute itself is known.
        value: Option<String>,
    },
    /// The request itself is wrong.
    InvalidRequest {
        /// Where and what, as JSON pointers into the body, or names of parameters.
        errors: Vec<Invalid>,
    },
    /// The address of the PSA is refused.
    InvalidPsaAddress {
        /// Why.
        reason: UrlRefused,
    },
    /// The row or the integration was changed by somebody else meanwhile (R27).
    DecisionConflict {
        /// The version it has now.
        version: u64,
    },
    /// What the plan rests on has changed (R35).
    PlanChanged {
        /// The hash of the plan as it is now.
        hash: String,
    },
    /// The import would change more than it may without being confirmed as a mass change (R39).
    MassChange(MassChange),
    /// The import is in a state in which this cannot be done.
    WrongState {
        /// The state it is in.
        state: ImportState,
    },
    /// The row cannot be selected as it is.
    NotSelectable {
        /// The row's status.
        status: String,
    },
    /// The MSP or its PSA has more of something than this service takes (R65).
    LimitExceeded {
        /// Of what.
        of: Limited,
    },
    /// The MSP makes more calls that read a PSA or compute a plan than it may (R65).
    TooManyCalls {
        /// After so many seconds one more is admitted.
        retry_after: u64,
    },
    /// The caller is not an administrator of an MSP (R3).
    NotAdministrator,
    /// The import's lock ran out and somebody else took it, or the work was given up.
    ImportAbandoned,
    /// Nobody worked on the review until its lock ran out, and it was ended.
    ReviewLapsed,
    /// The import is too old for its rows to be decided on, or to be shown (R67).
    SnapshotExpired,
    /// A newer version of this service wrote what is asked for; this one does not read it.
    NewerVersion,
    /// A fault of this service.
    Internal,
}

impl From<InvalidFilter> for Problem {
    fn from(filter: InvalidFilter) -> Self {
        let (attribute, value) = match filter {
            InvalidFilter::UnknownAttribute(attribute) | InvalidFilter::NoValue(attribute) => (attribute, None),
            InvalidFilter::UnknownValue(attribute, value) => (attribute, Some(value.to_string())),
        };
        Self::InvalidFilter {
            attribute: attribute.to_string(),
            value,
        }
    }
}

/// One thing wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// JSON pointer into the body, or the name of a parameter.
    pub pointer: String,
    /// What is wrong with it.
    pub wording: Wording,
}

/// One mistake in a request, in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldError {
    /// Where the mistake is: a JSON pointer into the body, or the name of a parameter. Empty for the body as a whole.
    pub pointer: String,
    /// What is wrong there, in the language of the caller.
    pub detail: String,
}

impl Problem {
    /// A request with one thing wrong.
    pub fn invalid(pointer: impl Into<String>, wording: impl Into<Wording>) -> Self {
        Self::InvalidRequest {
            errors: vec![Invalid {
                pointer: pointer.into(),
                wording: wording.into(),
            }],
        }
    }

    /// A change request without any of the `fields` it may change. Reports one error per field.
    pub fn nothing_to_change(fields: &[&str]) -> Self {
        let wording = Wording::from(Mistake::OneRequired(fields));
        let error = |field: &&str| Invalid {
            pointer: format!("/{field}"),
            wording: wording.clone(),
        };
        Self::InvalidRequest {
            errors: fields.iter().map(error).collect(),
        }
    }

    /// Nothing of this MSP has that id.
    pub const fn not_found(what: ResourceKind) -> Self {
        Self::NotFound { what }
    }

    /// The stable code, with its HTTP status.
    pub const fn code(&self) -> Code {
        match self {
            Self::CredentialsRequired { .. } => Code::CredentialsRequired,
            Self::IntegrationLocked(_) | Self::LockedByCaller(_) => Code::IntegrationLocked,
            Self::InsufficientLicences { .. } => Code::InsufficientLicences,
            Self::Psa { failure, .. } => Code::of_failure(failure.kind),
            Self::IntegrationPaused => Code::IntegrationPaused,
            Self::DirectoryCannot => Code::DirectoryCannot,
            Self::Directory(failure) => Code::of_directory(*failure),
            Self::IntegrationNotFound => Code::IntegrationNotFound,
            Self::NotFound { .. } => Code::NotFound,
            Self::InvalidFilter { .. } => Code::InvalidFilter,
            Self::InvalidRequest { .. } => Code::InvalidRequest,
            Self::UnsupportedMediaType => Code::UnsupportedMediaType,
            Self::InvalidPsaAddress { .. } => Code::InvalidPsaAddress,
            Self::DecisionConflict { .. } => Code::DecisionConflict,
            Self::PlanChanged { .. } => Code::PlanChanged,
            Self::MassChange(_) => Code::MassChange,
            Self::WrongState { .. } => Code::WrongState,
            Self::NotSelectable { .. } => Code::NotSelectable,
            Self::LimitExceeded { .. } => Code::LimitExceeded,
            Self::TooManyCalls { .. } => Code::TooManyCalls,
            Self::NotAdministrator => Code::NotAdministrator,
            Self::ImportAbandoned => Code::ImportAbandoned,
            Self::ReviewLapsed => Code::ReviewLapsed,
            Self::SnapshotExpired => Code::SnapshotExpired,
            Self::NewerVersion => Code::NewerVersion,
            Self::Internal => Code::Internal,
        }
    }

    /// Whether the same request may succeed later without anything being changed by the caller.
    pub const fn retryable(&self) -> bool {
        match self {
            Self::IntegrationLocked(_) | Self::LockedByCaller(_) | Self::TooManyCalls { .. } | Self::Internal => true,
            Self::Directory(failure) => matches!(failure, DirectoryFailure::Unavailable),
            Self::Psa { failure, .. } => failure.retryable,
            _ => false,
        }
    }
}
