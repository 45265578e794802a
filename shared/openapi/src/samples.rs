//! A problem of every code, as it could really be answered.

use domain::ids::ImportId;
use domain::import::{Holder, ImportState, Person};
use domain::plan::mass_change::MassChange;
use domain::problem::{Code, DirectoryFailure, Limited, Mistake, Problem, ResourceKind, UrlRefused, ValueKind};
use domain::psa::{PsaFailure, PsaFailureKind, PsaKind};
use jiff::Timestamp;

pub(crate) fn problem(code: Code) -> Problem {
    match code {
        Code::CredentialsRequired => Problem::CredentialsRequired {
            field: Some("privateKey".to_owned()),
        },
        Code::InvalidFilter => Problem::InvalidFilter {
            attribute: "companyType".to_owned(),
            value: Some("99".to_owned()),
        },
        Code::InvalidRequest => {
            let limit = ValueKind::Whole { least: 1, most: 500 };
            Problem::invalid("limit", Mistake::Not(limit))
        }
        Code::InvalidPsaAddress => Problem::InvalidPsaAddress {
            reason: UrlRefused::PrivateName,
        },
        Code::NotAdministrator => Problem::NotAdministrator,
        Code::IntegrationPaused => Problem::IntegrationPaused,
        Code::DirectoryCannot => Problem::DirectoryCannot,
        Code::DirectoryUnauthorized => Problem::Directory(DirectoryFailure::Unauthorized),
        Code::DirectoryForbidden => Problem::Directory(DirectoryFailure::Forbidden),
        Code::DirectoryOtherAccount => Problem::Directory(DirectoryFailure::OtherAccount),
        Code::DirectoryUnavailable => Problem::Directory(DirectoryFailure::Unavailable),
        Code::IntegrationNotFound => Problem::IntegrationNotFound,
        Code::NotFound => Problem::not_found(ResourceKind::Import),
        Code::InsufficientLicences => Problem::InsufficientLicences {
            needed: 12,
            available: 3,
        },
        Code::DecisionConflict => Problem::DecisionConflict { version: 3 },
        Code::PlanChanged => Problem::PlanChanged { hash: HASH.to_owned() },
        Code::MassChange => Problem::MassChange(MassChange {
            changes: 140,
            limit: 50,
        }),
        Code::WrongState => Problem::WrongState {
            state: ImportState::Done,
        },
        Code::NotSelectable => Problem::NotSelectable {
            status: "no_address".to_owned(),
        },
        Code::ImportAbandoned => Problem::ImportAbandoned,
        Code::ReviewLapsed => Problem::ReviewLapsed,
        Code::LimitExceeded => Problem::LimitExceeded { of: Limited::Companies },
        Code::TooManyCalls => Problem::TooManyCalls { retry_after: 3 },
        Code::SnapshotExpired => Problem::SnapshotExpired,
        Code::UnsupportedMediaType => Problem::UnsupportedMediaType,
        Code::IntegrationLocked => Problem::IntegrationLocked(holder()),
        Code::NewerVersion => Problem::NewerVersion,
        Code::Internal => Problem::Internal,
        Code::PsaUnauthorized => psa(PsaFailureKind::PsaUnauthorized, false),
        Code::PsaForbidden => psa(PsaFailureKind::PsaForbidden, false),
        Code::PsaOtherTenant => psa(PsaFailureKind::PsaOtherTenant, false),
        Code::PsaServerError => psa(PsaFailureKind::PsaServerError, true),
        Code::PsaInvalidResponse => psa(PsaFailureKind::PsaInvalidResponse, false),
        Code::PsaUnknownError => psa(PsaFailureKind::PsaUnknownError, true),
    }
}

const HASH: &str = "5f0c1a9be2d34786a1c0ffee5f0c1a9be2d34786a1c0ffee5f0c1a9be2d34786";

fn holder() -> Holder {
    let at = |second| Timestamp::constant(second, 0);
    Holder {
        person: Person {
            subject: "noordzee-bram".to_owned(),
            name: "bram@noordzee.example".to_owned(),
        },
        import: ImportId::new("0198c2f4d1a77c3e9a5b6c7d8e9f0a1b"),
        since: at(1_767_258_000),
        until: at(1_767_259_800),
    }
}

fn psa(kind: PsaFailureKind, retryable: bool) -> Problem {
    let missing_right =
        (kind == PsaFailureKind::PsaForbidden).then(|| "Companies: Company Maintenance, Inquire".to_owned());
    Problem::Psa {
        psa: PsaKind::Connectwise.into(),
        failure: PsaFailure {
            kind,
            endpoint: "GET /company/companies".to_owned(),
            reason: String::new(),
            missing_right,
            retryable,
            not_before: None,
        },
    }
}
