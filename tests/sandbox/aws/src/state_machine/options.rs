//! What executions go by.

use std::sync::Arc;

use jiff::Timestamp;

/// Tells the time that waits and the limit of a whole execution go by; a test moves it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What an execution goes by.
#[derive(Clone)]
pub struct MachineOptions {
    /// The time.
    pub clock: Clock,
    /// What the waits between retries are multiplied with; 0 retries at once.
    pub retry_factor: f64,
}

impl Default for MachineOptions {
    /// The system's time, and the waits that the definition says.
    fn default() -> Self {
        Self {
            clock: Arc::new(Timestamp::now),
            retry_factor: 1.0,
        }
    }
}
