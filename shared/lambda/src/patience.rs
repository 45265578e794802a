//! How long work waits for faults that pass (R63).

use std::time::Duration;

use domain::import::Assignment;

/// How long each kind of work waits in all for a PSA, a directory or a store that does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// A fetch that an administrator looks at.
    pub attended_fetch: Duration,
    /// A fetch that a schedule or an event started.
    pub unattended_fetch: Duration,
    /// An execution.
    pub execution: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attended_fetch: Duration::from_mins(5),
            unattended_fetch: Duration::from_hours(2),
            execution: Duration::from_hours(24),
        }
    }
}

impl Patience {
    /// The allowance of a piece of work.
    pub const fn of(self, assignment: Assignment, unattended: bool) -> Duration {
        match assignment {
            Assignment::Fetch if unattended => self.unattended_fetch,
            Assignment::Fetch => self.attended_fetch,
            Assignment::Execute => self.execution,
        }
    }
}
