//! What refusals of Autotask mean. It answers 500 to its own faults, to the caller's mistakes and to missing rights alike, so the
//! body decides. A 500 that is not recognised is not repeated: repeated failed logins lock the API user.

use http_client::FailureKind::{Forbidden, ServerError, Unauthorized, Unknown};
use http_client::RetryAdvice::{Later, Never, Soon, WhenLimitPasses};
use http_client::{Classification, Rule, When};

pub(super) static RULES: [Rule; 8] = [
    // The status of this one and of the next is not certain to be 429.
    When::status(400..=599)
        .says(&["thread threshold", "itgenatr005"])
        .means(
            Unknown,
            WhenLimitPasses,
            "too many requests at once, by all who use this integration code",
        ),
    When::status(400..=599).says(&["threshold"]).means(
        Unknown,
        WhenLimitPasses,
        "the tenant's hourly limit of requests is used up",
    ),
    When::status(400..=599)
        .says(&["adequate permissions"])
        .means(Forbidden, Never, "the security level lacks a right"),
    When::status(400..=599)
        .says(&["integrationcode", "integration code"])
        .means(Unauthorized, Never, "the integration code is rejected"),
    When::status(400..=599)
        .says(&["zone information could not be determined"])
        .means(Unauthorized, Never, "the API user is unknown"),
    When::status(500..=500)
        // No text is known for certain.
        .says(&[
            "invalid credentials",
            "username or password",
            "authentication",
            "unauthorized",
            "login failed",
        ])
        .means(Unauthorized, Never, "the credentials are invalid, expired or revoked"),
    When::status(500..=500)
        .says(&[
            "unable to find",
            "value cannot be null",
            "maxcountofrecordstoreturn",
            "conversion failed",
            "invalid query syntax",
            "unexpected character",
        ])
        .means(Unknown, Never, "the PSA refused the request itself"),
    When::status(500..=500)
        .says(&["unexpected error"])
        .means(ServerError, Soon, "the PSA failed"),
];

/// No status tells this: the limit is the tenant's, shared by all its integrations.
pub(super) const THRESHOLD_NEAR: Classification = Classification {
    kind: Unknown,
    advice: Later,
    reason: "the tenant's hourly limit of requests is nearly used up",
};

#[cfg(test)]
mod tests {
    use http_client::Deployment::Cloud;
    use http_client::FailureKind::{self, InvalidResponse};
    use http_client::{RetryAdvice, classify};

    use super::*;

    const RIGHTS: &str =
        r#"{"errors":["The logged in Resource does not have the adequate permissions to query this entity type."]}"#;
    const THREADS: &str = r#"{"errors":["The Autotask API thread threshold of 3 threads has been exceeded."]}"#;
    const HOURLY: &str = r#"{"errors":["You have exceeded the external API request threshold."]}"#;
    const FAULT: &str =
        r#"{"errors":["An unexpected error has occurred.  If the problem persists, please contact Autotask Support"]}"#;

    type Case = (u16, &'static str, FailureKind, RetryAdvice, &'static str);

    const TABLE: &[Case] = &[
        (400, "", Unknown, Never, "request itself"),
        (401, "", Unauthorized, Never, "credentials"),
        (403, "", Forbidden, Never, "right"),
        (404, "<html>", Unknown, Never, "request itself"),
        (
            405,
            r#"{"Message":"The requested resource does not support http method 'GET'."}"#,
            Unknown,
            Never,
            "request",
        ),
        (429, "", Unknown, WhenLimitPasses, "rate limit"),
        (429, THREADS, Unknown, WhenLimitPasses, "at once"),
        (500, THREADS, Unknown, WhenLimitPasses, "at once"),
        (500, HOURLY, Unknown, WhenLimitPasses, "hourly limit"),
        (503, HOURLY, Unknown, WhenLimitPasses, "hourly limit"),
        (
            503,
            r#"{"errors":["Itgenatr005"]}"#,
            Unknown,
            WhenLimitPasses,
            "at once",
        ),
        (500, RIGHTS, Forbidden, Never, "security level"),
        (
            500,
            r#"{"errors":["IntegrationCode is invalid"]}"#,
            Unauthorized,
            Never,
            "integration code",
        ),
        (
            500,
            r#"{"errors":["Zone information could not be determined"]}"#,
            Unauthorized,
            Never,
            "unknown",
        ),
        (
            500,
            r#"{"errors":["Invalid credentials"]}"#,
            Unauthorized,
            Never,
            "credentials",
        ),
        (
            500,
            r#"{"errors":["The username or password is incorrect."]}"#,
            Unauthorized,
            Never,
            "credentials",
        ),
        (
            500,
            r#"{"errors":["Unable to find Active in the Contact Entity"]}"#,
            Unknown,
            Never,
            "request itself",
        ),
        (
            500,
            r#"{"errors":["Value cannot be null.\r\nParameter name: filters"]}"#,
            Unknown,
            Never,
            "request itself",
        ),
        (
            500,
            r#"{"errors":["maxCountOfRecordsToReturn must be between 1 and 500"]}"#,
            Unknown,
            Never,
            "request itself",
        ),
        (500, FAULT, ServerError, Soon, "failed"),
        (500, "", ServerError, Later, "failed"),
        (500, "<html>", ServerError, Later, "failed"),
        (501, "", ServerError, Soon, "not available"),
        (502, "<html>", ServerError, Soon, "not available"),
        (503, "", ServerError, Soon, "not available"),
        (504, "", ServerError, Soon, "not available"),
        (520, "", ServerError, Soon, "not available"),
        (204, "", InvalidResponse, Later, "no complete list"),
        (206, "", InvalidResponse, Later, "no complete list"),
        (302, "", InvalidResponse, Never, "redirects"),
    ];

    #[test]
    fn r42_every_refusal_has_its_one_meaning() {
        for (status, body, kind, advice, reason) in TABLE {
            let told = classify(&RULES, *status, Cloud, body);
            assert_eq!((told.kind, told.advice), (*kind, *advice), "{status} {body}");
            assert!(told.reason.contains(reason), "{status}: {}", told.reason);
        }
    }
}
