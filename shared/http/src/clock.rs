//! The clock that says when a service may be asked again.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

/// Tells the time; tests move it.
#[derive(Clone)]
pub(crate) struct Now(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Now {
    /// A clock that calls this function.
    pub(crate) fn by(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl Default for Now {
    /// The machine's clock.
    fn default() -> Self {
        Self::by(Timestamp::now)
    }
}

impl fmt::Debug for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Now")
    }
}
