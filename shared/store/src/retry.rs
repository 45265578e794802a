//! Retrying writes that lost to a concurrent write: a limited number of attempts, with exponential backoff and jitter.

use std::time::Duration;

use ::retry::RetryPolicy;
use backon::{BackoffBuilder, ExponentialBackoff};

use crate::StoreError;

/// For everything in this crate that is repeated, and writes that keep losing to concurrent writes. The backoff takes 5 to 11 seconds
/// in all: longer than contention on one item lasts, and short enough for a caller behind API Gateway.
pub const RETRY: RetryPolicy = RetryPolicy {
    base: Duration::from_millis(20),
    cap: Duration::from_secs(1),
    repeats: 10,
};

/// The attempts at a write that may lose to somebody else each time.
///
/// ```no_run
/// # async fn example() -> Result<(), store::StoreError> {
/// # async fn write() -> Result<bool, store::StoreError> { Ok(true) }
/// let mut attempts = store::retry::Attempts::at("policy");
/// while !write().await? {
///     attempts.again().await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Attempts {
    what: &'static str,
    waits: ExponentialBackoff,
}

impl Attempts {
    /// Attempts at writing `what`, which the error names.
    pub fn at(what: &'static str) -> Self {
        Self {
            what,
            waits: RETRY.with_jitter().build(),
        }
    }

    /// Waits before the next attempt, or gives up with [`StoreError::Contention`].
    pub async fn again(&mut self) -> Result<(), StoreError> {
        let wait = self.waits.next().ok_or(StoreError::Contention { what: self.what })?;
        tokio::time::sleep(wait).await;
        Ok(())
    }
}
