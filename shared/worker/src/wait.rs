//! Waiting between runs: no run sleeps, the platform calls again at the moment that a run names.

use jiff::Timestamp;
use store::checkpoint::WaitReason;

/// A reason to end the run and to be called again later.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    /// What is waited for.
    pub reason: WaitReason,
    /// When to call again.
    pub until: Timestamp,
    /// How often in a row the job waits for it before it gives up.
    pub max_waits: u32,
}

impl Wait {
    /// The message of the log line; saved queries search for it.
    pub const fn message(&self) -> &'static str {
        match self.reason {
            WaitReason::Psa => "waiting for the PSA",
            WaitReason::Directory => "waiting for the directory",
            WaitReason::PreviousImport => "waiting for the previous import",
        }
    }
}
