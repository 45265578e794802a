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

    /// Moves the clock forward, or back with a negative number.
    pub fn advance(&self, seconds: i64) {
        self.offset_seconds.fetch_add(seconds, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
