//! Retrying writes that lost to a concurrent write: a limited number of attempts, with exponential backoff and jitter.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::StoreError;

/// Retries of a write that keeps losing to concurrent writes. The backoff takes 5 to 11 seconds in all: longer than contention on
/// one item lasts, and short enough for a caller behind API Gateway.
pub const MOST_REPEATS: usize = 10;

/// The backoff of everything in this crate that is repeated.
pub(crate) fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(20))
        .with_max_delay(Duration::from_secs(1))
        .with_max_times(MOST_REPEATS)
        .with_jitter()
}

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
            waits: backoff().build(),
        }
    }

    /// Waits before the next attempt, or gives up with [`StoreError::Contention`].
    pub async fn again(&mut self) -> Result<(), StoreError> {
        let wait = self.waits.next().ok_or(StoreError::Contention { what: self.what })?;
        tokio::time::sleep(wait).await;
        Ok(())
    }
}
