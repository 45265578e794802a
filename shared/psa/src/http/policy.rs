use std::time::Duration;

use super::origin::Origin;

/// What a request to a PSA may do. The default is the one for production.
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
    /// When and how often a request is repeated.
    pub retry: RetryPolicy,
}

/// Capped exponential backoff with full jitter.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// The longest first wait.
    pub base: Duration,
    /// The longest wait of all, unless the PSA asks for a longer one.
    pub cap: Duration,
    /// How often one request is repeated at most.
    pub per_request: usize,
    /// How many repetitions one client has in all.
    pub budget: u32,
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
            retry: RetryPolicy::default(),
        }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            base: Duration::from_millis(500),
            cap: Duration::from_secs(30),
            per_request: 6,
            budget: 20,
        }
    }
}
