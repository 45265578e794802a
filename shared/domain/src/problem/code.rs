//! Every code there is: the one table of codes, HTTP statuses and what they mean.

use super::directory_failure::DirectoryFailure;
use crate::psa::PsaFailureKind;

macro_rules! codes {
    ($($code:ident = $text:literal, $status:literal, $when:literal;)+) => {
        /// The code of a problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $when] $code,)+
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// The code as callers read it; never changes.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $text,)+ }
            }

            /// The HTTP status it is answered with.
            pub const fn status(self) -> u16 {
                match self { $(Self::$code => $status,)+ }
            }

            /// When it is answered.
            pub const fn when(self) -> &'static str {
                match self { $(Self::$code => $when,)+ }
            }
        }
    };
}

codes! {
    CredentialsRequired = "credentials_required", 400, "Empty credentials were submitted, or none are stored.";
    InvalidFilter = "invalid_filter", 400, "The filter names what the PSA does not have.";
    InvalidRequest = "invalid_request", 400, "The request is wrong; `errors` says where.";
    InvalidPsaAddress = "invalid_psa_address", 400, "The address of the PSA is refused.";
    NotAdministrator = "not_administrator", 403, "The caller is not an administrator of an MSP.";
    IntegrationNotFound = "integration_not_found", 404, "The MSP has no such integration.";
    NotFound = "not_found", 404, "Nothing of this MSP has that id.";
    InsufficientLicences = "insufficient_licences", 409, "The MSP has too few licences left.";
    DecisionConflict = "decision_conflict", 409, "What is to be changed was changed meanwhile.";
    PlanChanged = "plan_changed", 409, "What the plan rests on has changed.";
    MassChange = "mass_change", 409, "The import changes more than it may without being confirmed as a mass change.";
    WrongState = "wrong_state", 409, "The import is in a state in which this cannot be done.";
    NotSelectable = "not_selectable", 409, "The row cannot be selected as it is.";
    DirectoryCannot = "directory_cannot", 409, "The directory of the MSP is changed in its own console, not here.";
    IntegrationPaused = "integration_paused", 409, "The integration is paused, so that no schedule or event starts an import.";
    ImportAbandoned = "import_abandoned", 409, "The import was given up, or its lock ran out.";
    ReviewLapsed = "review_lapsed", 409, "Nobody worked on the review until its lock ran out, so another import or the removal of the integration ended it.";
    SnapshotExpired = "snapshot_expired", 410, "The import is too old: it can be confirmed for 7 days, and its rows are kept for 14.";
    UnsupportedMediaType = "unsupported_media_type", 415, "The request has a body and no `Content-Type: application/json`.";
    PsaUnauthorized = "psa_unauthorized", 422, "The PSA rejects the credentials.";
    PsaForbidden = "psa_forbidden", 422, "The credentials lack a right in the PSA.";
    PsaOtherTenant = "psa_other_tenant", 422, "The credentials or the address lead to another tenant of the PSA than the integration's.";
    DirectoryUnauthorized = "directory_unauthorized", 422, "The directory rejects its key.";
    DirectoryForbidden = "directory_forbidden", 422, "The key lacks a right in the directory.";
    DirectoryOtherAccount = "directory_other_account", 422, "The key is that of another account of the directory.";
    LimitExceeded = "limit_exceeded", 422, "The MSP or its PSA has more of something than this service takes.";
    TooManyCalls = "too_many_calls", 429, "The MSP makes more calls that read a PSA or compute a plan than it may.";
    IntegrationLocked = "integration_locked", 423, "Another import holds the integration: another administrator's, or the caller's own (`heldByYou`).";
    Internal = "internal_error", 500, "A fault of this service.";
    NewerVersion = "newer_version", 500, "A newer version of this service wrote what is asked for.";
    DirectoryUnavailable = "directory_unavailable", 502, "The directory does not answer, or not as expected.";
    PsaServerError = "psa_server_error", 502, "The PSA answers with a server error, still after retries.";
    PsaInvalidResponse = "psa_invalid_response", 502, "The PSA answers with unexpected data.";
    PsaUnknownError = "psa_unknown_error", 502, "The PSA cannot be read for another reason.";
}

impl Code {
    /// The code of a directory that cannot be used.
    pub const fn of_directory(failure: DirectoryFailure) -> Self {
        match failure {
            DirectoryFailure::Unauthorized => Self::DirectoryUnauthorized,
            DirectoryFailure::Forbidden => Self::DirectoryForbidden,
            DirectoryFailure::OtherAccount => Self::DirectoryOtherAccount,
            DirectoryFailure::Unavailable => Self::DirectoryUnavailable,
        }
    }

    /// The code of a failed read of a PSA.
    pub const fn of_failure(kind: PsaFailureKind) -> Self {
        match kind {
            PsaFailureKind::PsaServerError => Self::PsaServerError,
            PsaFailureKind::PsaUnauthorized => Self::PsaUnauthorized,
            PsaFailureKind::PsaForbidden => Self::PsaForbidden,
            PsaFailureKind::PsaInvalidResponse => Self::PsaInvalidResponse,
            PsaFailureKind::PsaUnknownError => Self::PsaUnknownError,
            PsaFailureKind::PsaOtherTenant => Self::PsaOtherTenant,
        }
    }

    /// What reading a PSA can end with.
    pub fn of_psa() -> [Self; PsaFailureKind::ALL.len()] {
        PsaFailureKind::ALL.map(Self::of_failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_a_psa_is_one_that_reading_it_can_end_with() {
        let named = Code::ALL.iter().filter(|code| code.as_str().starts_with("psa_"));
        assert!(named.clone().all(|code| Code::of_psa().contains(code)));
        assert_eq!(named.count(), Code::of_psa().len());
    }
}
