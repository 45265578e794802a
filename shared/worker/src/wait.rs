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
