//! The console: the wizard in a browser (R90–R94). Pages are rendered here from what the JSON API answers to the administrator's own
//! token. Every page is links and forms; the one script only makes it quicker.

#![expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "templates hand fields over by reference, however small"
)]

mod answer;
mod answer_page;
mod api;
mod assets;
mod charts;
mod guard;
mod language;
mod page;
mod screens;
mod session;
mod settings;
mod views;
mod visit;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use http_client::{HttpClient, HttpPolicy, NoClient};
use lambda::Function;
use tokio::sync::OnceCell;

pub use settings::{ReadSecret, Settings, SettingsError, TokenKind};

use session::{Endpoints, Seal};

/// What every handler works with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Console {
    settings: Arc<Settings>,
    http: reqwest::Client,
    secret: Arc<OnceCell<Secret>>,
    endpoints: Arc<OnceCell<Endpoints>>,
}

/// What the secret holds, ready for use.
pub(crate) struct Secret {
    seal: Seal,
    client_secret: Option<String>,
}

impl Console {
    fn new(settings: Settings) -> Result<Self, NoClient> {
        // Plain addresses are those of a sandbox: the policy takes no others than the listed ones then.
        let plain = [&settings.api, &settings.issuer]
            .into_iter()
            .filter(|address| address.starts_with("http://"));
        let policy = HttpPolicy {
            allowed_origins: plain.filter_map(|address| address.parse().ok()).collect(),
            ..HttpPolicy::default()
        };
        Ok(Self {
            http: HttpClient::new(policy)?.for_configured(),
            settings: Arc::new(settings),
            secret: Arc::default(),
            endpoints: Arc::default(),
        })
    }
}

/// The function.
pub fn function(settings: Settings) -> Result<Function, NoClient> {
    let console = Console::new(settings)?;
    let router = screens::routes(Router::new())
        .merge(session::routes())
        .merge(assets::routes())
        .fallback(screens::no_such_page)
        .layer(from_fn_with_state(console.clone(), session::open))
        .layer(from_fn(guard::watch))
        .with_state(console);
    Ok(Function::new(answer::answer(router)))
}
