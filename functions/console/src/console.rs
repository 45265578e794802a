//! What every handler works with.

use std::sync::Arc;
use std::time::Duration;

use http_client::{HttpClient, HttpPolicy, NoClient};
use tokio::sync::OnceCell;

use crate::session::{Endpoints, Secret};
use crate::settings::Settings;

/// How long the console waits for an answer: the page that says that none came has to come within the 29 seconds that the function has.
const PATIENCE: Duration = Duration::from_secs(24);

/// The settings, the way out, and what is read once. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Console {
    pub settings: Arc<Settings>,
    pub http: reqwest::Client,
    secret: Arc<OnceCell<Secret>>,
    pub endpoints: Arc<OnceCell<Endpoints>>,
}

impl Console {
    pub(crate) fn new(settings: Settings) -> Result<Self, NoClient> {
        // Plain addresses are those of a sandbox on this machine, as the settings make sure. The policy has to know them.
        let plain = [&settings.api, &settings.issuer]
            .into_iter()
            .filter(|address| address.starts_with("http://"));
        let policy = HttpPolicy {
            allowed_origins: plain.filter_map(|address| address.parse().ok()).collect(),
            timeout: PATIENCE,
            ..HttpPolicy::default()
        };
        Ok(Self {
            http: HttpClient::new(policy)?.for_configured(),
            settings: Arc::new(settings),
            secret: Arc::default(),
            endpoints: Arc::default(),
        })
    }

    /// The secret, read at the first request rather than at the start.
    pub(crate) async fn secret(&self) -> Result<&Secret, lambda::SecretError> {
        let read = || async {
            let text = (self.settings.secret)().await?;
            Secret::parse(&text).ok_or_else(|| lambda::SecretError("it has no key to seal with".to_owned()))
        };
        self.secret.get_or_try_init(read).await
    }
}
