//! What a failed request means: its kind, and whether to repeat it. The rules are data: the first that fits decides.

use std::ops::RangeInclusive;

/// What kind of failure it is.
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

/// One row of a table: what replies of this form mean.
#[derive(Debug)]
pub struct Rule {
    when: When,
    pub(crate) classification: Classification,
}

/// Which replies a rule is about: at first all with this status.
#[derive(Debug)]
pub struct When {
    status: RangeInclusive<u16>,
    deployment: Option<Deployment>,
    /// Texts in lower case, one of which the body has; every body has the empty one.
    says: &'static [&'static str],
}

impl When {
    /// Replies with such a status.
    pub const fn status(status: RangeInclusive<u16>) -> Self {
        Self {
            status,
            deployment: None,
            says: &[""],
        }
    }

    /// Only of this deployment.
    #[must_use]
    pub const fn at(mut self, deployment: Deployment) -> Self {
        self.deployment = Some(deployment);
        self
    }

    /// Only if the body says one of these, in lower case.
    #[must_use]
    pub const fn says(mut self, texts: &'static [&'static str]) -> Self {
        self.says = texts;
        self
    }

    /// The rule for these replies.
    pub const fn means(self, kind: FailureKind, advice: RetryAdvice, reason: &'static str) -> Rule {
        let classification = Classification { kind, advice, reason };
        Rule {
            when: self,
            classification,
        }
    }
}

impl Rule {
    pub(crate) fn fits(&self, status: u16, deployment: Deployment, body: &str) -> bool {
        let When {
            status: statuses,
            deployment: own,
            says,
        } = &self.when;
        statuses.contains(&status)
            && own.is_none_or(|own| own == deployment)
            && says.iter().any(|text| body.contains(text))
    }
}
