//! Why imports failed or stopped: a code, which never changes, with the facts that its text needs.

use std::collections::BTreeMap;

use domain::plan::mass_change::MassChange;
use domain::problem::{Code, DirectoryFailure, Problem};
use domain::psa::{PsaFailure, PsaFailureKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// See [`Problem`]. Facts are stored of those problems that an import can fail or stop with.
#[derive(Debug, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub(crate) struct FailureRecord {
    code: String,
    #[serde(skip_serializing_if = "Value::is_null")]
    facts: Value,
}

/// What is read.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Coded {
        code: String,
        #[serde(default)]
        facts: Value,
    },
    /// As imports of schema 1 have it: the name of a problem that has no facts.
    Named(String),
    /// As imports of schema 1 have it: facts under the name of a problem.
    NamedWithFacts(BTreeMap<String, Value>),
}

impl From<Stored> for FailureRecord {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Coded { code, facts } => Self { code, facts },
            Stored::Named(name) => Self::named(&name, Value::Null),
            Stored::NamedWithFacts(named) => {
                let (name, facts) = named.into_iter().next().unwrap_or_default();
                Self::named(&name, facts)
            }
        }
    }
}

impl FailureRecord {
    /// From the form of schema 1.
    fn named(name: &str, facts: Value) -> Self {
        let code = match name {
            "psa" => return Self::of_psa(&facts),
            "credentialsRequired" => Code::CredentialsRequired,
            "insufficientLicences" => Code::InsufficientLicences,
            "integrationNotFound" => Code::IntegrationNotFound,
            "invalidPsaAddress" => Code::InvalidPsaAddress,
            "massChange" => Code::MassChange,
            "wrongState" => Code::WrongState,
            "importAbandoned" => Code::ImportAbandoned,
            "internal" => Code::Internal,
            _ => Code::NewerVersion,
        };
        Self {
            code: code.as_str().to_owned(),
            facts,
        }
    }

    /// From the form of schema 1, which has the PSA next to its failure, and the code as the kind of failure.
    fn of_psa(named: &Value) -> Self {
        let field = |pointer| named.pointer(pointer).cloned().unwrap_or_default();
        let mut facts = field("/failure");
        if let Some(facts) = facts.as_object_mut() {
            facts.insert("psa".to_owned(), field("/psa"));
        }
        let code = field("/failure/kind").as_str().unwrap_or_default().to_owned();
        Self { code, facts }
    }

    /// The problem, if this version knows the code and finds its facts.
    fn problem(&self) -> Option<Problem> {
        let code = Code::ALL.iter().find(|code| code.as_str() == self.code)?;
        Some(match code {
            Code::CredentialsRequired => Problem::CredentialsRequired {
                field: self.fact("field")?,
            },
            Code::InsufficientLicences => Problem::InsufficientLicences {
                needed: self.fact("needed")?,
                available: self.fact("available")?,
            },
            Code::InvalidFilter => Problem::InvalidFilter {
                attribute: self.fact("attribute")?,
                value: self.fact("value")?,
            },
            Code::InvalidPsaAddress => Problem::InvalidPsaAddress {
                reason: self.fact("reason")?,
            },
            Code::MassChange => Problem::MassChange(MassChange {
                changes: self.fact("changes")?,
                limit: self.fact("limit")?,
            }),
            Code::WrongState => Problem::WrongState {
                state: self.fact("state")?,
            },
            Code::LimitExceeded => Problem::LimitExceeded { of: self.fact("of")? },
            Code::IntegrationNotFound => Problem::IntegrationNotFound,
            Code::ImportAbandoned => Problem::ImportAbandoned,
            Code::ReviewLapsed => Problem::ReviewLapsed,
            Code::SnapshotExpired => Problem::SnapshotExpired,
            Code::Internal => Problem::Internal,
            Code::DirectoryUnauthorized => Problem::Directory(DirectoryFailure::Unauthorized),
            Code::DirectoryForbidden => Problem::Directory(DirectoryFailure::Forbidden),
            Code::DirectoryOtherAccount => Problem::Directory(DirectoryFailure::OtherAccount),
            Code::DirectoryUnavailable => Problem::Directory(DirectoryFailure::Unavailable),
            Code::PsaServerError => self.psa(PsaFailureKind::PsaServerError)?,
            Code::PsaUnauthorized => self.psa(PsaFailureKind::PsaUnauthorized)?,
            Code::PsaForbidden => self.psa(PsaFailureKind::PsaForbidden)?,
            Code::PsaInvalidResponse => self.psa(PsaFailureKind::PsaInvalidResponse)?,
            Code::PsaUnknownError => self.psa(PsaFailureKind::PsaUnknownError)?,
            Code::PsaOtherTenant => self.psa(PsaFailureKind::PsaOtherTenant)?,
            _ => return None,
        })
    }

    fn psa(&self, kind: PsaFailureKind) -> Option<Problem> {
        Some(Problem::Psa {
            psa: self.fact("psa")?,
            failure: PsaFailure {
                kind,
                endpoint: self.fact("endpoint")?,
                reason: self.fact("reason")?,
                missing_right: self.fact("missingRight")?,
                retryable: self.fact("retryable")?,
                not_before: self.fact("notBefore")?,
            },
        })
    }

    fn fact<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let fact = self.facts.get(name).cloned().unwrap_or_default();
        serde_json::from_value(fact).ok()
    }
}

impl From<&Problem> for FailureRecord {
    fn from(problem: &Problem) -> Self {
        let facts = match problem {
            Problem::CredentialsRequired { field } => json!({ "field": field }),
            Problem::InsufficientLicences { needed, available } => json!({ "needed": needed, "available": available }),
            Problem::InvalidFilter { attribute, value } => json!({ "attribute": attribute, "value": value }),
            Problem::InvalidPsaAddress { reason } => json!({ "reason": reason }),
            Problem::MassChange(change) => json!({ "changes": change.changes, "limit": change.limit }),
            Problem::WrongState { state } => json!({ "state": state }),
            Problem::LimitExceeded { of } => json!({ "of": of }),
            Problem::Psa { psa, failure } => json!({
                "psa": psa,
                "endpoint": failure.endpoint,
                "reason": failure.reason,
                "missingRight": failure.missing_right,
                "retryable": failure.retryable,
                "notBefore": failure.not_before,
            }),
            _ => Value::Null,
        };
        Self {
            code: problem.code().as_str().to_owned(),
            facts,
        }
    }
}

/// A code of a newer version does not make its import unreadable: it is shown as `newer_version`.
impl From<FailureRecord> for Problem {
    fn from(record: FailureRecord) -> Self {
        record.problem().unwrap_or(Self::NewerVersion)
    }
}
