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
    CredentialsRequired = "credentials_required", 400, "The request lacks a credential or has a blank one, or the integration has none stored.";
    InvalidFilter = "invalid_filter", 400, "The filter names an attribute or a value that the PSA does not have.";
    InvalidRequest = "invalid_request", 400, "The request is invalid; `errors` lists each mistake and its place.";
    InvalidPsaAddress = "invalid_psa_address", 400, "The service refuses the address of the PSA; `detail` says why.";
    NotAdministrator = "not_administrator", 403, "The caller is not an administrator of an MSP.";
    IntegrationNotFound = "integration_not_found", 404, "The MSP has no such integration.";
    NotFound = "not_found", 404, "The MSP has nothing with this id.";
    InsufficientLicences = "insufficient_licences", 409, "The MSP has fewer licences left than the call needs.";
    DecisionConflict = "decision_conflict", 409, "Another call changed the row or the integration first; `version` is its version now.";
    PlanChanged = "plan_changed", 409, "The plan is another one by now; `hash` names it. Show it again before it is confirmed.";
    MassChange = "mass_change", 409, "The import makes more changes than the policy allows unless they are confirmed as a mass change.";
    WrongState = "wrong_state", 409, "The state of the import does not allow the call; `state` names it.";
    NotSelectable = "not_selectable", 409, "The status of the row does not allow it to be selected.";
    DirectoryCannot = "directory_cannot", 409, "The MSP's directory takes this change only in its own console, not from this service.";
    IntegrationPaused = "integration_paused", 409, "The integration is paused: schedules and events start no imports.";
    ImportAbandoned = "import_abandoned", 409, "The import lost its lock, or the service gave the import up.";
    ReviewLapsed = "review_lapsed", 409, "The lock of the review ran out, and another import or the removal of the integration ended the import.";
    SnapshotExpired = "snapshot_expired", 410, "The import is too old: it can be confirmed for 7 days after its start, and its rows are kept for 14 days.";
    UnsupportedMediaType = "unsupported_media_type", 415, "The request has a body whose `Content-Type` is not `application/json`.";
    PsaUnauthorized = "psa_unauthorized", 422, "The PSA rejects the credentials.";
    PsaForbidden = "psa_forbidden", 422, "The credentials lack a right in the PSA.";
    PsaOtherTenant = "psa_other_tenant", 422, "The credentials or the address lead to another tenant of the PSA than the integration's.";
    DirectoryUnauthorized = "directory_unauthorized", 422, "The directory rejects its key.";
    DirectoryForbidden = "directory_forbidden", 422, "The key lacks a right in the directory.";
    DirectoryOtherAccount = "directory_other_account", 422, "The key belongs to another account of the directory than the mappings.";
    LimitExceeded = "limit_exceeded", 422, "The MSP or its PSA has more of something than the service accepts; `of` says of what.";
    TooManyCalls = "too_many_calls", 429, "The MSP called too often. The service limits calls that read a PSA or compute a plan.";
    IntegrationLocked = "integration_locked", 423, "Another import holds the lock of the integration: another administrator's, or the caller's own (`heldByYou`).";
    Internal = "internal_error", 500, "The service failed unexpectedly.";
    NewerVersion = "newer_version", 500, "A newer version of the service wrote the data, and this version cannot read it.";
    DirectoryUnavailable = "directory_unavailable", 502, "The directory does not answer, or its answer cannot be used.";
    PsaServerError = "psa_server_error", 502, "The PSA answers with a server error, even after retries.";
    PsaInvalidResponse = "psa_invalid_response", 502, "The PSA answers with data that the service cannot use.";
    PsaUnknownError = "psa_unknown_error", 502, "The service cannot read the PSA for another reason.";
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
