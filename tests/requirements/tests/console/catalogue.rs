//! The catalogue's text for each code that a page shows, whatever its facts are.

use domain::ids::ImportId;
use domain::import::{Holder, ImportState, Person};
use domain::language::Language;
use domain::plan::mass_change::MassChange;
use domain::problem::{
    Code, DirectoryFailure, Limited, Mistake, Problem, ResourceKind, UrlRefused, ValueKind, Wording,
};
use domain::psa::{PsaFailure, PsaFailureKind};
use jiff::Timestamp;

use crate::stage::KIND;

/// What stands in the place of facts: a text, a number and a moment that no page has.
const TEXT: &str = "§";
const NUMBER: u64 = 987_654_321;
const MOMENT: &str = "1970-01-01 00:00 UTC";

/// Whether a page says all of the catalogue's text for a code: what happened, and what to do next.
pub fn says(page: &str, code: Code, language: Language) -> bool {
    if code == Code::InvalidRequest {
        // The page names the field, and says of it what the API says.
        let not_whole = Mistake::Not(ValueKind::Whole {
            least: 0,
            most: u32::MAX.into(),
        });
        return page.contains(Wording::from(not_whole).text(language));
    }
    problems(code)
        .iter()
        .any(|problem| has(page, &problem.detail(language)))
}

/// Whether a page has each part of a text that is no fact, in this order.
fn has(page: &str, text: &str) -> bool {
    let plain = text.replace(&NUMBER.to_string(), TEXT).replace(MOMENT, TEXT);
    let mut rest = Some(page);
    for part in plain.split(TEXT) {
        rest = rest.and_then(|rest| rest.split_once(part.trim())).map(|(_, rest)| rest);
    }
    rest.is_some()
}

/// The problems of a code that the pages of the tests show.
fn problems(code: Code) -> Vec<Problem> {
    let text = || TEXT.to_owned();
    let one = match code {
        Code::CredentialsRequired => Problem::CredentialsRequired { field: Some(text()) },
        Code::InvalidFilter => Problem::InvalidFilter {
            attribute: text(),
            value: None,
        },
        Code::InvalidPsaAddress => {
            let reasons = [UrlRefused::NotHttps, UrlRefused::IpLiteral];
            return reasons.map(|reason| Problem::InvalidPsaAddress { reason }).to_vec();
        }
        Code::NotAdministrator => Problem::NotAdministrator,
        Code::DirectoryCannot => Problem::DirectoryCannot,
        Code::DirectoryUnauthorized => Problem::Directory(DirectoryFailure::Unauthorized),
        Code::DirectoryForbidden => Problem::Directory(DirectoryFailure::Forbidden),
        Code::DirectoryOtherAccount => Problem::Directory(DirectoryFailure::OtherAccount),
        Code::DirectoryUnavailable => Problem::Directory(DirectoryFailure::Unavailable),
        Code::IntegrationNotFound => Problem::IntegrationNotFound,
        Code::NotFound => Problem::not_found(ResourceKind::Import),
        Code::InsufficientLicences => Problem::InsufficientLicences {
            needed: NUMBER,
            available: NUMBER,
        },
        Code::DecisionConflict => Problem::DecisionConflict { version: NUMBER },
        Code::PlanChanged => Problem::PlanChanged { hash: text() },
        Code::MassChange => Problem::MassChange(MassChange {
            changes: NUMBER,
            limit: NUMBER,
        }),
        Code::WrongState => Problem::WrongState {
            state: ImportState::Cancelled,
        },
        Code::NotSelectable => Problem::NotSelectable { status: text() },
        Code::ImportAbandoned => Problem::ImportAbandoned,
        Code::ReviewLapsed => Problem::ReviewLapsed,
        Code::LimitExceeded => Problem::LimitExceeded { of: Limited::Rules },
        Code::TooManyCalls => {
            let seconds = [1, NUMBER];
            return seconds
                .map(|retry_after| Problem::TooManyCalls { retry_after })
                .to_vec();
        }
        Code::SnapshotExpired => Problem::SnapshotExpired,
        Code::IntegrationLocked => Problem::IntegrationLocked(holder()),
        Code::NewerVersion => Problem::NewerVersion,
        Code::Internal => Problem::Internal,
        Code::PsaUnauthorized => psa(PsaFailureKind::PsaUnauthorized),
        Code::PsaForbidden => psa(PsaFailureKind::PsaForbidden),
        Code::PsaOtherTenant => psa(PsaFailureKind::PsaOtherTenant),
        Code::PsaServerError => psa(PsaFailureKind::PsaServerError),
        Code::PsaInvalidResponse => psa(PsaFailureKind::PsaInvalidResponse),
        Code::PsaUnknownError => psa(PsaFailureKind::PsaUnknownError),
        Code::InvalidRequest | Code::IntegrationPaused | Code::UnsupportedMediaType => return Vec::new(),
    };
    vec![one]
}

fn holder() -> Holder {
    Holder {
        person: Person {
            subject: TEXT.to_owned(),
            name: TEXT.to_owned(),
        },
        import: ImportId::new(TEXT),
        since: Timestamp::UNIX_EPOCH,
        until: Timestamp::UNIX_EPOCH,
    }
}

fn psa(kind: PsaFailureKind) -> Problem {
    Problem::Psa {
        psa: KIND.into(),
        failure: PsaFailure {
            kind,
            endpoint: TEXT.to_owned(),
            reason: String::new(),
            missing_right: Some(TEXT.to_owned()),
            retryable: false,
            not_before: None,
        },
    }
}
