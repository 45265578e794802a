//! A problem of every code, with what its texts name and its facts hold.

use domain::ids::{ImportId, IntegrationId};
use domain::import::{Holder, ImportState, Person};
use domain::plan::mass_change::MassChange;
use domain::problem::{DirectoryFailure, Limited, Mistake, Problem, ResourceKind, UrlRefused};
use domain::psa::{PsaFailure, PsaFailureKind, PsaKind};
use jiff::Timestamp;

/// A problem, and what is known of it.
pub struct Sample {
    make: fn() -> Problem,
    /// What its text names in every language.
    pub names: &'static [&'static str],
    /// Its facts, as JSON.
    pub facts: &'static str,
    /// Whether asking again can help.
    pub retryable: bool,
}

/// The problem of a sample.
pub fn problem(sample: &Sample) -> Problem {
    (sample.make)()
}

const fn lasting(make: fn() -> Problem, names: &'static [&'static str], facts: &'static str) -> Sample {
    Sample {
        make,
        names,
        facts,
        retryable: false,
    }
}

const fn passing(make: fn() -> Problem, names: &'static [&'static str], facts: &'static str) -> Sample {
    Sample {
        make,
        names,
        facts,
        retryable: true,
    }
}

/// An import that holds its integration for half an hour.
fn holder(person: Person) -> Holder {
    Holder {
        person,
        import: ImportId::new("x"),
        since: Timestamp::constant(1_767_258_000, 0),
        until: Timestamp::constant(1_767_259_800, 0),
    }
}

fn ana() -> Person {
    Person {
        subject: "ana".to_owned(),
        name: "Ana".to_owned(),
    }
}

fn psa(kind: PsaFailureKind) -> Problem {
    Problem::Psa {
        psa: PsaKind::Connectwise.into(),
        failure: PsaFailure {
            kind,
            endpoint: "GET /company/companies".to_owned(),
            reason: "for the log alone".to_owned(),
            missing_right: (kind == PsaFailureKind::PsaForbidden).then(|| "Inquire all".to_owned()),
            retryable: kind == PsaFailureKind::PsaServerError,
            not_before: None,
        },
    }
}

const FROM_PSA: &str = r#"{"psa": "connectwise", "endpoint": "GET /company/companies"}"#;

