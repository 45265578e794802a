//! What the console needs to know, read once at start from the environment.

use std::env;
use std::sync::Arc;

use futures::future::BoxFuture;

/// Reads the console's secret.
pub type ReadSecret = Arc<dyn Fn() -> BoxFuture<'static, Result<String, lambda::SecretError>> + Send + Sync>;

/// Which token of the provider goes to the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// The access token.
    Access,
    /// The ID token, for a provider that can add claims to no other token, such as a Cognito pool of the lowest plan.
    Id,
}

/// The settings.
#[derive(Clone)]
pub struct Settings {
    /// `API`: the origin of the JSON API.
    pub api: String,
    /// `ORIGIN`: the origin that browsers see, to which the provider sends people back.
    pub origin: String,
    /// `ISSUER`: the OpenID Connect provider.
    pub issuer: String,
    /// `CLIENT_ID`: what the provider knows the console as.
    pub client_id: String,
    /// `SCOPES`: what is asked of the provider; `openid email` by default.
    pub scopes: String,
    /// `API_TOKEN`: `access` or `id`; `access` by default.
    pub api_token: TokenKind,
    /// `CONSOLE_SECRET` names it: the sealing keys, and the client's secret where the provider gives one.
    pub secret: ReadSecret,
}

/// A variable that is missing or wrong.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It is not set.
    #[error("environment variable {0} is not set")]
    Missing(&'static str),
    /// It cannot be understood.
    #[error("environment variable {0} is not valid: {1}")]
    Invalid(&'static str, String),
}

impl Settings {
    /// Reads the environment.
    pub fn from_env(secret: ReadSecret) -> Result<Self, SettingsError> {
        let required = |name| env::var(name).map_err(|_| SettingsError::Missing(name));
        Ok(Self {
            api: required("API")?,
            origin: required("ORIGIN")?,
            issuer: required("ISSUER")?,
            client_id: required("CLIENT_ID")?,
            scopes: env::var("SCOPES").unwrap_or_else(|_| "openid email".to_owned()),
            api_token: match env::var("API_TOKEN").as_deref() {
                Ok("id") => TokenKind::Id,
                Ok("access") | Err(_) => TokenKind::Access,
                Ok(other) => return Err(SettingsError::Invalid("API_TOKEN", other.to_owned())),
            },
            secret,
        })
    }

    /// The address that the provider sends people back to.
    pub(crate) fn callback(&self) -> String {
        format!("{}/console/signed-in", self.origin)
    }
}
