//! How long callers wait for a directory that does not answer.

use std::time::Duration;

/// Capped exponential backoff with jitter.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// The first wait.
    pub base: Duration,
    /// The longest wait.
    pub cap: Duration,
    /// How often a call is repeated at most.
    pub repeats: usize,
}

impl Default for Patience {
    /// Some twenty seconds: longer than a failover takes, and much shorter than a run.
    fn default() -> Self {
        Self {
            base: Duration::from_millis(100),
            cap: Duration::from_secs(5),
            repeats: 8,
        }
    }
}
