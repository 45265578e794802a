//! What a failed request means: one of five kinds, and whether to repeat it. The rules are data: the first that fits decides.

use std::ops::RangeInclusive;

/// Which of five kinds a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The service answers 5xx, still after retries.
    ServerError,
    /// Credentials are invalid, expired or revoked.
    Unauthorized,
    /// The credentials lack a right.
    Forbidden,
    /// Unexpected data: not JSON, another schema, truncated, another content type.
    InvalidResponse,
    /// Anything else: timeout, DNS, TLS, a rate limit that does not end.
    Unknown,
}

/// Whether, and by whom, the same request may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAdvice {
    /// It would fail again until somebody changes something.
    Never,
    /// Perhaps in a later run.
    Later,
    /// Here, after a wait.
    Soon,
    /// Here, after a wait; and for as long as it takes, since a rate limit passes (R43).
    WhenLimitPasses,
}

/// What kind of address was asked: the same status means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deployment {
    /// A call that needs no credentials and tells where the service is.
    Discovery,
    /// Rows or metadata of a service that runs in the vendor's cloud.
    Cloud,
    /// Rows or metadata of a service on the customer's own premises.
    OnPremises,
}

/// What a failed request means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Classification {
    /// The kind of failure.
    pub kind: FailureKind,
    /// Whether to repeat the request.
    pub advice: RetryAdvice,
    /// For the log: what happened, in our own words.
    pub reason: &'static str,
}

/// One row of a table: replies with such a status, of such a deployment, whose body says one of these things (in lower case).
#[derive(Debug)]
pub struct Rule {
    status: RangeInclusive<u16>,
    deployment: Option<Deployment>,
    says: &'static [&'static str],
    pub(crate) classification: Classification,
}

/// Whatever the body says.
pub const ANYTHING: &[&str] = &[""];

impl Rule {
    /// A row for every deployment.
    pub const fn new(
        status: RangeInclusive<u16>,
        says: &'static [&'static str],
        kind: FailureKind,
        advice: RetryAdvice,
        reason: &'static str,
    ) -> Self {
        let classification = Classification { kind, advice, reason };
        Self {
            status,
            deployment: None,
            says,
            classification,
        }
    }

    /// The row for this deployment alone.
    #[must_use]
    pub const fn at(mut self, deployment: Deployment) -> Self {
        self.deployment = Some(deployment);
        self
    }

    pub(crate) fn fits(&self, status: u16, deployment: Deployment, body: &str) -> bool {
        self.status.contains(&status)
            && self.deployment.is_none_or(|own| own == deployment)
            && self.says.iter().any(|text| body.contains(text))
    }
}
