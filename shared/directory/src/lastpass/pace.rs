//! How many requests are begun in a second. LastPass names no limit, so ours is low.

use std::time::{Duration, Instant as StdInstant};

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

    /// Waits for the turn of the next request, or for the deadline if that comes first: then it returns `false`.
    pub(super) async fn turn(&self, deadline: StdInstant) -> bool {
        let deadline = Instant::from_std(deadline);
        if self.every.is_zero() {
            return Instant::now() < deadline;
        }
        let turn = {
            let mut next = self.next.lock().await;
            let turn = next.map_or_else(Instant::now, |next| next.max(Instant::now()));
            // A turn that nobody takes would only delay the next run.
            if turn < deadline {
                *next = Some(turn + self.every);
            }
            turn
        };
        sleep_until(turn.min(deadline)).await;
        turn < deadline
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

    #[tokio::test]
    async fn r87_a_turn_after_the_deadline_is_left_to_the_next_run() {
        let (pace, began) = (Pace::per_second(5), Instant::now());
        let deadline = began.into_std() + Duration::from_millis(500);
        let turns = futures::future::join_all((0..50).map(|_| pace.turn(deadline))).await;
        // At 0, 200 and 400 milliseconds. All others end with the deadline, not in ten seconds.
        assert_eq!(turns.iter().filter(|is_taken| **is_taken).count(), 3);
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}
