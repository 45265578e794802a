//! What the console needs to know, read once at start from the environment.

use std::env;
use std::sync::Arc;

use futures::future::BoxFuture;
use url::{Host, Url};

use crate::own_page::WAY_BACK;

/// Reads the console's secret.
pub type ReadSecret = Arc<dyn Fn() -> BoxFuture<'static, Result<String, lambda::SecretError>> + Send + Sync>;

/// Which token of the provider goes to the API.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TokenKind {
    /// The access token.
    #[default]
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
    /// `CLIENT_ID`: the console's client id at the provider.
    pub client_id: String,
    /// `SCOPES`: the scopes to request from the provider; `openid email` by default.
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
        Self::read(|name| env::var(name).ok(), secret)
    }

    fn read(variable: impl Fn(&str) -> Option<String>, secret: ReadSecret) -> Result<Self, SettingsError> {
        let required = |name| variable(name).ok_or(SettingsError::Missing(name));
        let address = |name| required(name).and_then(|text| checked(name, text));
        Ok(Self {
            api: address("API")?,
            origin: origin("ORIGIN", address("ORIGIN")?)?,
            issuer: address("ISSUER")?,
            client_id: required("CLIENT_ID")?,
            scopes: variable("SCOPES").unwrap_or_else(|| "openid email".to_owned()),
            api_token: match variable("API_TOKEN").as_deref() {
                Some("id") => TokenKind::Id,
                Some("access") | None => TokenKind::Access,
                Some(other) => return Err(SettingsError::Invalid("API_TOKEN", other.to_owned())),
            },
            secret,
        })
    }

    /// The address that the provider sends people back to.
    pub(crate) fn callback(&self) -> String {
        format!("{}{WAY_BACK}", self.origin)
    }
}

/// Tokens, codes and cookies go over TLS, or do not leave this machine.
fn checked(name: &'static str, address: String) -> Result<String, SettingsError> {
    let url: Option<Url> = address.parse().ok();
    let is_safe = url.is_some_and(|url| match url.scheme() {
        "https" => true,
        "http" => is_of_this_machine(&url),
        _ => false,
    });
    if is_safe {
        Ok(address)
    } else {
        let why = format!("{address} is neither https nor an address of this machine");
        Err(SettingsError::Invalid(name, why))
    }
}

/// Paths are put behind it.
fn origin(name: &'static str, address: String) -> Result<String, SettingsError> {
    let url: Option<Url> = address.parse().ok();
    if url.is_some_and(|url| url.origin().ascii_serialization() == address) {
        Ok(address)
    } else {
        let why = format!("{address} has more than a scheme, a host and a port, or is not in lower case");
        Err(SettingsError::Invalid(name, why))
    }
}

fn is_of_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The settings of a deployment in which one variable is another.
    fn with(name: &str, value: &str) -> Result<Settings, SettingsError> {
        let variable = |asked: &str| {
            let usual = match asked {
                "API" | "ORIGIN" => "https://api.example",
                "ISSUER" => "https://id.example/pool",
                "CLIENT_ID" => "psa-import",
                _ => return None,
            };
            Some(if asked == name { value } else { usual }.to_owned())
        };
        let secret: ReadSecret = Arc::new(|| Box::pin(async { Err(lambda::SecretError("none".to_owned())) }));
        Settings::read(variable, secret)
    }

    #[test]
    fn r92_plain_http_is_for_addresses_of_this_machine_only() {
        for name in ["API", "ORIGIN", "ISSUER"] {
            for safe in [
                "https://other.example",
                "http://127.0.0.1:8080",
                "http://127.8.0.1",
                "http://[::1]:8080",
                "http://localhost:8080",
            ] {
                assert!(with(name, safe).is_ok(), "{name} {safe}");
            }
            for unsafe_address in [
                "http://api.example",
                "http://10.0.0.1",
                "http://0.0.0.0",
                "http://localhost.example",
                "http://127.0.0.1.example",
                "http://[::2]",
                "HTTP://api.example",
                "ftp://127.0.0.1",
                "api.example",
                "",
            ] {
                let refused = with(name, unsafe_address).err().unwrap().to_string();
                assert!(refused.contains(name) && refused.contains(unsafe_address), "{refused}");
            }
        }
    }

    #[test]
    fn a_variable_that_is_missing_is_named() {
        let secret: ReadSecret = Arc::new(|| Box::pin(async { Err(lambda::SecretError("none".to_owned())) }));
        let missing = Settings::read(|_| None, secret).err().unwrap().to_string();
        assert_eq!(missing, "environment variable API is not set");
    }
}
