//! What refusals of `ConnectWise` mean, where they mean more than their status.

use domain::psa::PsaFailureKind::{PsaForbidden, PsaInvalidResponse, PsaServerError, PsaUnauthorized};

use crate::http::verdict::{ANYTHING, Again, Place, Rule, Verdict};

pub(super) static RULES: [Rule; 7] = [
    // Witnesses disagree on the status: 400, 401 and 403 have all been seen.
    Rule::new(
        400..=403,
        &["clientid"],
        PsaUnauthorized,
        Again::Never,
        "the clientId of this product is rejected",
    ),
    Rule::new(
        400..=499,
        &["ssl is required"],
        PsaInvalidResponse,
        Again::Never,
        "the address is that of the pages for browsers, not that of the API",
    ),
    Rule::new(
        400..=599,
        &["usernotauthenticated"],
        PsaUnauthorized,
        Again::Never,
        "the credentials are invalid, expired or revoked",
    ),
    Rule::new(
        404..=404,
        ANYTHING,
        PsaUnauthorized,
        Again::Never,
        "the company id is unknown at this address",
    )
    .at(Place::Discovery),
    // The cloud answers wrong keys or a wrong company id with 404 rather than 401.
    Rule::new(
        404..=404,
        ANYTHING,
        PsaUnauthorized,
        Again::Never,
        "the credentials are invalid, or belong to another company id",
    )
    .at(Place::Cloud),
    Rule::new(
        404..=404,
        ANYTHING,
        PsaInvalidResponse,
        Again::Never,
        "there is no ConnectWise API at this address",
    ),
    Rule::new(500..=500, ANYTHING, PsaServerError, Again::Soon, "the PSA failed"),
];

/// No status tells this.
pub(super) const COMPANIES_HIDDEN: Verdict = Verdict {
    kind: PsaForbidden,
    again: Again::Never,
    reason: "every contact is shown without its company",
};

#[cfg(test)]
mod tests {
    use domain::psa::PsaFailureKind::{self, PsaUnknownError};

    use super::*;
    use crate::http::verdict::judge;

    const CLIENT_ID: &str = r#"{"code":"Unauthorized","message":"A valid ClientID header is required.","errors":null}"#;
    const SECURITY: &str =
        r#"{"code":"Security","message":"You do not have security permission to perform this action."}"#;
    const SSL: &str = r#"{"code":"Security","message":"SSL is required.","errors":null}"#;
    const NO_USER: &str = r#"{"code":"ConnectWiseApi","message":"UserNotAuthenticated"}"#;
    const FAILED: &str = "{\r\n  \"code\": \"ConnectWiseApi\",\r\n  \"message\": \"Length cannot be less than zero.\"}";
    const LIMIT: &str = r#"{"error":"ConnectWiseAPI","message":"Too many requests. Please try again in 30 seconds."}"#;

    type Row = (u16, &'static str, Place, PsaFailureKind, Again, &'static str);

    const TABLE: &[Row] = &[
        (400, CLIENT_ID, Place::Cloud, PsaUnauthorized, Again::Never, "clientId"),
        (401, CLIENT_ID, Place::Cloud, PsaUnauthorized, Again::Never, "clientId"),
        (
            403,
            CLIENT_ID,
            Place::OnPremises,
            PsaUnauthorized,
            Again::Never,
            "clientId",
        ),
        (
            400,
            r#"{"code":"ApiFindCondition"}"#,
            Place::Cloud,
            PsaUnknownError,
            Again::Never,
            "request itself",
        ),
        (
            401,
            "",
            Place::Cloud,
            PsaUnauthorized,
            Again::Never,
            "invalid, expired or revoked",
        ),
        (
            401,
            NO_USER,
            Place::OnPremises,
            PsaUnauthorized,
            Again::Never,
            "invalid, expired or revoked",
        ),
        (
            500,
            NO_USER,
            Place::OnPremises,
            PsaUnauthorized,
            Again::Never,
            "invalid, expired or revoked",
        ),
        (403, SECURITY, Place::Cloud, PsaForbidden, Again::Never, "right"),
        (403, SSL, Place::Cloud, PsaInvalidResponse, Again::Never, "browsers"),
        (404, "", Place::Discovery, PsaUnauthorized, Again::Never, "company id"),
        (
            404,
            "",
            Place::Cloud,
            PsaUnauthorized,
            Again::Never,
            "another company id",
        ),
        (
            404,
            "<html>",
            Place::OnPremises,
            PsaInvalidResponse,
            Again::Never,
            "no ConnectWise API",
        ),
        (
            429,
            LIMIT,
            Place::Cloud,
            PsaUnknownError,
            Again::WhenLimitPasses,
            "rate limit",
        ),
        (500, FAILED, Place::Cloud, PsaServerError, Again::Soon, "failed"),
        (500, "<html>", Place::OnPremises, PsaServerError, Again::Soon, "failed"),
        (
            502,
            "<html>",
            Place::Cloud,
            PsaServerError,
            Again::Soon,
            "not available",
        ),
        (503, "", Place::Discovery, PsaServerError, Again::Soon, "not available"),
        (504, "", Place::Cloud, PsaServerError, Again::Soon, "not available"),
    ];

    #[test]
    fn r42_every_refusal_has_its_one_meaning() {
        for (status, body, place, kind, again, reason) in TABLE {
            let verdict = judge(&RULES, *status, *place, body);
            assert_eq!(
                (verdict.kind, verdict.again),
                (*kind, *again),
                "{status} {place:?} {body}"
            );
            assert!(
                verdict.reason.contains(reason),
                "{status} {place:?}: {}",
                verdict.reason
            );
        }
    }
}
