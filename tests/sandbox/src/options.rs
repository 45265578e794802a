//! How a sandbox is set up.

use std::path::PathBuf;
use std::time::Duration;

use admin_console::TokenKind;
use lambda::config::CallRates;
use lambda::{DirectoryFactory, Patience, PsaLimits};
use psa::{HttpPolicy, Origin, RetryPolicy, Vendor};
use simkit::msp::Size;
use url::Url;

/// What a sandbox is made of. The default is a small MSP in memory on free ports.
#[derive(Clone)]
pub struct Options {
    /// How large the MSP is that both PSAs hold; `None` is as large as the state has it, or else small.
    pub size: Option<Size>,
    /// Where everything is kept; `None` is in memory.
    pub state: Option<PathBuf>,
    /// The port of the API; 0 takes a free one, or the one it had.
    pub port: u16,
    /// Another `DynamoDB` than the embedded one.
    pub dynamodb: Option<Url>,
    /// Another directory than the built-in one.
    pub directory: Option<DirectoryFactory>,
    /// Whether the first MSP has a simulated LastPass, which a folder of state remembers.
    pub lastpass: bool,
    /// Products besides those that ship, and where they listen.
    pub vendors: Vec<(&'static Vendor, Origin)>,
    /// How calls to the directory are repeated.
    pub directory_retry: RetryPolicy,
    /// How long imports wait for faults that pass.
    pub patience: Patience,
    /// How PSA requests are repeated.
    pub retry: RetryPolicy,
    /// What the state machine's waits between retries are multiplied with.
    pub retry_factor: f64,
    /// How many costly calls an MSP may make, instead of what the template says.
    pub call_rates: Option<CallRates>,
    /// How much of a PSA an import reads.
    pub psa_limits: PsaLimits,
    /// How many calls of functions may be at work at once, instead of an account's usual 1,000.
    pub concurrency: Option<usize>,
    /// How long a worker may run, instead of what the template says.
    pub worker_timeout: Option<Duration>,
    /// The console as a client of the identity provider.
    pub console_client: ConsoleClient,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            size: None,
            state: None,
            port: 0,
            dynamodb: None,
            directory: None,
            lastpass: false,
            vendors: Vec::new(),
            directory_retry: directory::RETRY,
            patience: Patience::default(),
            retry: HttpPolicy::RETRY,
            retry_factor: 1.0,
            call_rates: None,
            psa_limits: PsaLimits::default(),
            concurrency: None,
            worker_timeout: None,
            console_client: ConsoleClient::default(),
        }
    }
}

/// The console as a client of the identity provider.
#[derive(Debug, Clone, Default)]
pub struct ConsoleClient {
    /// Its client id; `None` is the audience of the tokens.
    pub id: Option<String>,
    /// Its client secret, if the provider gives one.
    pub secret: Option<String>,
    /// Which token it sends to the API.
    pub api_token: TokenKind,
    /// Whether access tokens leave out the claims of people, as those of a Cognito pool of the lowest plan do.
    pub has_bare_access_tokens: bool,
}

/// Why a sandbox does not start, or a call to it failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// AWS's part.
    #[error(transparent)]
    Aws(#[from] local_aws::Error),
    /// A port or a file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A folder that cannot be gone on with.
    #[error("the state in {} cannot be used: {why}. Take another folder.", folder.display())]
    State {
        /// Which.
        folder: PathBuf,
        /// Why.
        why: String,
    },
    /// A port that is not free.
    #[error(
        "{what} cannot listen on port {port}: {why}. Another sandbox may use the port, or this folder: end it, or take another --port."
    )]
    Port {
        /// What should listen.
        what: &'static str,
        /// Where.
        port: u16,
        /// Why it does not.
        why: String,
    },
    /// The functions' HTTP client.
    #[error(transparent)]
    Psa(#[from] psa::NoClient),
    /// A call to the API.
    #[error(transparent)]
    Call(#[from] reqwest::Error),
    /// An answer that was not expected.
    #[error("{0}")]
    Unexpected(String),
}
