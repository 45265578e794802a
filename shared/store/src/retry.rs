//! Retrying calls that lost to a concurrent write, that the service has no room for, or that it does not answer: a limited number of
//! attempts, with exponential backoff and jitter.

use std::time::Duration;

use ::retry::RetryPolicy;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use backon::{BackoffBuilder, ExponentialBackoff};

use crate::StoreError;

/// For everything in this crate that is repeated. The backoff takes 5 to 11 seconds in all: longer than contention on one item lasts, or a
/// partition needs to have room for a worker's writes again, and short enough for a caller behind API Gateway.
pub const RETRY: RetryPolicy = RetryPolicy {
    base: Duration::from_millis(20),
    cap: Duration::from_secs(1),
    repeats: 10,
};

/// Has the SDK repeat each call by [`RETRY`]. What it repeats is not repeated here as well: it knows nothing of the reasons for which a
/// transaction is cancelled, which `tx` repeats, and nothing of what a batch leaves over.
///
/// The SDK draws each wait between nothing and its own, so its own are twice as long: on average it waits as long as the policy says. By
/// default all calls of a process share a quota of repetitions, which sixteen writes at once to a partition without room use up. Here the
/// policy and the time limit of a call are the bounds.
pub fn repeated_by_sdk(config: Builder) -> Builder {
    let retries = RetryConfig::standard()
        .with_max_attempts(u32::try_from(RETRY.repeats + 1).unwrap_or(u32::MAX))
        .with_initial_backoff(2 * RETRY.base)
        .with_max_backoff(2 * RETRY.cap);
    let without_quota = RetryPartition::custom("store").token_bucket(TokenBucket::unlimited());
    config.retry_config(retries).retry_partition(without_quota.build())
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
