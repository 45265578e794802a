//! How often something is repeated, and how long the waits are: one type for PSAs, the directory and the database.

use std::time::Duration;

use backon::ExponentialBuilder;

/// Capped exponential backoff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The first wait. Each further wait is twice as long.
    pub base: Duration,
    /// The longest wait.
    pub cap: Duration,
    /// The most repeats.
    pub repeats: usize,
}

impl RetryPolicy {
    /// The waits without jitter, for callers that draw their own.
    pub fn backoff(self) -> ExponentialBuilder {
        ExponentialBuilder::default()
            .with_min_delay(self.base)
            .with_max_delay(self.cap)
            .with_factor(2.0)
            .with_max_times(self.repeats)
    }

    /// The waits, each with a random part of up to the wait itself, so that callers which failed together do not return together.
    pub fn with_jitter(self) -> ExponentialBuilder {
        self.backoff().with_jitter()
    }
}

#[cfg(test)]
mod tests {
    use backon::BackoffBuilder;

    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        base: Duration::from_millis(100),
        cap: Duration::from_millis(350),
        repeats: 4,
    };

    #[test]
    fn waits_double_up_to_the_cap() {
        let waits: Vec<u128> = POLICY.backoff().build().map(|wait| wait.as_millis()).collect();
        assert_eq!(waits, [100, 200, 350, 350]);
    }

    #[test]
    fn jitter_adds_at_most_the_wait_itself() {
        for (wait, jittered) in POLICY.backoff().build().zip(POLICY.with_jitter().build()) {
            assert!((wait..=wait * 2).contains(&jittered), "{jittered:?}");
        }
    }
}
