//! How many requests are begun in a second. LastPass names no limit, so ours is low.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// Begins calls no faster than so many a second, without the repetitions of a request. Shared by all calls of this process.
#[derive(Debug)]
pub struct Pace {
    every: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// So many requests a second; 0 sets no limit.
    pub fn per_second(requests: u32) -> Self {
        Self {
            every: Duration::from_secs(1).checked_div(requests).unwrap_or_default(),
            next: Mutex::new(None),
        }
    }

    /// How long so many requests take at least.
    pub fn least(&self, requests: u64) -> Duration {
        self.every.saturating_mul(u32::try_from(requests).unwrap_or(u32::MAX))
    }

    /// Waits for the turn of the next request.
    pub(super) async fn turn(&self) {
        if self.every.is_zero() {
            return;
        }
        let turn = {
            let mut next = self.next.lock().await;
            let turn = next.map_or_else(Instant::now, |next| next.max(Instant::now()));
            *next = Some(turn + self.every);
            turn
        };
        sleep_until(turn).await;
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self::per_second(5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r87_requests_take_as_long_as_their_pace_says() {
        assert_eq!(Pace::per_second(5).least(1_000), Duration::from_secs(200));
        assert_eq!(Pace::per_second(0).least(1_000), Duration::ZERO);
    }
}
