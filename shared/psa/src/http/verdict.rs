//! From what came back to one of the five failures of requirements J. The rules are data: the first that fits decides.

use std::ops::RangeInclusive;

use domain::psa::PsaFailureKind::{
    self, PsaForbidden, PsaInvalidResponse, PsaServerError, PsaUnauthorized, PsaUnknownError,
};

/// Whether, and by whom, the same request may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// It would fail again until somebody changes something.
    Never,
    /// Perhaps in a later run.
    Later,
    /// Here, after a wait.
    Soon,
    /// The same; and as long as it takes, since a rate limit passes (R43).
    WhenLimitPasses,
}

/// What kind of address was asked: the same status means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A call that needs no credentials and tells where the PSA is.
    Discovery,
    /// Rows or metadata of a PSA that runs in the vendor's cloud.
    Cloud,
    /// Rows or metadata of a PSA on the MSP's own premises.
    OnPremises,
}

/// What a failed request means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) kind: PsaFailureKind,
    pub(crate) again: Again,
    pub(crate) reason: &'static str,
}

/// One row of a table: replies with such a status, at such a place, whose body says one of these things (in lower case).
pub(crate) struct Rule {
    pub(crate) status: RangeInclusive<u16>,
    pub(crate) place: Option<Place>,
    pub(crate) says: &'static [&'static str],
    pub(crate) verdict: Verdict,
}

/// Whatever the body says.
pub(crate) const ANYTHING: &[&str] = &[""];

impl Rule {
    pub(crate) const fn new(
        status: RangeInclusive<u16>,
        says: &'static [&'static str],
        kind: PsaFailureKind,
        again: Again,
        reason: &'static str,
    ) -> Self {
        let verdict = Verdict { kind, again, reason };
        Self {
            status,
            place: None,
            says,
            verdict,
        }
    }

    pub(crate) const fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    fn fits(&self, status: u16, place: Place, body: &str) -> bool {
        self.status.contains(&status)
            && self.place.is_none_or(|own| own == place)
            && self.says.iter().any(|text| body.contains(text))
    }
}

/// What a status means at every PSA, after the PSA's own rules.
static COMMON: [Rule; 10] = [
    Rule::new(
        100..=299,
        ANYTHING,
        PsaInvalidResponse,
        Again::Later,
        "the reply is no complete list",
    ),
    Rule::new(
        300..=399,
        ANYTHING,
        PsaInvalidResponse,
        Again::Never,
        "the PSA redirects elsewhere, which is not followed",
    ),
    Rule::new(
        401..=401,
        ANYTHING,
        PsaUnauthorized,
        Again::Never,
        "the credentials are invalid, expired or revoked",
    ),
    Rule::new(
        403..=403,
        ANYTHING,
        PsaForbidden,
        Again::Never,
        "the credentials lack a right",
    ),
    Rule::new(
        408..=408,
        ANYTHING,
        PsaUnknownError,
        Again::Soon,
        "the PSA gave up waiting for the request",
    ),
    Rule::new(
        429..=429,
        ANYTHING,
        PsaUnknownError,
        Again::WhenLimitPasses,
        "the PSA's rate limit does not end",
    ),
    Rule::new(
        400..=499,
        ANYTHING,
        PsaUnknownError,
        Again::Never,
        "the PSA refused the request itself",
    ),
    Rule::new(
        501..=599,
        ANYTHING,
        PsaServerError,
        Again::Soon,
        "the PSA is not available",
    ),
    Rule::new(500..=500, ANYTHING, PsaServerError, Again::Later, "the PSA failed"),
    Rule::new(
        0..=999,
        ANYTHING,
        PsaInvalidResponse,
        Again::Never,
        "invalid HTTP status",
    ),
];

/// What was wrong on the way, when there is no status to judge by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The name leads to a network that is not the public internet.
    NotPublic,
    Dns,
    CertificateExpired,
    CertificateOfAnother,
    CertificateUntrusted,
    /// Neither side speaks a version of TLS that the other accepts, or one does not speak it at all.
    Tls,
    Connect,
    Timeout,
    /// The connection ended before a reply began.
    NoReply,
    /// What came is no reply of HTTP's.
    NotHttp,
    /// The reply ended or became unreadable in its middle.
    Truncated,
    TooLarge,
    NotJson,
    /// Complete, but not what was asked for.
    Malformed,
    /// There is no time left to ask at all.
    Late,
}

impl Fault {
    pub(crate) const fn verdict(self) -> Verdict {
        let (kind, again, reason) = match self {
            Self::NotPublic => (PsaUnknownError, Again::Never, "the address leads to a private network"),
            Self::Dns => (PsaUnknownError, Again::Soon, "the name cannot be resolved"),
            Self::CertificateExpired => (
                PsaUnknownError,
                Again::Never,
                "the server's certificate is not valid today",
            ),
            Self::CertificateOfAnother => (
                PsaUnknownError,
                Again::Never,
                "the server's certificate is for another name",
            ),
            Self::CertificateUntrusted => (
                PsaUnknownError,
                Again::Never,
                "the server's certificate is not of a public authority",
            ),
            Self::Tls => (
                PsaUnknownError,
                Again::Never,
                "the server does not speak TLS as is required: version 1.2 or later",
            ),
            Self::Connect => (PsaUnknownError, Again::Soon, "no connection could be made"),
            Self::Timeout => (PsaUnknownError, Again::Soon, "the PSA did not answer in time"),
            Self::NoReply => (PsaUnknownError, Again::Soon, "the connection ended without a reply"),
            Self::NotHttp => (PsaInvalidResponse, Again::Soon, "the reply is not HTTP"),
            Self::Truncated => (PsaInvalidResponse, Again::Soon, "the reply broke off"),
            Self::TooLarge => (PsaInvalidResponse, Again::Never, "the reply is larger than is read"),
            Self::NotJson => (PsaInvalidResponse, Again::Soon, "the reply is not JSON"),
            Self::Malformed => (PsaInvalidResponse, Again::Later, "the reply is not what was asked for"),
            Self::Late => (PsaUnknownError, Again::Later, "the time of this run is over"),
        };
        Verdict { kind, again, reason }
    }
}

/// What a reply means that is not a success, by the PSA's own rules and then by the common ones.
pub(crate) fn judge(rules: &[Rule], status: u16, place: Place, body: &str) -> Verdict {
    let body = body.to_lowercase();
    rules
        .iter()
        .chain(&COMMON)
        .find(|rule| rule.fits(status, place, &body))
        .map_or(Fault::Malformed.verdict(), |rule| rule.verdict)
}
