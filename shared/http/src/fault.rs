//! What goes wrong on the way, when there is no status to go by.

use crate::classification::Classification;
use crate::classification::FailureKind::{InvalidResponse, Unknown};
use crate::classification::RetryAdvice::{Later, Never, Soon};

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
    /// No connection could be made, or not in time.
    Connect,
    /// No answer came in time to a request that may have been sent.
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
            Self::NotPublic => (Unknown, Never, "the address leads to a private network"),
            Self::Dns => (Unknown, Soon, "the name cannot be resolved"),
            Self::CertificateExpired => (Unknown, Never, "the server's certificate is not valid today"),
            Self::CertificateOfAnother => (Unknown, Never, "the server's certificate is for another name"),
            Self::CertificateUntrusted => (Unknown, Never, "the server's certificate is not of a public authority"),
            Self::Tls => (
                Unknown,
                Never,
                "the server does not speak TLS as is required: version 1.2 or later",
            ),
            Self::Connect => (Unknown, Soon, "no connection could be made"),
            Self::Timeout => (Unknown, Soon, "the server did not answer in time"),
            Self::NoReply => (Unknown, Soon, "the connection ended without a reply"),
            Self::NotHttp => (InvalidResponse, Soon, "the reply is not HTTP"),
            Self::Truncated => (InvalidResponse, Soon, "the reply broke off"),
            Self::TooLarge => (InvalidResponse, Never, "the reply is larger than is read"),
            Self::NotJson => (InvalidResponse, Soon, "the reply is not JSON"),
            Self::Malformed => (InvalidResponse, Later, "the reply is not what was asked for"),
            Self::Late => (Unknown, Later, "the time of this run is over"),
        };
        Classification { kind, advice, reason }
    }
}
