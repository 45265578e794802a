//! What refusals of `ConnectWise` mean, where they mean more than their status.

use http_client::Deployment::{Cloud, Discovery};
use http_client::FailureKind::{InvalidResponse, ServerError, Unauthorized};
use http_client::RetryAdvice::{Never, Soon};
use http_client::{Rule, When};

pub(super) static RULES: [Rule; 7] = [
    // Witnesses disagree on the status: 400, 401 and 403 have all been seen.
    When::status(400..=403)
        .says(&["clientid"])
        .means(Unauthorized, Never, "the clientId of this product is rejected"),
    When::status(400..=499).says(&["ssl is required"]).means(
        InvalidResponse,
        Never,
        "the address is that of the pages for browsers, not that of the API",
    ),
    When::status(400..=599).says(&["usernotauthenticated"]).means(
        Unauthorized,
        Never,
        "the credentials are invalid, expired or revoked",
    ),
    When::status(404..=404)
        .at(Discovery)
        .means(Unauthorized, Never, "the company id is unknown at this address"),
    // The cloud answers wrong keys or a wrong company id with 404 rather than 401.
    When::status(404..=404).at(Cloud).means(
        Unauthorized,
        Never,
        "the credentials are invalid, or belong to another company id",
    ),
    When::status(404..=404).means(InvalidResponse, Never, "there is no ConnectWise API at this address"),
    When::status(500..=500).means(ServerError, Soon, "the PSA failed"),
];

#[cfg(test)]
mod tests {
    use http_client::Deployment::{self, OnPremises};
    use http_client::FailureKind::{self, Forbidden, Unknown};
    use http_client::RetryAdvice::{self, WhenLimitPasses};
    use http_client::classify;

    use super::*;

    const CLIENT_ID: &str = r#"{"code":"Unauthorized","message":"A valid ClientID header is required.","errors":null}"#;
    const SECURITY: &str =
        r#"{"code":"Security","message":"You do not have security permission to perform this action."}"#;
    const SSL: &str = r#"{"code":"Security","message":"SSL is required.","errors":null}"#;
    const NO_USER: &str = r#"{"code":"ConnectWiseApi","message":"UserNotAuthenticated"}"#;
    const FAILED: &str = "{\r\n  \"code\": \"ConnectWiseApi\",\r\n  \"message\": \"Length cannot be less than zero.\"}";
    const LIMIT: &str = r#"{"error":"ConnectWiseAPI","message":"Too many requests. Please try again in 30 seconds."}"#;

    type Case = (u16, &'static str, Deployment, FailureKind, RetryAdvice, &'static str);

    const TABLE: &[Case] = &[
        (400, CLIENT_ID, Cloud, Unauthorized, Never, "clientId"),
        (401, CLIENT_ID, Cloud, Unauthorized, Never, "clientId"),
        (403, CLIENT_ID, OnPremises, Unauthorized, Never, "clientId"),
        (
            400,
            r#"{"code":"ApiFindCondition"}"#,
            Cloud,
            Unknown,
            Never,
            "request itself",
        ),
        (401, "", Cloud, Unauthorized, Never, "invalid, expired or revoked"),
        (
            401,
            NO_USER,
            OnPremises,
            Unauthorized,
            Never,
            "invalid, expired or revoked",
        ),
        (
            500,
            NO_USER,
            OnPremises,
            Unauthorized,
            Never,
            "invalid, expired or revoked",
        ),
        (403, SECURITY, Cloud, Forbidden, Never, "right"),
        (403, SSL, Cloud, InvalidResponse, Never, "browsers"),
        (404, "", Discovery, Unauthorized, Never, "company id"),
        (404, "", Cloud, Unauthorized, Never, "another company id"),
        (404, "<html>", OnPremises, InvalidResponse, Never, "no ConnectWise API"),
        (429, LIMIT, Cloud, Unknown, WhenLimitPasses, "rate limit"),
        (500, FAILED, Cloud, ServerError, Soon, "failed"),
        (500, "<html>", OnPremises, ServerError, Soon, "failed"),
        (502, "<html>", Cloud, ServerError, Soon, "not available"),
        (503, "", Discovery, ServerError, Soon, "not available"),
        (504, "", Cloud, ServerError, Soon, "not available"),
    ];

    #[test]
    fn r42_every_refusal_has_its_one_meaning() {
        for (status, body, place, kind, advice, reason) in TABLE {
            let told = classify(&RULES, *status, *place, body);
            assert_eq!((told.kind, told.advice), (*kind, *advice), "{status} {place:?} {body}");
            assert!(told.reason.contains(reason), "{status} {place:?}: {}", told.reason);
        }
    }
}
