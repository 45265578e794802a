//! An import as every function shows it.

use domain::filter::Filter;
use domain::ids::{ImportId, IntegrationId};
use domain::import::{Import, ImportState, Phase, Progress};
use domain::plan::Counts;
use domain::problem::Problem;
use domain::row_counts::RowCounts;
use jiff::Timestamp;
use lambda::Services;
use schemars::JsonSchema;
use serde::Serialize;
use store::waited::{WaitReason, Waiting};

use crate::lock::LockView;
use crate::people::{PeopleView, SuspiciousView};
use crate::problem::{Api, Description, describe};

/// An import. A history shows it without progress, rows and lock.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Import")]
pub struct ImportView {
    /// The id of the import.
    id: ImportId,
    /// The id of the integration that the import reads.
    integration: IntegrationId,
    /// The state of the import.
    state: ImportState,
    /// Whether an import that executes was asked to stop: it finishes what it has begun, and then ends. Absent means `false`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stopping: bool,
    /// The filter that the import was started with. Absent if it accepts everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<Filter>,
    /// Says that much is absent, so the snapshot may be incomplete (R54). Absent if nothing is suspicious.
    #[serde(skip_serializing_if = "Option::is_none")]
    suspicious: Option<SuspiciousView>,
    /// How many people were imported before and are not in the snapshot. Absent until the snapshot is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    people_not_in: Option<PeopleView>,
    /// How many rows of each kind the import has. Present from the complete snapshot until the rows are deleted; never in a history.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<RowCounts>,
    /// How much of the integration is excluded now, with or without a row. Absent once the import has ended, and in a history.
    #[serde(skip_serializing_if = "Option::is_none")]
    excluded: Option<ExcludedCounts>,
    /// What the import does now, and how much of it is done. Present while it fetches or applies; never in a history.
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<Phase>,
    /// How much the import has read and applied so far. Absent in a history.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Progress>,
    /// Why the import reads everything instead of changes, as a sentence in the language of the caller. Absent if it reads changes, and in a
    /// history.
    #[serde(skip_serializing_if = "Option::is_none")]
    full_read: Option<&'static str>,
    /// What the import waits for. Present only while it waits; never in a history.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<WaitingView>,
    /// How many rows ended in each way. Present once an import that executed has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Counts>,
    /// Why the import failed, or why it was ended after it lost its lock. Absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Description>,
    /// Why an unattended import stopped in review for an administrator. Absent if it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Description>,
    /// Whether the policy decides on the import instead of an administrator. False once it has stopped for one.
    unattended: bool,
    /// Who started it: an administrator's email address, or the integration's name for a schedule or an event.
    started_by: String,
    /// The email address of the administrator who took over or cancelled the unattended import. Absent if nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_over_by: Option<String>,
    /// When the import started.
    started_at: Timestamp,
    /// When the import ended. Absent until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
    /// When the review ends: from then on nobody can decide on the import or confirm it.
    review_until: Timestamp,
    /// When its companies, addresses and plan are deleted.
    rows_until: Timestamp,
    /// When the import and its result are deleted. A history shows it longer.
    result_until: Timestamp,
    /// The lock that the import holds on its integration. Absent if it holds none, and in a history.
    #[serde(skip_serializing_if = "Option::is_none")]
    lock: Option<LockView>,
}

/// How many companies and contacts of the integration are excluded (R96).
#[derive(Debug, Serialize, JsonSchema)]
struct ExcludedCounts {
    /// How many companies are excluded.
    companies: usize,
    /// How many contacts are excluded.
    people: usize,
}

/// What an import waits for, and when it tries again (R63).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Waiting")]
struct WaitingView {
    /// What the import waits for.
    #[serde(rename = "for")]
    reason: WaitingFor,
    /// When the import tries again.
    until: Timestamp,
}

/// What an import waits for: an answer of the PSA, of the directory or of the service's own store, or the end of the import that lost its
/// lock to this one.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum WaitingFor {
    Psa,
    Directory,
    Store,
    PreviousImport,
}

impl From<Waiting> for WaitingView {
    fn from(waiting: Waiting) -> Self {
        Self {
            reason: match waiting.reason {
                WaitReason::Psa => WaitingFor::Psa,
                WaitReason::Directory => WaitingFor::Directory,
                WaitReason::Store => WaitingFor::Store,
                WaitReason::PreviousImport => WaitingFor::PreviousImport,
            },
            until: waiting.until,
        }
    }
}

impl ImportView {
    /// The import as it is now.
    pub async fn of(services: &Services, import: Import) -> Api<Self> {
        let tenant = services.tenant(&import.msp);
        let now = services.clock.now();
        let (progress, waiting) = tenant.progress(&import).await?;
        let holder = tenant
            .holder(&import.integration, now)
            .await?
            .filter(|holder| holder.import == import.id);
        let rows = match import.fetched_at {
            Some(_) => tenant.row_counts(&import).await?,
            None => None,
        };
        let excluded = if import.state.is_final() {
            None
        } else {
            let exclusions = tenant.standing(&import.integration).await?.exclusions;
            Some(ExcludedCounts {
                companies: exclusions.companies.len(),
                people: exclusions.people.len(),
            })
        };
        Ok(Self {
            rows,
            excluded,
            phase: progress.phase(import.state),
            full_read: progress
                .reading
                .and_then(|reading| Some(reading.reason?.text(crate::problem::language()))),
            progress: Some(progress),
            waiting: waiting.filter(|waiting| waiting.until > now).map(WaitingView::from),
            lock: holder.map(LockView::from),
            ..Self::line(import)
        })
    }

    /// A line of a history.
    pub fn line(import: Import) -> Self {
        let describe = |problem: Option<&Problem>| problem.map(|problem| describe(problem, crate::problem::language()));
        Self {
            review_until: import.review_until(),
            rows_until: import.rows_until(),
            result_until: import.result_until(),
            suspicious: SuspiciousView::of(&import, crate::problem::language()),
            people_not_in: PeopleView::of(&import),
            error: describe(import.error.as_ref()),
            stopped: describe(import.stopped.as_ref()),
            unattended: import.unattended,
            taken_over_by: import.taken_over_by.map(|person| person.name),
            id: import.id,
            integration: import.integration,
            state: import.state,
            stopping: import.cancelling && import.state == ImportState::Executing,
            filter: Some(import.filter).filter(|filter| !filter.0.is_empty()),
            rows: None,
            excluded: None,
            phase: None,
            progress: None,
            full_read: None,
            waiting: None,
            counts: import.counts,
            started_by: import.started_by.name,
            started_at: import.started_at,
            ended_at: import.ended_at,
            lock: None,
        }
    }
}
