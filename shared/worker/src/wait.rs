//! Waiting between runs: no run sleeps, the platform calls again at the moment that a run names (R63).

use std::time::Duration;

use jiff::Timestamp;
use lambda::WorkOutcome;
use lambda::metrics::{Metric, count};
use store::waited::{WaitReason, Waited};
use tracing::warn;

use crate::{Error, Stop};

/// How many waits in a row do not count, if a PSA or a directory names the end of each.
const FREE_WAITS: u32 = 30;

/// A reason to end the run and to be called again later.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    /// What is waited for.
    pub reason: WaitReason,
    /// When to call again, if that moment is known. Up to `free` such waits in a row do not count.
    pub until: Option<Timestamp>,
    /// How many waits in a row do not count if their end is known.
    pub free: u32,
}

impl Wait {
    /// How to wait after a stop that passes; `None` if waiting does not help.
    pub fn after(stop: &Stop) -> Option<Self> {
        let (reason, until) = match stop {
            stop if !stop.passes() => return None,
            Stop::Psa(failure) => (WaitReason::Psa, failure.asks_to_wait()),
            Stop::Directory(error) => (WaitReason::Directory, error.asks_to_wait()),
            _ => (WaitReason::Store, None),
        };
        Some(Self {
            reason,
            until,
            free: FREE_WAITS,
        })
    }

    /// The account of the waits with this one, and its end; `None` if the work has waited too long.
    pub(crate) fn next(self, waited: Waited, now: Timestamp, allowance: Duration) -> Option<(Waited, Timestamp)> {
        let named = self
            .until
            .and_then(|until| waited.named(self.reason, now, until, self.free));
        named.or_else(|| waited.longer(self.reason, now, allowance))
    }
}

/// The answer to the platform when a wait could not be written down, or the import could not even be read: the platform keeps the
/// account of the waits, and calls again. An import that has waited too long waits on, since it cannot be ended either.
pub(crate) fn wait_unwritten(stop: Stop, waited: Waited, now: Timestamp) -> Result<WorkOutcome, Error> {
    let Some(wait) = Wait::after(&stop) else {
        return Err(stop.into());
    };
    let (waited, until) = waited.longer_anyway(wait.reason, now);
    report(wait.reason, waited, Some(&stop));
    Ok(WorkOutcome::Wait(until, waited))
}

/// Counts a wait that begins, and says in the log what it is for.
pub(crate) fn report(reason: WaitReason, waited: Waited, stop: Option<&Stop>) {
    let (metric, message) = match reason {
        WaitReason::Psa => (Metric::WaitsForPsa, "waiting for the PSA"),
        WaitReason::Directory => (Metric::WaitsForDirectory, "waiting for the directory"),
        WaitReason::Store => (Metric::WaitsForStore, "waiting for the store"),
        WaitReason::PreviousImport => (Metric::WaitsForImport, "waiting for the previous import"),
    };
    count(metric, 1);
    // Saved queries search for the message.
    if let Some(stop) = stop {
        warn!(error = %stop, ?waited, "{message}");
    }
}
