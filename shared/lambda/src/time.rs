//! Time and ids, injected so that tests own them.

use jiff::Timestamp;
use uuid::Uuid;

/// What time it is.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// New ids.
pub trait Ids: Send + Sync {
    /// An id that was never given before; later ones sort behind earlier ones.
    fn next(&self) -> String;
}

/// Ids that are unique everywhere.
#[derive(Debug, Clone, Copy)]
pub struct UniqueIds;

impl Ids for UniqueIds {
    fn next(&self) -> String {
        Uuid::now_v7().simple().to_string()
    }
}
