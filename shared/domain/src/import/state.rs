//! The states of an import, and the only ways from one to another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The state of an import. `done`, `failed` and `cancelled` are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImportState {
    /// The import reads the PSA and makes the snapshot.
    Fetching,
    /// The snapshot is complete: rows can be seen, decided on and confirmed.
    Review,
    /// The import applies its plan.
    Executing,
    /// The import has applied its plan.
    Done,
    /// The import ended by a failure.
    Failed,
    /// An administrator ended the import, or another import that found its lock free.
    Cancelled,
}

impl ImportState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Fetching,
        Self::Review,
        Self::Executing,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Whether nothing can happen to the import any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }

    /// The state as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fetching => "fetching",
            Self::Review => "review",
            Self::Executing => "executing",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state after an event; `None` if the event cannot happen in this state.
    pub fn after(self, event: EventKind) -> Option<Self> {
        let mut legal = TRANSITIONS.iter();
        let (_, _, after) = legal.find(|(from, kind, _)| (*from, *kind) == (self, event))?;
        Some(*after)
    }
}

/// The whole life of an import. While it executes, a request to cancel and a lost lock leave it to its worker, which finishes the
/// company that it has begun and ends the import.
const TRANSITIONS: [(ImportState, EventKind, ImportState); 14] = {
    use EventKind as Event;
    use ImportState::{Cancelled, Done, Executing, Failed, Fetching, Review};
    [
        (Fetching, Event::Fetched, Review),
        (Fetching, Event::FetchFailed, Failed),
        (Fetching, Event::CancelRequested, Cancelled),
        (Fetching, Event::LockLost, Cancelled),
        (Review, Event::StoppedForReview, Review),
        (Review, Event::TakenOver, Review),
        (Review, Event::Confirmed, Executing),
        (Review, Event::CancelRequested, Cancelled),
        (Review, Event::LockLost, Cancelled),
        (Executing, Event::CancelRequested, Executing),
        (Executing, Event::LockLost, Executing),
        (Executing, Event::Applied, Done),
        (Executing, Event::Stopped, Cancelled),
        (Executing, Event::GivenUp, Failed),
    ]
};

/// What can happen to an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// The snapshot is complete.
    Fetched,
    /// The snapshot cannot be completed.
    FetchFailed,
    /// An unattended import needs an administrator.
    StoppedForReview,
    /// An administrator took over an unattended import that had stopped.
    TakenOver,
    /// An administrator, or the policy of an unattended import, confirmed the plan.
    Confirmed,
    /// An administrator asked to end the import.
    CancelRequested,
    /// Another import took the lock, since its lease had run out.
    LockLost,
    /// The whole plan was applied.
    Applied,
    /// The worker has stopped as an administrator asked.
    Stopped,
    /// The worker gave up; the rows that were left are skipped.
    GivenUp,
}

impl EventKind {
    /// Every event.
    pub const ALL: [Self; 10] = [
        Self::Fetched,
        Self::FetchFailed,
        Self::StoppedForReview,
        Self::TakenOver,
        Self::Confirmed,
        Self::CancelRequested,
        Self::LockLost,
        Self::Applied,
        Self::Stopped,
        Self::GivenUp,
    ];
}
