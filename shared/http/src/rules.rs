//! From a reply that is not a success to what it means.

use crate::classification::FailureKind::{Forbidden, InvalidResponse, ServerError, Unauthorized, Unknown};
use crate::classification::RetryAdvice::{Later, Never, Soon, WhenLimitPasses};
use crate::classification::{Classification, Deployment, Rule, When};
use crate::fault::Fault;

/// What a status means at every service, after the service's own rules.
static COMMON: [Rule; 10] = [
    When::status(100..=299).means(InvalidResponse, Later, "the reply is no complete list"),
    When::status(300..=399).means(
        InvalidResponse,
        Never,
        "the server redirects elsewhere, which is not followed",
    ),
    When::status(401..=401).means(Unauthorized, Never, "the credentials are invalid, expired or revoked"),
    When::status(403..=403).means(Forbidden, Never, "the credentials lack a right"),
    When::status(408..=408).means(Unknown, Soon, "the server gave up waiting for the request"),
    When::status(429..=429).means(Unknown, WhenLimitPasses, "the server's rate limit does not end"),
    When::status(400..=499).means(Unknown, Never, "the server refused the request itself"),
    When::status(501..=599).means(ServerError, Soon, "the server is not available"),
    When::status(500..=500).means(ServerError, Later, "the server failed"),
    When::status(0..=999).means(InvalidResponse, Never, "invalid HTTP status"),
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