/// One problem or more of every code.
pub static SAMPLES: &[Sample] = &[
    lasting(
        || Problem::CredentialsRequired {
            field: Some("privateKey".to_owned()),
        },
        &["privateKey"],
        r#"{"field": "privateKey"}"#,
    ),
    lasting(|| Problem::CredentialsRequired { field: None }, &[], "{}"),
    passing(
        || Problem::IntegrationLocked(holder(ana())),
        &["Ana", "2026-01-01 09:00 UTC", "2026-01-01 09:30 UTC"],
        r#"{"lockedBy": "Ana", "since": "2026-01-01T09:00:00Z", "until": "2026-01-01T09:30:00Z", "import": "x", "heldByYou": false}"#,
    ),
    passing(
        || Problem::IntegrationLocked(holder(Person::principal(&IntegrationId::new("i"), "Ours"))),
        &["2026-01-01 09:00 UTC", "2026-01-01 09:30 UTC"],
        r#"{"lockedBy": "Ours", "since": "2026-01-01T09:00:00Z", "until": "2026-01-01T09:30:00Z", "import": "x", "heldByYou": false}"#,
    ),
    passing(
        || Problem::LockedByCaller(holder(ana())),
        &["2026-01-01 09:00 UTC", "2026-01-01 09:30 UTC"],
        r#"{"lockedBy": "Ana", "since": "2026-01-01T09:00:00Z", "until": "2026-01-01T09:30:00Z", "import": "x", "heldByYou": true}"#,
    ),
    lasting(
        || Problem::InsufficientLicences {
            needed: 12,
            available: 7,
        },
        &["12", "7"],
        r#"{"needed": 12, "available": 7}"#,
    ),
    passing(
        || psa(PsaFailureKind::PsaServerError),
        &["ConnectWise PSA", "GET /company/companies"],
        FROM_PSA,
    ),
    lasting(|| psa(PsaFailureKind::PsaUnauthorized), &["ConnectWise PSA"], FROM_PSA),
    lasting(
        || psa(PsaFailureKind::PsaForbidden),
        &["ConnectWise PSA", "GET /company/companies", "Inquire all"],
        r#"{"psa": "connectwise", "endpoint": "GET /company/companies", "missingRight": "Inquire all"}"#,
    ),
    lasting(
        || psa(PsaFailureKind::PsaInvalidResponse),
        &["ConnectWise PSA", "GET /company/companies"],
        FROM_PSA,
    ),
    lasting(
        || psa(PsaFailureKind::PsaUnknownError),
        &["ConnectWise PSA", "GET /company/companies"],
        FROM_PSA,
    ),
    lasting(|| psa(PsaFailureKind::PsaOtherTenant), &["ConnectWise PSA"], FROM_PSA),
    lasting(|| Problem::DirectoryCannot, &["directory"], "{}"),
    lasting(
        || Problem::Directory(DirectoryFailure::Unauthorized),
        &["API", "directory"],
        "{}",
    ),
    lasting(
        || Problem::Directory(DirectoryFailure::Forbidden),
        &["API", "directory"],
        "{}",
    ),
    lasting(
        || Problem::Directory(DirectoryFailure::OtherAccount),
        &["API", "account"],
        "{}",
    ),
    passing(
        || Problem::Directory(DirectoryFailure::Unavailable),
        &["directory"],
        "{}",
    ),
    lasting(|| Problem::IntegrationPaused, &[], "{}"),
    lasting(|| Problem::IntegrationNotFound, &[], "{}"),
    lasting(|| Problem::not_found(ResourceKind::Import), &["import"], "{}"),
    lasting(
        || Problem::UnsupportedMediaType,
        &["Content-Type: application/json"],
        "{}",
    ),
    lasting(
        || Problem::InvalidFilter {
            attribute: "company/types".to_owned(),
            value: Some("12".to_owned()),
        },
        &["company/types", "12"],
        r#"{"attribute": "company/types", "value": "12"}"#,
    ),
    lasting(
        || Problem::InvalidFilter {
            attribute: "company/types".to_owned(),
            value: None,
        },
        &["company/types"],
        r#"{"attribute": "company/types"}"#,
    ),
    lasting(
        || Problem::invalid("/name", Mistake::Missing),
        &["errors"],
        r#"{"errors": [{"pointer": "/name", "detail": "is missing"}]}"#,
    ),
    lasting(
        || Problem::InvalidPsaAddress {
            reason: UrlRefused::NotHttps,
        },
        &["https://"],
        "{}",
    ),
    lasting(
        || Problem::DecisionConflict { version: 17 },
        &["17"],
        r#"{"version": 17}"#,
    ),
    lasting(
        || Problem::PlanChanged { hash: "abc".to_owned() },
        &[],
        r#"{"hash": "abc"}"#,
    ),
    lasting(
        || {
            Problem::MassChange(MassChange {
                changes: 300,
                limit: 50,
            })
        },
        &["300", "50"],
        r#"{"changes": 300, "limit": 50}"#,
    ),
    lasting(
        || Problem::WrongState {
            state: ImportState::Review,
        },
        &["review"],
        r#"{"state": "review"}"#,
    ),
    lasting(
        || Problem::NotSelectable {
            status: "no_address".to_owned(),
        },
        &["no_address"],
        "{}",
    ),
    limited(
        || limit(Limited::Integrations),
        r#"{"of": "integrations", "limit": 20}"#,
    ),
    limited(|| limit(Limited::Companies), r#"{"of": "companies", "limit": 50000}"#),
    limited(|| limit(Limited::Contacts), r#"{"of": "contacts", "limit": 1000000}"#),
    limited(|| limit(Limited::Rules), r#"{"of": "rules", "limit": 50}"#),
    passing(
        || Problem::TooManyCalls { retry_after: 42 },
        &["42"],
        r#"{"retryAfter": 42}"#,
    ),
    lasting(|| Problem::NotAdministrator, &[], "{}"),
    lasting(|| Problem::SnapshotExpired, &["7", "14"], "{}"),
    lasting(|| Problem::ImportAbandoned, &[], "{}"),
    lasting(|| Problem::ReviewLapsed, &[], "{}"),
    lasting(|| Problem::NewerVersion, &[], "{}"),
    passing(|| Problem::Internal, &[], "{}"),
    limited(|| limit(Limited::NamedRows), r#"{"of": "namedRows", "limit": 50000}"#),
];

fn limit(of: Limited) -> Problem {
    Problem::LimitExceeded { of }
}

const fn limited(make: fn() -> Problem, facts: &'static str) -> Sample {
    lasting(make, &[], facts)
}
