//! What a call of LastPass that failed means: by the status alone, since its problems have no codes.

use domain::quotation::Quotation;
use http_client::{Fault, Method, Refusal};
use jiff::Timestamp;

use crate::{DirectoryError, Rejection};

/// Faults that come before a request is sent.
const NEVER_SENT: [Fault; 8] = [
    Fault::Late,
    Fault::Dns,
    Fault::Connect,
    Fault::NotPublic,
    Fault::Tls,
    Fault::CertificateExpired,
    Fault::CertificateOfAnother,
    Fault::CertificateUntrusted,
];

/// A call that failed. Says nothing that may not be logged.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failed {
    /// The key is rejected.
    #[error("LastPass rejects the API key")]
    Unauthorized,
    /// The key lacks a right, or what was asked for is somebody else's.
    #[error("LastPass does not allow {0}")]
    Forbidden(Rejection),
    /// There is no such thing.
    #[error("LastPass does not know what {0} is about")]
    NotFound(Rejection),
    /// Nothing was done, and repeating it changes nothing.
    #[error("LastPass refuses {0} (status {1})")]
    Rejected(Rejection, u16),
    /// Nothing was done; it may be asked again, at this moment if one was named.
    #[error("LastPass was not asked, or asks to come back later: {0}")]
    Later(String, Option<Timestamp>),
    /// What was asked for may have been done.
    #[error("LastPass did not answer: {0}")]
    Unanswered(String),
}

impl Failed {
    /// A reply that cannot be right.
    pub(super) fn malformed(what: impl Into<String>) -> Self {
        Self::Unanswered(what.into())
    }

    /// Whether the call may have been applied.
    pub const fn may_be_applied(&self) -> bool {
        matches!(self, Self::Unanswered(_))
    }
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        let what = refusal.endpoint.to_string();
        let reason = format!("{what}: {}{}", refusal.classification.reason, refusal.detail());
        tracing::warn!(reason, "LastPass was not asked with success");
        let said = refusal.said.as_ref().and_then(|said| Quotation::of(said.text()));
        let refused = Rejection::quoting(what, said);
        let never_sent = NEVER_SENT.map(Fault::classification).contains(&refusal.classification);
        let is_read = refusal.endpoint.method == Method::GET;
        match refusal.status {
            None if never_sent => Self::Later(reason, refusal.not_before),
            Some(401) => Self::Unauthorized,
            Some(403) => Self::Forbidden(refused),
            Some(404) => Self::NotFound(refused),
            Some(429) => Self::Later(reason, refusal.not_before),
            // A read changes nothing, and this run has no time or no repetitions left for it, which a later one has (R43).
            _ if is_read && refusal.not_before.is_some() => Self::Later(reason, refusal.not_before),
            // The server gave up waiting for the request, which it may have read.
            Some(408) | None => Self::Unanswered(reason),
            Some(status @ 400..=499) => Self::Rejected(refused, status),
            Some(_) => Self::Unanswered(reason),
        }
    }
}

impl From<Failed> for DirectoryError {
    fn from(failed: Failed) -> Self {
        let reason = failed.to_string();
        match failed {
            Failed::Unauthorized => Self::Unauthorized(reason),
            Failed::Forbidden(_) => Self::Forbidden(reason),
            Failed::NotFound(refused) | Failed::Rejected(refused, _) => {
                Self::Refused(Rejection::quoting(reason, refused.said))
            }
            Failed::Later(_, Some(until)) => Self::Busy(reason, until),
            Failed::Later(_, None) | Failed::Unanswered(_) => Self::Unavailable(reason),
        }
    }
}
