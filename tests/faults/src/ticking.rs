//! The clock and the ids of a world.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use jiff::Timestamp;
use lambda::{Clock, Ids};

/// Time and ids, which survive every process.
#[derive(Clone)]
pub struct Ticking {
    pub(crate) now: Arc<AtomicI64>,
    pub(crate) id: Arc<AtomicU64>,
}

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.now.load(Ordering::SeqCst)).unwrap()
    }
}

impl Ids for Ticking {
    fn next(&self) -> String {
        format!("{:08}", self.id.fetch_add(1, Ordering::SeqCst))
    }
}

impl Ticking {
    pub(crate) fn new() -> Self {
        Self {
            now: Arc::new(AtomicI64::new(1_800_000_000)),
            id: Arc::new(AtomicU64::new(1)),
        }
    }

    /// The seconds it shows.
    pub fn seconds(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    /// Moves the clock.
    pub fn advance(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Moves the clock to a moment, if that is later.
    pub fn wait_until(&self, until: Timestamp) {
        self.now.fetch_max(until.as_second(), Ordering::SeqCst);
    }
}
