//! An import as every function shows it.

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

/// An import with its progress and its lock.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Import")]
pub struct ImportView {
    id: ImportId,
    integration: IntegrationId,
    state: ImportState,
    /// There when so much is absent that the snapshot may not show all that the PSA has (R54).
    #[serde(skip_serializing_if = "Option::is_none")]
    suspicious: Option<SuspiciousView>,
    /// People who were imported before and are not in; once the snapshot is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    people_not_in: Option<PeopleView>,
    /// How many rows there are of each kind, once the snapshot is complete and as long as they are kept; not in a history.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<RowCounts>,
    /// What of the integration is excluded for good by now, whether it has rows or not; not of an import that has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    excluded: Option<ExcludedCounts>,
    /// What it does, and how much of that is done, while it fetches or applies; not in a history.
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<Phase>,
    /// How far it has come; not in a history.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Progress>,
    /// Why it reads everything instead of what changed, if it does; not in a history.
    #[serde(skip_serializing_if = "Option::is_none")]
    full_read: Option<&'static str>,
    /// What it waits for, while it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<WaitingView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Counts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Description>,
    /// Why an unattended import waits for an administrator.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Description>,
    unattended: bool,
    started_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_over_by: Option<String>,
    started_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
    /// Until when it can be decided on and confirmed.
    review_until: Timestamp,
    /// Until when its companies, addresses and plan are kept.
    rows_until: Timestamp,
    /// Until when the import itself and its result are kept. A history shows it longer.
    result_until: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    lock: Option<LockView>,
}

/// How much is excluded for good (R96).
#[derive(Debug, Serialize, JsonSchema)]
struct ExcludedCounts {
    companies: usize,
    people: usize,
}

/// What an import waits for, and until when (R63).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Waiting")]
struct WaitingView {
    /// What does not answer, or asks to come back later.
    #[serde(rename = "for")]
    reason: WaitingFor,
    /// When it is tried again.
    until: Timestamp,
}

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
