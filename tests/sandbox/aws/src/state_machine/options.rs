//! What executions go by.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

/// Tells the time that waits and the limit of a whole execution go by; a test moves it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Lets time pass at once, where a test has the clock to itself.
pub type PassTime = Arc<dyn Fn(Duration) + Send + Sync>;

/// What an execution goes by.
#[derive(Clone)]
pub struct MachineOptions {
    /// The time.
    pub clock: Clock,
    /// What the waits between retries are multiplied with; 0 retries at once.
    pub retry_factor: f64,
    /// How waits pass, if not in real time.
    pub pass_time: Option<PassTime>,
}

impl Default for MachineOptions {
    /// The system's time, and the waits that the definition says.
    fn default() -> Self {
        Self {
            clock: Arc::new(Timestamp::now),
            retry_factor: 1.0,
            pass_time: None,
        }
    }
}
