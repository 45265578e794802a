//! What refusals of `ConnectWise` mean, where they mean more than their status.

use http_client::FailureKind::{Forbidden, InvalidResponse, ServerError, Unauthorized};

use http_client::{ANYTHING, Classification, Deployment, RetryAdvice, Rule};

pub(super) static RULES: [Rule; 7] = [
    // Witnesses disagree on the status: 400, 401 and 403 have all been seen.
    Rule::new(
        400..=403,
        &["clientid"],
        Unauthorized,
        RetryAdvice::Never,
        "the clientId of this product is rejected",
    ),
    Rule::new(
        400..=499,
        &["ssl is required"],
        InvalidResponse,
        RetryAdvice::Never,
        "the address is that of the pages for browsers, not that of the API",
    ),
    Rule::new(
        400..=599,
        &["usernotauthenticated"],
        Unauthorized,
        RetryAdvice::Never,
        "the credentials are invalid, expired or revoked",
    ),
    Rule::new(
        404..=404,
        ANYTHING,
        Unauthorized,
        RetryAdvice::Never,
        "the company id is unknown at this address",
    )
    .at(Deployment::Discovery),
    // The cloud answers wrong keys or a wrong company id with 404 rather than 401.
    Rule::new(
        404..=404,
        ANYTHING,
        Unauthorized,
        RetryAdvice::Never,
        "the credentials are invalid, or belong to another company id",
    )
    .at(Deployment::Cloud),
    Rule::new(
        404..=404,
        ANYTHING,
        InvalidResponse,
        RetryAdvice::Never,
        "there is no ConnectWise API at this address",
    ),
    Rule::new(500..=500, ANYTHING, ServerError, RetryAdvice::Soon, "the PSA failed"),
];

/// No status tells this.
pub(super) const COMPANIES_HIDDEN: Classification = Classification {
    kind: Forbidden,
    advice: RetryAdvice::Never,
    reason: "every contact is shown without its company",
};

#[cfg(test)]
mod tests {
    use http_client::FailureKind::{self, Unknown};

    use super::*;
    use http_client::classify;

    const CLIENT_ID: &str = r#"{"code":"Unauthorized","message":"A valid ClientID header is required.","errors":null}"#;
    const SECURITY: &str =
        r#"{"code":"Security","message":"You do not have security permission to perform this action."}"#;
    const SSL: &str = r#"{"code":"Security","message":"SSL is required.","errors":null}"#;
    const NO_USER: &str = r#"{"code":"ConnectWiseApi","message":"UserNotAuthenticated"}"#;
    const FAILED: &str = "{\r\n  \"code\": \"ConnectWiseApi\",\r\n  \"message\": \"Length cannot be less than zero.\"}";
    const LIMIT: &str = r#"{"error":"ConnectWiseAPI","message":"Too many requests. Please try again in 30 seconds."}"#;

    type Row = (u16, &'static str, Deployment, FailureKind, RetryAdvice, &'static str);

    const TABLE: &[Row] = &[
        (
            400,
            CLIENT_ID,
            Deployment::Cloud,
            Unauthorized,
            RetryAdvice::Never,
            "clientId",
        ),
        (
            401,
            CLIENT_ID,
            Deployment::Cloud,
            Unauthorized,
            RetryAdvice::Never,
            "clientId",
        ),
        (
            403,
            CLIENT_ID,
            Deployment::OnPremises,
            Unauthorized,
            RetryAdvice::Never,
            "clientId",
        ),
        (
            400,
            r#"{"code":"ApiFindCondition"}"#,
            Deployment::Cloud,
            Unknown,
            RetryAdvice::Never,
            "request itself",
        ),
        (
            401,
            "",
            Deployment::Cloud,
            Unauthorized,
            RetryAdvice::Never,
            "invalid, expired or revoked",
        ),
        (
            401,
            NO_USER,
            Deployment::OnPremises,
            Unauthorized,
            RetryAdvice::Never,
            "invalid, expired or revoked",
        ),
        (
            500,
            NO_USER,
            Deployment::OnPremises,
            Unauthorized,
            RetryAdvice::Never,
            "invalid, expired or revoked",
        ),
        (403, SECURITY, Deployment::Cloud, Forbidden, RetryAdvice::Never, "right"),
        (
            403,
            SSL,
            Deployment::Cloud,
            InvalidResponse,
            RetryAdvice::Never,
            "browsers",
        ),
        (
            404,
            "",
            Deployment::Discovery,
            Unauthorized,
            RetryAdvice::Never,
            "company id",
        ),
        (
            404,
            "",
            Deployment::Cloud,
            Unauthorized,
            RetryAdvice::Never,
            "another company id",
        ),
        (
            404,
            "<html>",
            Deployment::OnPremises,
            InvalidResponse,
            RetryAdvice::Never,
            "no ConnectWise API",
        ),
        (
            429,
            LIMIT,
            Deployment::Cloud,
            Unknown,
            RetryAdvice::WhenLimitPasses,
            "rate limit",
        ),
        (500, FAILED, Deployment::Cloud, ServerError, RetryAdvice::Soon, "failed"),
        (
            500,
            "<html>",
            Deployment::OnPremises,
            ServerError,
            RetryAdvice::Soon,
            "failed",
        ),
        (
            502,
            "<html>",
            Deployment::Cloud,
            ServerError,
            RetryAdvice::Soon,
            "not available",
        ),
        (
            503,
            "",
            Deployment::Discovery,
            ServerError,
            RetryAdvice::Soon,
            "not available",
        ),
        (
            504,
            "",
            Deployment::Cloud,
            ServerError,
            RetryAdvice::Soon,
            "not available",
        ),
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
