//! The time the simulators go by.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// System time plus an offset that only the test moves. Clones share the offset.
#[derive(Clone, Debug, Default)]
pub struct SimClock {
    offset_seconds: Arc<AtomicI64>,
}

impl SimClock {
    /// A clock that shows the system's time.
    pub fn new() -> Self {
        Self::default()
    }

    /// The simulated time; never beyond what a [`Timestamp`] can hold.
    pub fn now(&self) -> Timestamp {
        let offset = SignedDuration::from_secs(self.offset_seconds.load(Ordering::SeqCst));
        let now = Timestamp::now();
        now.checked_add(offset).unwrap_or(now)
    }

    /// The time that a PSA gives a change whose own clock is off by so many seconds. Changes within `same_within` seconds get the same.
    pub fn stamp(&self, skew_seconds: i64, same_within: i64) -> Timestamp {
        let now = self.skewed(skew_seconds);
        let second = now.as_second();
        match second.checked_rem_euclid(same_within) {
            Some(past) if same_within > 1 => Timestamp::from_second(second - past).unwrap_or(now),
            _ => now,
        }
    }

    /// The `Date` of a reply from a server whose clock is off by so many seconds.
    pub fn http_date(&self, skew_seconds: i64) -> String {
        let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
        printer
            .timestamp_to_rfc9110_string(&self.skewed(skew_seconds))
            .unwrap_or_default()
    }

    fn skewed(&self, seconds: i64) -> Timestamp {
        let now = self.now();
        now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now)
    }

    /// Moves the clock forward, or back with a negative number.
    pub fn advance(&self, seconds: i64) {
        self.offset_seconds.fetch_add(seconds, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_a_clock_of_its_own_and_may_round_its_stamps() {
        let clock = SimClock::new();
        let ahead = clock.stamp(300, 0).duration_since(clock.now());
        assert!((298..=300).contains(&ahead.as_secs()), "{ahead}");
        assert_eq!(clock.stamp(0, 3_600).as_second() % 3_600, 0);
        let date = clock.http_date(-300);
        assert!(date.ends_with(" GMT") && date.len() == 29, "{date}");
    }

    #[test]
    fn clones_share_the_offset() {
        let clock = SimClock::new();
        let before = clock.now();
        clock.clone().advance(3_600);
        assert!(clock.now() >= before + SignedDuration::from_secs(3_600));
        clock.advance(-7_200);
        assert!(clock.now() < before);
    }
}
