//! One import: its states and what is known of it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::directory::{CreationAction, ReservationId};
use crate::filter::Filter;
use crate::ids::{ImportId, IntegrationId, MspId};
use crate::not_in::FoundAbsent;
use crate::plan::Counts;
use crate::problem::Problem;
use crate::reading::Reading;

mod person;
pub mod retention;
mod state;
mod transition;

pub use person::{Holder, Person};
pub use state::{EventKind, ImportState};
pub use transition::{Ending, Event, IllegalTransition, Transition};

/// What a worker has to do for an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assignment {
    /// Download the snapshot.
    Fetch,
    /// Apply the plan; of an unattended import in review, first decide whether it is confirmed.
    Execute,
}

impl Assignment {
    /// The assignment as the state machine reads it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Execute => "execute",
        }
    }
}

/// The fencing token of a lock: it grows each time the lock or its worker changes hands, and a write with an older one is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FencingToken(pub u64);

/// How much an import has read and applied so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// How many companies the import has read from the PSA.
    pub companies: u64,
    /// How many contacts the import has read from the PSA.
    pub contacts: u64,
    /// How many pages the import has read from the PSA.
    pub pages: u64,
    /// How many companies and contacts there are to read. Absent if the PSA did not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// How many managed companies have their users read. Absent before this begins, and for a directory that is not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<u64>,
    /// How many managed companies there are to read. Absent while this is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_directory: Option<u64>,
    /// How many companies have their rows made. Absent until the PSA is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sorted: Option<u64>,
    /// How many companies get rows: those read, and those absent. Absent while this is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_sort: Option<u64>,
    /// How many companies the import has applied.
    #[serde(default)]
    pub executed: u64,
    /// How many companies the import applies in all. Absent until it has applied some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_execute: Option<u64>,
    /// How many rows of those companies ended in each way. Absent until the import has applied some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcomes: Option<Counts>,
    /// How many contacts name a company that the PSA does not have; no row has them.
    #[serde(default)]
    pub orphans: u64,
    /// How the import reads the PSA. Absent before it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
}

/// What an import does now, and how much of it is done (R74).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Phase {
    /// What the import does.
    pub name: PhaseName,
    /// How much is done: companies and contacts while reading the PSA, otherwise companies.
    pub done: u64,
    /// How much there is to do, in the same unit. Absent while this is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

/// What an import does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PhaseName {
    /// It reads companies and contacts from the PSA.
    Reading,
    /// It reads users from the directory.
    ReadingDirectory,
    /// It makes the rows of companies, and looks up what is absent.
    Sorting,
    /// It applies the plan, company by company.
    Applying,
}

impl Progress {
    /// What an import in this state does; nothing while it waits for a person, and once it has ended.
    pub const fn phase(&self, state: ImportState) -> Option<Phase> {
        let (name, done, total) = match (state, self.sorted, self.directory) {
            (ImportState::Fetching, None, None) => (PhaseName::Reading, self.companies + self.contacts, self.total),
            (ImportState::Fetching, None, Some(read)) => (PhaseName::ReadingDirectory, read, self.of_directory),
            (ImportState::Fetching, Some(sorted), _) => (PhaseName::Sorting, sorted, self.to_sort),
            (ImportState::Executing, ..) => (PhaseName::Applying, self.executed, self.to_execute),
            _ => return None,
        };
        Some(Phase { name, done, total })
    }
}

/// An import.
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
#[derive(Debug, Clone)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// The tenant.
    pub msp: MspId,
    /// The integration it reads.
    pub integration: IntegrationId,
    /// Where it stands.
    pub state: ImportState,
    /// Set when somebody else took over its lock while it was executing: what is left is to finish what it had begun, and to end.
    pub abandoned: bool,
    /// Set to end after the row at hand.
    pub cancelling: bool,
    /// The filter it was started with.
    pub filter: Filter,
    /// Whether everything is read, also if changes would do (R78).
    pub full: bool,
    /// Who started it.
    pub started_by: Person,
    /// The administrator who took over what an unattended import left in review.
    pub taken_over_by: Option<Person>,
    /// Whether the integration's policy decides (R48); not any more once the import has stopped for an administrator.
    pub unattended: bool,
    /// When its snapshot was complete; before that there is none (R8).
    pub fetched_at: Option<Timestamp>,
    /// What was imported before and is not in its snapshot (R54, R55); nothing before the snapshot is complete.
    pub absent: FoundAbsent,
    /// Why an unattended import stopped in review.
    pub stopped: Option<Problem>,
    /// When.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Trace id of the call that started or confirmed it; workers log it.
    pub trace: Option<String>,
    /// Its licence reservation. In review: the only one that can still move it to `executing`.
    pub reservation: Option<ReservationId>,
    /// The plan that is being or was applied.
    pub plan_hash: Option<String>,
    /// Whether the users that it creates are invited at once, if the directory lets us choose (R86).
    pub creation: CreationAction,
    /// The outcomes, once it has ended.
    pub counts: Option<Counts>,
    /// Why it failed.
    pub error: Option<Problem>,
}

impl Import {
    /// An import that begins by fetching.
    pub const fn new(
        id: ImportId,
        msp: MspId,
        integration: IntegrationId,
        filter: Filter,
        started_by: Person,
        started_at: Timestamp,
    ) -> Self {
        Self {
            id,
            msp,
            integration,
            state: ImportState::Fetching,
            abandoned: false,
            cancelling: false,
            filter,
            full: false,
            started_by,
            taken_over_by: None,
            unattended: false,
            fetched_at: None,
            absent: FoundAbsent::NOTHING,
            stopped: None,
            started_at,
            ended_at: None,
            trace: None,
            reservation: None,
            plan_hash: None,
            creation: CreationAction::Stage,
            counts: None,
            error: None,
        }
    }

    /// Who decides on it and holds the integration for it.
    pub fn holder(&self) -> &Person {
        self.taken_over_by.as_ref().unwrap_or(&self.started_by)
    }

    /// What a worker has to do for it, if anything.
    pub const fn assignment(&self) -> Option<Assignment> {
        match self.state {
            ImportState::Fetching => Some(Assignment::Fetch),
            ImportState::Executing => Some(Assignment::Execute),
            ImportState::Review if self.unattended => Some(Assignment::Execute),
            _ => None,
        }
    }

    /// Whether a schedule or an event started it, and no administrator has taken it over.
    pub const fn has_no_administrator(&self) -> bool {
        (self.unattended || self.stopped.is_some()) && self.taken_over_by.is_none()
    }

    /// Whether it waits for an administrator, and any may take it over.
    pub const fn is_for_the_taking(&self) -> bool {
        self.stopped.is_some() && self.taken_over_by.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r74_no_phase_says_that_more_is_done_than_there_is() {
        let progress = Progress {
            companies: 40,
            contacts: 600,
            total: Some(640),
            sorted: Some(43),
            to_sort: Some(45),
            ..Progress::default()
        };
        let phase = progress.phase(ImportState::Fetching).unwrap();
        assert_eq!(
            (phase.name, phase.done, phase.total),
            (PhaseName::Sorting, 43, Some(45))
        );
        // The number of rows is known only once it is known who is absent.
        let reading_back = Progress {
            sorted: Some(0),
            to_sort: None,
            ..progress
        };
        assert_eq!(reading_back.phase(ImportState::Fetching).unwrap().total, None);
    }
}
