//! The OpenID Connect provider: where it is, and the three things that are asked of it.

use jiff::Timestamp;
use serde::Deserialize;

use super::claims::{Claims, Expected};
use super::cookies::{RENEWAL, SESSION, SameSite, cookie, fits, gone};
use super::endpoints::Endpoints;
use super::secret::Secret;
use super::signed_in::{LONGEST_SECONDS, Session};
use crate::Console;
use crate::settings::TokenKind;

/// How long a token is valid if the provider does not say.
const DEFAULT_SECONDS: i64 = 3600;

/// Why signing in or renewing does not work.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProviderError {
    #[error("the provider cannot be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error("the provider answered {0}")]
    Refused(u16),
    #[error("the provider's document is of another issuer")]
    OtherIssuer,
    #[error("the token {0}")]
    BadToken(&'static str),
    #[error("the token has {0} bytes, and the cookie that holds it more than browsers keep")]
    TooLong(usize),
}

impl ProviderError {
    /// Whether the provider gives no answer, or only says that it cannot.
    pub(super) fn is_silence(&self) -> bool {
        match self {
            Self::Unreachable(error) => !error.status().is_some_and(|status| status.is_client_error()),
            Self::Refused(status) => *status >= 500,
            Self::OtherIssuer | Self::BadToken(_) | Self::TooLong(_) => false,
        }
    }
}

/// The tokens of a sign-in, checked.
#[derive(Debug)]
pub(super) struct Tokens {
    token: String,
    name: String,
    until: i64,
    refresh: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    #[serde(default)]
    id_token: Option<String>,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    expires_in: Option<i64>,
}

impl Console {
    /// Where the provider's endpoints are: asked once.
    pub(super) async fn endpoints(&self) -> Result<&Endpoints, ProviderError> {
        let discover = || async {
            let issuer = self.settings.issuer.trim_end_matches('/');
            let address = format!("{issuer}/.well-known/openid-configuration");
            let found: Endpoints = self.http.get(address).send().await?.error_for_status()?.json().await?;
            // RFC 8414: a document of another issuer is how sign-ins are led astray.
            if found.issuer == self.settings.issuer {
                Ok(found)
            } else {
                Err(ProviderError::OtherIssuer)
            }
        };
        self.endpoints.get_or_try_init(discover).await
    }
}

/// Exchanges the code of a sign-in for tokens.
pub(super) async fn exchange(
    console: &Console,
    secret: &Secret,
    code: &str,
    verifier: &str,
    nonce: &str,
) -> Result<Tokens, ProviderError> {
    let callback = console.settings.callback();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &callback),
        ("code_verifier", verifier),
    ];
    let answer = ask(console, secret, &form).await?;
    checked(console, answer, Some(nonce))
}

/// Gets the next tokens.
pub(super) async fn renew(console: &Console, secret: &Secret, refresh: &str) -> Result<Tokens, ProviderError> {
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    checked(console, ask(console, secret, &form).await?, None)
}

/// Revokes a refresh token, if the provider has an endpoint for it.
pub(super) async fn revoke(console: &Console, secret: &Secret, refresh: &str) {
    let Ok(endpoints) = console.endpoints().await else {
        return;
    };
    let Some(address) = &endpoints.revocation_endpoint else {
        return;
    };
    let form = with_client(console, secret, &[("token", refresh)]);
    if let Err(error) = post(console, address, &form).await {
        tracing::info!(%error, "a refresh token could not be revoked");
    }
}

async fn ask(console: &Console, secret: &Secret, form: &[(&str, &str)]) -> Result<Answer, ProviderError> {
    let endpoints = console.endpoints().await?;
    let answer = post(console, &endpoints.token_endpoint, &with_client(console, secret, form)).await?;
    Ok(answer.json().await?)
}

fn with_client(console: &Console, secret: &Secret, form: &[(&str, &str)]) -> String {
    let mut all = url::form_urlencoded::Serializer::new(String::new());
    all.extend_pairs(form)
        .append_pair("client_id", &console.settings.client_id);
    if let Some(secret) = &secret.client_secret {
        all.append_pair("client_secret", secret);
    }
    all.finish()
}

async fn post(console: &Console, address: &str, form: &str) -> Result<reqwest::Response, ProviderError> {
    let request = console
        .http
        .post(address)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "application/json")
        .body(form.to_owned());
    let answer = request.send().await?;
    if answer.status().is_success() {
        Ok(answer)
    } else {
        Err(ProviderError::Refused(answer.status().as_u16()))
    }
}

/// Checks the ID token, which came over TLS from the provider itself: OpenID Connect 3.1.3.7 lets that stand in for the signature. API
/// Gateway verifies the signature of what is sent to it with every call.
fn checked(console: &Console, answer: Answer, nonce: Option<&str>) -> Result<Tokens, ProviderError> {
    let bad = ProviderError::BadToken;
    let now = Timestamp::now().as_second();
    if let Some(nonce) = nonce {
        let claims = answer
            .id_token
            .as_deref()
            .and_then(Claims::of)
            .ok_or(bad("is missing"))?;
        let expected = Expected {
            issuer: &console.settings.issuer,
            client_id: &console.settings.client_id,
            nonce,
        };
        claims.check(&expected, now).map_err(bad)?;
    }
    let token = match console.settings.api_token {
        TokenKind::Access => answer.access_token,
        TokenKind::Id => answer.id_token.ok_or(bad("is missing"))?,
    };
    let claims = Claims::of(&token).unwrap_or_default();
    let lasts = answer.expires_in.unwrap_or(DEFAULT_SECONDS);
    Ok(Tokens {
        name: claims.name().ok_or(bad("names nobody"))?,
        until: claims.end().unwrap_or(now + lasts),
        token,
        refresh: answer.refresh_token,
    })
}

impl Tokens {
    /// The session they make.
    pub(super) fn session(&self, since: i64) -> Session {
        Session {
            token: self.token.clone(),
            until: self.until,
            name: self.name.clone(),
            since,
        }
    }

    /// The cookies they become. A provider that does not rotate gives no new refresh token, and the one before stays. Without any, the
    /// renewal cookie of an earlier session is removed: it would bring that session back, which may be somebody else's. So is a refresh
    /// token that is too long; a session can do without one, but not without its token.
    pub(super) fn cookies(
        &self,
        secret: &Secret,
        since: i64,
        before: Option<&str>,
    ) -> Result<Vec<String>, ProviderError> {
        let session = serde_json::to_string(&self.session(since)).unwrap_or_default();
        let sealed = |name: &str, text: &str| {
            let value = secret.seal.seal(name, text).filter(|value| fits(name, value))?;
            Some(cookie(name, &value, SameSite::Strict, LONGEST_SECONDS))
        };
        let session = sealed(SESSION, &session).ok_or(ProviderError::TooLong(self.token.len()))?;
        let renewal = self.refresh.as_deref().or(before);
        let renewal = renewal.and_then(|text| sealed(RENEWAL, text));
        Ok(vec![session, renewal.unwrap_or_else(|| gone(RENEWAL))])
    }
}
