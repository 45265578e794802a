//! What requests may do.

use std::time::Duration;

use retry::RetryPolicy;

use crate::origin::Origin;

/// What a request may do. The default is the one for production.
#[derive(Debug, Clone)]
pub struct HttpPolicy {
    /// Exempt from every rule about addresses: the sandbox's own, which are plain http on loopback. Empty in production.
    pub allowed_origins: Vec<Origin>,
    /// Certificate authorities, as DER, that are trusted besides those of the web: a test's own. Empty in production.
    pub extra_roots: Vec<Vec<u8>>,
    /// How long connecting may take, TLS included.
    pub connect_timeout: Duration,
    /// How long one request may take in total.
    pub timeout: Duration,
    /// The longest reply that is read, in bytes after decompression.
    pub largest_reply: usize,
    /// How often one request is repeated at most. Each wait is drawn from all up to the policy's, unless the service asks for a longer one.
    pub retry: RetryPolicy,
    /// How many repetitions one session has in all.
    pub retry_budget: u32,
}

impl HttpPolicy {
    /// For services that answer: much shorter than a run.
    pub const RETRY: RetryPolicy = RetryPolicy {
        base: Duration::from_millis(500),
        cap: Duration::from_secs(30),
        repeats: 6,
    };
}

impl Default for HttpPolicy {
    fn default() -> Self {
        Self {
            allowed_origins: Vec::new(),
            extra_roots: Vec::new(),
            // First connections to Autotask have been seen to take more than ten seconds.
            connect_timeout: Duration::from_secs(15),
            timeout: Duration::from_mins(1),
            largest_reply: 16 * 1024 * 1024,
            retry: Self::RETRY,
            retry_budget: 20,
        }
    }
}
