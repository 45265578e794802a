//! From a request that failed, or a reply that cannot be right, to the failure that the domain knows.

use domain::psa::{PsaFailure, PsaFailureKind};
use http_client::{Classification, Endpoint, FailureKind, Refusal, RetryAdvice};

/// A failure, and whether a single one of the records that were asked for may be its cause.
#[derive(Debug)]
pub struct Failed {
    /// The failure.
    pub failure: PsaFailure,
    /// Whether the same page without one of its records may succeed.
    pub by_a_record: bool,
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        let failure = PsaFailure {
            not_before: refusal.not_before,
            ..failure(refusal.endpoint, refusal.classification, &refusal.detail())
        };
        tracing::warn!(endpoint = failure.endpoint, kind = ?failure.kind, reason = failure.reason, "the PSA was not read");
        Self {
            by_a_record: refusal.may_be_by_a_record(),
            failure,
        }
    }
}

impl Failed {
    /// The failure of a request that asks for no records, as discovery does.
    pub(crate) fn of_no_record(refusal: Refusal) -> Self {
        Self {
            by_a_record: false,
            ..Self::from(refusal)
        }
    }
}

impl From<PsaFailure> for Failed {
    fn from(failure: PsaFailure) -> Self {
        Self {
            failure,
            by_a_record: false,
        }
    }
}

impl From<Failed> for PsaFailure {
    fn from(failed: Failed) -> Self {
        failed.failure
    }
}

/// A failure of an endpoint that no status tells.
pub fn failure(endpoint: &Endpoint, classification: Classification, detail: &str) -> PsaFailure {
    let kind = kind(classification.kind);
    PsaFailure {
        kind,
        endpoint: endpoint.to_string(),
        reason: format!("{}{detail}", classification.reason),
        missing_right: (kind == PsaFailureKind::PsaForbidden).then(|| endpoint.right.to_owned()),
        retryable: classification.advice != RetryAdvice::Never,
        not_before: None,
    }
}

/// A failure before the first request.
pub(crate) fn not_asked(kind: PsaFailureKind, why: &str) -> PsaFailure {
    PsaFailure {
        kind,
        endpoint: "connect".to_owned(),
        reason: format!("the PSA was not asked: {why}"),
        missing_right: None,
        retryable: false,
        not_before: None,
    }
}

const fn kind(kind: FailureKind) -> PsaFailureKind {
    match kind {
        FailureKind::ServerError => PsaFailureKind::PsaServerError,
        FailureKind::Unauthorized => PsaFailureKind::PsaUnauthorized,
        FailureKind::Forbidden => PsaFailureKind::PsaForbidden,
        FailureKind::InvalidResponse => PsaFailureKind::PsaInvalidResponse,
        FailureKind::Unknown => PsaFailureKind::PsaUnknownError,
    }
}
