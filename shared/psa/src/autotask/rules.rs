//! What refusals of Autotask mean. It answers 500 to its own faults, to the caller's mistakes and to missing rights alike, so the
//! body decides. A 500 that is not recognised is not repeated: repeated failed logins lock the API user.

use domain::psa::PsaFailureKind::{PsaForbidden, PsaServerError, PsaUnauthorized, PsaUnknownError};

use crate::http::verdict::{Again, Rule, Verdict};

pub(super) static RULES: [Rule; 8] = [
    // The status of this one and of the next is not certain to be 429.
    Rule::new(
        400..=599,
        &["thread threshold", "itgenatr005"],
        PsaUnknownError,
        Again::WhenLimitPasses,
        "too many requests at once, by all who use this integration code",
    ),
    Rule::new(
        400..=599,
        &["threshold"],
        PsaUnknownError,
        Again::WhenLimitPasses,
        "the tenant's hourly limit of requests is used up",
    ),
    Rule::new(
        400..=599,
        &["adequate permissions"],
        PsaForbidden,
        Again::Never,
        "the security level lacks a right",
    ),
    Rule::new(
        400..=599,
        &["integrationcode", "integration code"],
        PsaUnauthorized,
        Again::Never,
        "the integration code is rejected",
    ),
    Rule::new(
        400..=599,
        &["zone information could not be determined"],
        PsaUnauthorized,
        Again::Never,
        "the API user is unknown",
    ),
    Rule::new(
        500..=500,
        // No text is known for certain.
        &[
            "invalid credentials",
            "username or password",
            "authentication",
            "unauthorized",
            "login failed",
        ],
        PsaUnauthorized,
        Again::Never,
        "the credentials are invalid, expired or revoked",
    ),
    Rule::new(
        500..=500,
        &[
            "unable to find",
            "value cannot be null",
            "maxcountofrecordstoreturn",
            "conversion failed",
            "invalid query syntax",
            "unexpected character",
        ],
        PsaUnknownError,
        Again::Never,
        "the PSA refused the request itself",
    ),
    Rule::new(
        500..=500,
        &["unexpected error"],
        PsaServerError,
        Again::Soon,
        "the PSA failed",
    ),
];

/// No status tells this: the limit is the tenant's, shared by all its integrations.
pub(super) const THRESHOLD_NEAR: Verdict = Verdict {
    kind: PsaUnknownError,
    again: Again::Later,
    reason: "the tenant's hourly limit of requests is nearly used up",
};

#[cfg(test)]
mod tests {
    use domain::psa::PsaFailureKind::{self, PsaInvalidResponse};

    use super::*;
    use crate::http::verdict::{Place, judge};

    const RIGHTS: &str =
        r#"{"errors":["The logged in Resource does not have the adequate permissions to query this entity type."]}"#;
    const THREADS: &str = r#"{"errors":["The Autotask API thread threshold of 3 threads has been exceeded."]}"#;
    const HOURLY: &str = r#"{"errors":["You have exceeded the external API request threshold."]}"#;
    const FAULT: &str =
        r#"{"errors":["An unexpected error has occurred.  If the problem persists, please contact Autotask Support"]}"#;

    type Row = (u16, &'static str, PsaFailureKind, Again, &'static str);

    const TABLE: &[Row] = &[
        (400, "", PsaUnknownError, Again::Never, "request itself"),
        (401, "", PsaUnauthorized, Again::Never, "credentials"),
        (403, "", PsaForbidden, Again::Never, "right"),
        (404, "<html>", PsaUnknownError, Again::Never, "request itself"),
        (
            405,
            r#"{"Message":"The requested resource does not support http method 'GET'."}"#,
            PsaUnknownError,
            Again::Never,
            "request",
        ),
        (429, "", PsaUnknownError, Again::WhenLimitPasses, "rate limit"),
        (429, THREADS, PsaUnknownError, Again::WhenLimitPasses, "at once"),
        (500, THREADS, PsaUnknownError, Again::WhenLimitPasses, "at once"),
        (500, HOURLY, PsaUnknownError, Again::WhenLimitPasses, "hourly limit"),
        (503, HOURLY, PsaUnknownError, Again::WhenLimitPasses, "hourly limit"),
        (
            503,
            r#"{"errors":["Itgenatr005"]}"#,
            PsaUnknownError,
            Again::WhenLimitPasses,
            "at once",
        ),
        (500, RIGHTS, PsaForbidden, Again::Never, "security level"),
        (
            500,
            r#"{"errors":["IntegrationCode is invalid"]}"#,
            PsaUnauthorized,
            Again::Never,
            "integration code",
        ),
        (
            500,
            r#"{"errors":["Zone information could not be determined"]}"#,
            PsaUnauthorized,
            Again::Never,
            "unknown",
        ),
        (
            500,
            r#"{"errors":["Invalid credentials"]}"#,
            PsaUnauthorized,
            Again::Never,
            "credentials",
        ),
        (
            500,
            r#"{"errors":["The username or password is incorrect."]}"#,
            PsaUnauthorized,
            Again::Never,
            "credentials",
        ),
        (
            500,
            r#"{"errors":["Unable to find Active in the Contact Entity"]}"#,
            PsaUnknownError,
            Again::Never,
            "request itself",
        ),
        (
            500,
            r#"{"errors":["Value cannot be null.\r\nParameter name: filters"]}"#,
            PsaUnknownError,
            Again::Never,
            "request itself",
        ),
        (
            500,
            r#"{"errors":["maxCountOfRecordsToReturn must be between 1 and 500"]}"#,
            PsaUnknownError,
            Again::Never,
            "request itself",
        ),
        (500, FAULT, PsaServerError, Again::Soon, "failed"),
        (500, "", PsaServerError, Again::Later, "failed"),
        (500, "<html>", PsaServerError, Again::Later, "failed"),
        (501, "", PsaServerError, Again::Soon, "not available"),
        (502, "<html>", PsaServerError, Again::Soon, "not available"),
        (503, "", PsaServerError, Again::Soon, "not available"),
        (504, "", PsaServerError, Again::Soon, "not available"),
        (520, "", PsaServerError, Again::Soon, "not available"),
        (204, "", PsaInvalidResponse, Again::Later, "no complete list"),
        (206, "", PsaInvalidResponse, Again::Later, "no complete list"),
        (302, "", PsaInvalidResponse, Again::Never, "redirects"),
    ];

    #[test]
    fn r42_every_refusal_has_its_one_meaning() {
        for (status, body, kind, again, reason) in TABLE {
            let verdict = judge(&RULES, *status, Place::Cloud, body);
            assert_eq!((verdict.kind, verdict.again), (*kind, *again), "{status} {body}");
            assert!(verdict.reason.contains(reason), "{status}: {}", verdict.reason);
        }
    }
}
