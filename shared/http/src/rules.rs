//! From a reply that is not a success to what it means.

use crate::classification::FailureKind::{Forbidden, InvalidResponse, ServerError, Unauthorized, Unknown};
use crate::classification::RetryAdvice::{Later, Never, Soon, WhenLimitPasses};
use crate::classification::{ANYTHING, Classification, Deployment, Rule};
use crate::fault::Fault;

/// What a status means at every service, after the service's own rules.
static COMMON: [Rule; 10] = [
    Rule::new(
        100..=299,
        ANYTHING,
        InvalidResponse,
        Later,
        "the reply is no complete list",
    ),
    Rule::new(
        300..=399,
        ANYTHING,
        InvalidResponse,
        Never,
        "the server redirects elsewhere, which is not followed",
    ),
    Rule::new(
        401..=401,
        ANYTHING,
        Unauthorized,
        Never,
        "the credentials are invalid, expired or revoked",
    ),
    Rule::new(403..=403, ANYTHING, Forbidden, Never, "the credentials lack a right"),
    Rule::new(
        408..=408,
        ANYTHING,
        Unknown,
        Soon,
        "the server gave up waiting for the request",
    ),
    Rule::new(
        429..=429,
        ANYTHING,
        Unknown,
        WhenLimitPasses,
        "the server's rate limit does not end",
    ),
    Rule::new(
        400..=499,
        ANYTHING,
        Unknown,
        Never,
        "the server refused the request itself",
    ),
    Rule::new(501..=599, ANYTHING, ServerError, Soon, "the server is not available"),
    Rule::new(500..=500, ANYTHING, ServerError, Later, "the server failed"),
    Rule::new(0..=999, ANYTHING, InvalidResponse, Never, "invalid HTTP status"),
];

/// What a reply means that is not a success, by the service's own rules and then by the common ones.
pub fn classify(rules: &[Rule], status: u16, deployment: Deployment, body: &str) -> Classification {
    let body = body.to_lowercase();
    rules
        .iter()
        .chain(&COMMON)
        .find(|rule| rule.fits(status, deployment, &body))
        .map_or(Fault::Malformed.classification(), |rule| rule.classification)
}
