//! Moving an import on: what an event changes, and how the audit trail says it.

use jiff::Timestamp;

use super::state::EventKind;
use super::{Import, ImportState, Person};
use crate::audit::AuditAction;
use crate::directory::{CreationAction, ReservationId};
use crate::not_in::FoundAbsent;
use crate::plan::Counts;
use crate::problem::{DirectoryFailure, Problem};
use crate::published::{Happening, PublishedEvent};

/// What happened to an import, with what belongs to it.
#[derive(Debug, Clone)]
pub enum Event {
    /// The snapshot is complete, and this was imported before and is not in it.
    Fetched(FoundAbsent),
    /// The snapshot cannot be completed.
    FetchFailed(Problem),
    /// An unattended import needs an administrator, for this reason.
    StoppedForReview(Problem),
    /// This administrator took over an unattended import that had stopped.
    TakenOver(Person),
    /// The plan was confirmed.
    Confirmed {
        /// The hash of the plan.
        plan_hash: String,
        /// The licences reserved for it.
        reservation: ReservationId,
        /// Whether the users that it creates are invited at once.
        creation: CreationAction,
        /// The trace id of the call, if the caller gave one.
        trace: Option<String>,
    },
    /// This administrator asked to end the import.
    CancelRequested(Person),
    /// Another import took the lock.
    LockLost,
    /// The worker has an outcome for every row.
    Finished(Ending, Counts),
}

/// How an execution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The whole plan was applied.
    Applied,
    /// An administrator had asked to stop.
    Stopped,
    /// The worker gave up.
    GivenUp,
    /// The directory takes no call any more, or answers none, for this reason.
    Rejected(DirectoryFailure),
}

impl Event {
    /// Its kind, by which [`ImportState::after`] says whether it can happen.
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::Fetched(_) => EventKind::Fetched,
            Self::FetchFailed(_) => EventKind::FetchFailed,
            Self::StoppedForReview(_) => EventKind::StoppedForReview,
            Self::TakenOver(_) => EventKind::TakenOver,
            Self::Confirmed { .. } => EventKind::Confirmed,
            Self::CancelRequested(_) => EventKind::CancelRequested,
            Self::LockLost => EventKind::LockLost,
            Self::Finished(Ending::Applied, _) => EventKind::Applied,
            Self::Finished(Ending::Stopped, _) => EventKind::Stopped,
            Self::Finished(Ending::GivenUp | Ending::Rejected(_), _) => EventKind::GivenUp,
        }
    }
}

/// An import moved on by one event: what the store writes, on condition that the import is still in the state it came from.
#[derive(Debug, Clone)]
pub struct Transition {
    from: ImportState,
    event: EventKind,
    import: Import,
}

/// An event that cannot happen in the state of the import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} cannot happen to an import in state {}", state.as_str())]
pub struct IllegalTransition {
    /// The state.
    pub state: ImportState,
    /// The event.
    pub event: EventKind,
}

impl From<IllegalTransition> for Problem {
    fn from(illegal: IllegalTransition) -> Self {
        Self::WrongState { state: illegal.state }
    }
}

impl Import {
    /// The import after an event at `now`. The import itself stays as it is until the store has written the transition.
    pub fn apply(&self, event: Event, now: Timestamp) -> Result<Transition, IllegalTransition> {
        let (from, kind) = (self.state, event.kind());
        let state = from.after(kind).ok_or(IllegalTransition {
            state: from,
            event: kind,
        })?;
        let mut import = self.clone();
        import.state = state;
        if state.is_final() {
            import.ended_at = Some(now);
        }
        match event {
            Event::Fetched(absent) => {
                import.fetched_at = Some(now);
                import.absent = absent;
            }
            Event::FetchFailed(problem) => import.error = Some(problem),
            Event::StoppedForReview(reason) => {
                import.unattended = false;
                import.stopped = Some(reason);
            }
            Event::TakenOver(person) => import.taken_over_by = Some(person),
            Event::Confirmed {
                plan_hash,
                reservation,
                creation,
                trace,
            } => {
                import.creation = creation;
                import.plan_hash = Some(plan_hash);
                import.reservation = Some(reservation);
                import.trace = trace.or(import.trace);
            }
            Event::CancelRequested(person) => {
                if import.has_no_administrator() {
                    import.taken_over_by = Some(person);
                }
                import.cancelling = state == ImportState::Executing;
            }
            Event::LockLost if state == ImportState::Executing => import.abandoned = true,
            // The worker of a fetch keeps its lock, so that is our fault; in review only people do.
            Event::LockLost if from == ImportState::Review => import.error = Some(Problem::ReviewLapsed),
            Event::LockLost => import.error = Some(Problem::ImportAbandoned),
            Event::Finished(ending, counts) => {
                import.counts = Some(counts);
                import.error = match ending {
                    Ending::GivenUp => Some(Problem::ImportAbandoned),
                    Ending::Rejected(failure) => Some(Problem::Directory(failure)),
                    Ending::Applied | Ending::Stopped => import.error,
                };
            }
        }
        Ok(Transition {
            from,
            event: kind,
            import,
        })
    }
}

impl Transition {
    /// The state that the import must still be in when this is written.
    pub const fn from(&self) -> ImportState {
        self.from
    }

    /// The import after it.
    pub const fn import(&self) -> &Import {
        &self.import
    }

    /// The import after it.
    pub fn into_import(self) -> Import {
        self.import
    }

    /// The reservation that a confirmation must not have lost to another one; only a confirmation has it.
    pub const fn confirmed_reservation(&self) -> Option<&ReservationId> {
        match self.event {
            EventKind::Confirmed => self.import.reservation.as_ref(),
            _ => None,
        }
    }

    /// What operators are told of it: that the import ended, or waits for an administrator.
    pub fn published(&self, now: Timestamp) -> Option<PublishedEvent> {
        let import = &self.import;
        let (what, reason) = if import.state.is_final() {
            (Happening::Ended, import.error.as_ref())
        } else if self.event == EventKind::StoppedForReview {
            (Happening::Stopped, import.stopped.as_ref())
        } else {
            return None;
        };
        Some(PublishedEvent {
            id: format!("{}.{}", import.id, what.as_str()),
            what,
            at: now,
            msp: import.msp.clone(),
            integration: import.integration.clone(),
            import: Some(import.id.clone()),
            state: Some(import.state),
            code: reason.map(Problem::code),
            unattended: import.started_by.is_principal(),
            suspicious: import.absent.suspicious.is_some(),
            counts: import.counts,
        })
    }

    /// What the audit trail says of it; nothing if nobody acted and nothing ended.
    pub fn audit(&self) -> Option<AuditAction> {
        let import = &self.import;
        if import.state.is_final() {
            return Some(AuditAction::ImportEnded {
                state: import.state,
                counts: import.counts,
                error: import.error.as_ref().map(|problem| problem.code().as_str().to_owned()),
            });
        }
        match self.event {
            EventKind::Confirmed => Some(AuditAction::PlanConfirmed {
                plan_hash: import.plan_hash.clone(),
            }),
            EventKind::CancelRequested => Some(AuditAction::ImportStopped),
            EventKind::TakenOver => Some(AuditAction::ImportTakenOver),
            _ => None,
        }
    }
}
