//! What goes wrong on the way, when there is no status to go by.

use crate::classification::FailureKind::{InvalidResponse, Unknown};
use crate::classification::{Classification, RetryAdvice};

/// What was wrong with an exchange that brought no refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The name leads to a network that is not the public internet.
    NotPublic,
    /// The name cannot be resolved.
    Dns,
    /// The certificate is not valid today.
    CertificateExpired,
    /// The certificate is for another name.
    CertificateOfAnother,
    /// The certificate is not of a trusted authority.
    CertificateUntrusted,
    /// Neither side speaks a version of TLS that the other accepts, or one does not speak it at all.
    Tls,
    /// No connection could be made.
    Connect,
    /// No answer came in time.
    Timeout,
    /// The connection ended before a reply began.
    NoReply,
    /// The reply is not HTTP.
    NotHttp,
    /// The reply ended or became unreadable in its middle.
    Truncated,
    /// The reply is larger than is read.
    TooLarge,
    /// The content type is not JSON.
    NotJson,
    /// Complete, but not what was asked for.
    Malformed,
    /// There is no time left to ask at all.
    Late,
}

impl Fault {
    /// What the fault means.
    pub const fn classification(self) -> Classification {
        let (kind, advice, reason) = match self {
            Self::NotPublic => (Unknown, RetryAdvice::Never, "the address leads to a private network"),
            Self::Dns => (Unknown, RetryAdvice::Soon, "the name cannot be resolved"),
            Self::CertificateExpired => (
                Unknown,
                RetryAdvice::Never,
                "the server's certificate is not valid today",
            ),
            Self::CertificateOfAnother => (
                Unknown,
                RetryAdvice::Never,
                "the server's certificate is for another name",
            ),
            Self::CertificateUntrusted => (
                Unknown,
                RetryAdvice::Never,
                "the server's certificate is not of a public authority",
            ),
            Self::Tls => (
                Unknown,
                RetryAdvice::Never,
                "the server does not speak TLS as is required: version 1.2 or later",
            ),
            Self::Connect => (Unknown, RetryAdvice::Soon, "no connection could be made"),
            Self::Timeout => (Unknown, RetryAdvice::Soon, "the server did not answer in time"),
            Self::NoReply => (Unknown, RetryAdvice::Soon, "the connection ended without a reply"),
            Self::NotHttp => (InvalidResponse, RetryAdvice::Soon, "the reply is not HTTP"),
            Self::Truncated => (InvalidResponse, RetryAdvice::Soon, "the reply broke off"),
            Self::TooLarge => (InvalidResponse, RetryAdvice::Never, "the reply is larger than is read"),
            Self::NotJson => (InvalidResponse, RetryAdvice::Soon, "the reply is not JSON"),
            Self::Malformed => (
                InvalidResponse,
                RetryAdvice::Later,
                "the reply is not what was asked for",
            ),
            Self::Late => (Unknown, RetryAdvice::Later, "the time of this run is over"),
        };
        Classification { kind, advice, reason }
    }
}
