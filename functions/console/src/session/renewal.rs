//! Another token, for calls that the API refuses. It may refuse one that has not ended: the provider's keys have changed, or clocks differ.

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::provider::{self, ProviderError};
use crate::Console;

/// Renews the session of a request at most once, however many of its calls are refused. Clones share what they got.
#[derive(Clone)]
pub(crate) struct Renewal(Arc<Inner>);

struct Inner {
    console: Console,
    /// When the administrator signed in.
    since: i64,
    refresh: String,
    renewed: OnceCell<Option<Renewed>>,
}

struct Renewed {
    token: String,
    cookies: Vec<String>,
}

impl Renewal {
    pub(super) fn new(console: Console, since: i64, refresh: String) -> Self {
        Self(Arc::new(Inner {
            console,
            since,
            refresh,
            renewed: OnceCell::new(),
        }))
    }

    /// A newer token; `None` if the provider gives none.
    pub(crate) async fn token(&self) -> Option<&str> {
        let renewed = self.0.renewed.get_or_init(|| self.0.renew()).await;
        renewed.as_ref().map(|renewed| renewed.token.as_str())
    }

    /// The newer token, if a call of this request has asked for it.
    pub(crate) fn known_token(&self) -> Option<&str> {
        self.0.known().map(|renewed| renewed.token.as_str())
    }

    /// The cookies to send back, if the session was renewed.
    pub(super) fn cookies(&self) -> &[String] {
        self.0.known().map_or(&[], |renewed| &renewed.cookies)
    }
}

impl Inner {
    fn known(&self) -> Option<&Renewed> {
        self.renewed.get()?.as_ref()
    }

    async fn renew(&self) -> Option<Renewed> {
        let secret = self.console.secret().await.ok()?;
        let renewed = async {
            let tokens = provider::renew(&self.console, secret, &self.refresh).await?;
            Ok(Renewed {
                token: tokens.session(self.since).token,
                cookies: tokens.cookies(secret, self.since, Some(&self.refresh))?,
            })
        };
        let renewed: Result<Renewed, ProviderError> = renewed.await;
        renewed
            .inspect_err(|error| tracing::info!(%error, "a refused token could not be renewed"))
            .ok()
    }
}
