//! Imports.

use domain::directory::{CreationAction, ReservationId};
use domain::filter::{Accepted, Filter};
use domain::ids::{ImportId, IntegrationId, MspId};
use domain::import::retention::RESULT_DAYS;
use domain::import::{Import, ImportState, Person};
use domain::not_in::FoundAbsent;
use domain::plan::Counts;
use domain::problem::Problem;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::failure::FailureRecord;
use crate::schema::Kind;

/// Since schema 2 a failure has a code; before it had the name of a variant.
pub(crate) const IMPORT: Kind = Kind {
    name: "import",
    schema: 2,
    kept_days: Some(RESULT_DAYS),
};

/// Without a failure both schemas are the same, and an earlier version reads the item.
const WITHOUT_FAILURE: Kind = Kind::first(IMPORT.name).kept(RESULT_DAYS);

/// See [`Import`].
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportRecord {
    id: ImportId,
    msp: MspId,
    integration: IntegrationId,
    state: ImportState,
    abandoned: bool,
    #[serde(default)]
    cancelling: bool,
    filter: Accepted,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    full: bool,
    started_by: PersonRecord,
    #[serde(default)]
    taken_over_by: Option<PersonRecord>,
    #[serde(default)]
    unattended: bool,
    #[serde(default)]
    fetched_at: Option<Timestamp>,
    #[serde(default)]
    stopped: Option<FailureRecord>,
    #[serde(default, skip_serializing_if = "is_nothing")]
    absent: FoundAbsent,
    started_at: Timestamp,
    #[serde(default)]
    ended_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
    // Conditions ask whether the attribute exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reservation: Option<ReservationId>,
    #[serde(default)]
    plan_hash: Option<String>,
    #[serde(default, skip_serializing_if = "CreationAction::is_default")]
    creation: CreationAction,
    #[serde(default)]
    counts: Option<Counts>,
    #[serde(default)]
    error: Option<FailureRecord>,
}

fn is_nothing(absent: &FoundAbsent) -> bool {
    *absent == FoundAbsent::NOTHING
}

/// See [`Person`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PersonRecord {
    subject: String,
    name: String,
}

impl ImportRecord {
    /// The kind of the item, with the lowest schema that has all of it.
    pub(crate) const fn kind(&self) -> Kind {
        if self.error.is_some() || self.stopped.is_some() {
            IMPORT
        } else {
            WITHOUT_FAILURE
        }
    }
}

impl From<&Import> for ImportRecord {
    fn from(import: &Import) -> Self {
        Self {
            id: import.id.clone(),
            msp: import.msp.clone(),
            integration: import.integration.clone(),
            state: import.state,
            abandoned: import.abandoned,
            cancelling: import.cancelling,
            filter: import.filter.0.clone(),
            full: import.full,
            started_by: (&import.started_by).into(),
            taken_over_by: import.taken_over_by.as_ref().map(PersonRecord::from),
            unattended: import.unattended,
            fetched_at: import.fetched_at,
            stopped: import.stopped.as_ref().map(FailureRecord::from),
            absent: import.absent,
            started_at: import.started_at,
            ended_at: import.ended_at,
            trace: import.trace.clone(),
            reservation: import.reservation.clone(),
            plan_hash: import.plan_hash.clone(),
            creation: import.creation,
            counts: import.counts,
            error: import.error.as_ref().map(FailureRecord::from),
        }
    }
}

impl From<ImportRecord> for Import {
    fn from(record: ImportRecord) -> Self {
        Self {
            id: record.id,
            msp: record.msp,
            integration: record.integration,
            state: record.state,
            abandoned: record.abandoned,
            cancelling: record.cancelling,
            filter: Filter(record.filter),
            full: record.full,
            started_by: record.started_by.into(),
            taken_over_by: record.taken_over_by.map(Person::from),
            unattended: record.unattended,
            fetched_at: record.fetched_at,
            stopped: record.stopped.map(Problem::from),
            absent: record.absent,
            started_at: record.started_at,
            ended_at: record.ended_at,
            trace: record.trace,
            reservation: record.reservation,
            plan_hash: record.plan_hash,
            creation: record.creation,
            counts: record.counts,
            error: record.error.map(Problem::from),
        }
    }
}

impl From<&Person> for PersonRecord {
    fn from(person: &Person) -> Self {
        Self {
            subject: person.subject.clone(),
            name: person.name.clone(),
        }
    }
}

impl From<PersonRecord> for Person {
    fn from(record: PersonRecord) -> Self {
        Self {
            subject: record.subject,
            name: record.name,
        }
    }
}
