//! Signing in: to the provider and back (OpenID Connect: code, PKCE, state, nonce), and into the audit trail.

use axum::Router;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::cookies::{self, SIGNING_IN, SameSite, append, cookie, gone};
use super::provider::{self, ProviderError, Tokens};
use super::secret::Secret;
use crate::Console;
use crate::answer_page::{onwards, provider_silent, redirect, sign_in_failed, sign_in_not_recorded, token_too_long};
use crate::api::Api;
use crate::fields::Fields;
use crate::own_page::{HOME, WAY_BACK, own_page};
use crate::refused::Refused;
use crate::visit::Visit;

/// How long somebody may take at the provider.
const LONGEST_SECONDS: i64 = 600;

/// As many sign-ins may be under way in one browser: API Gateway takes 10,240 bytes of headers, and two cookies of a session may have
/// 4,096 each.
const MOST: usize = 3;

/// A longer address of the page that was asked for is not kept: a cookie holds it.
const LONGEST_ADDRESS: usize = 250;

/// By so much of its state a sign-in is known.
const KNOWN_BY: usize = 8;

/// A sign-in under way, in its cookie.
#[derive(Serialize, Deserialize)]
struct SigningIn {
    state: String,
    nonce: String,
    verifier: String,
    to: String,
    until: i64,
}

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/console/sign-in", get(begin))
        .route(WAY_BACK, get(finish))
}

fn random() -> Option<String> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

/// The name of the cookie of a sign-in, which the way back names by its state; `None` if that is the state of none.
fn cookie_name(state: &str) -> Option<String> {
    let known_by = state.get(..KNOWN_BY)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    known_by.bytes().all(plain).then(|| format!("{SIGNING_IN}{known_by}"))
}

async fn begin(
    State(console): State<Console>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    let to = own_page(fields.get("to").filter(|to| to.len() <= LONGEST_ADDRESS));
    match begun(&console, to.clone()).await {
        Ok((address, cookie)) => {
            let mut response = redirect(&address);
            append(&mut response, &cookie);
            let earlier: Vec<&str> = cookies::names(&headers, SIGNING_IN).collect();
            let too_many = (earlier.len() + 1).saturating_sub(MOST);
            for name in earlier.into_iter().take(too_many) {
                append(&mut response, &gone(name));
            }
            response
        }
        Err(failure) => failed(&visit, &failure, &to),
    }
}

async fn begun(console: &Console, to: String) -> Result<(String, String), Failure> {
    let misfit = |error: &dyn std::fmt::Display| Failure::Impossible(error.to_string());
    let endpoints = console.endpoints().await?;
    let secret = console.secret().await.map_err(|error| misfit(&error))?;
    let make = || random().ok_or_else(|| misfit(&"there are no random numbers"));
    let signing_in = SigningIn {
        state: make()?,
        nonce: make()?,
        verifier: make()?,
        to,
        until: Timestamp::now().as_second() + LONGEST_SECONDS,
    };
    let mut address = url::Url::parse(&endpoints.authorization_endpoint).map_err(|error| misfit(&error))?;
    address
        .query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &console.settings.client_id)
        .append_pair("redirect_uri", &console.settings.callback())
        .append_pair("scope", &console.settings.scopes)
        .append_pair("state", &signing_in.state)
        .append_pair("nonce", &signing_in.nonce)
        .append_pair(
            "code_challenge",
            &URL_SAFE_NO_PAD.encode(Sha256::digest(&signing_in.verifier)),
        )
        .append_pair("code_challenge_method", "S256");
    let plain = serde_json::to_string(&signing_in).map_err(|error| misfit(&error))?;
    let name = cookie_name(&signing_in.state).ok_or_else(|| misfit(&"a cookie has no name"))?;
    let sealed = secret.seal.seal(&name, &plain);
    let sealed = sealed.ok_or_else(|| misfit(&"a cookie cannot be sealed"))?;
    // The way back from the provider comes from another site.
    let cookie = cookie(&name, &sealed, SameSite::Lax, LONGEST_SECONDS);
    Ok((address.into(), cookie))
}

async fn finish(
    State(console): State<Console>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    let name = cookie_name(fields.text("state"));
    let under_way = match (console.secret().await, &name) {
        (Ok(secret), Some(name)) => cookies::read(&headers, name, &secret.seal),
        _ => None,
    };
    let under_way: Option<SigningIn> = under_way.and_then(|text| serde_json::from_str(&text).ok());
    // Browsers repeat the way back, for instance on reload: an administrator who is signed in already continues.
    let (Some(under_way), Some(name)) = (under_way, name) else {
        return if visit.session.is_some() {
            onwards(&visit, HOME)
        } else {
            sign_in_failed(&visit)
        };
    };
    let mut response = match finished(&console, &visit, &under_way, &fields).await {
        Ok(cookies) => {
            let mut response = onwards(&visit, &own_page(Some(&under_way.to)));
            for cookie in &cookies {
                append(&mut response, cookie);
            }
            response
        }
        Err(failure) => failed(&visit, &failure, &under_way.to),
    };
    append(&mut response, &gone(&name));
    response
}

/// Why nobody is signed in.
enum Failure {
    /// The way back is that of no sign-in, or the provider refused.
    NotProved(String),
    /// The console is not set up as it should be.
    Impossible(String),
    /// The provider does not answer.
    Silent(ProviderError),
    /// No cookie holds the token.
    TooLong(ProviderError),
    /// The audit trail did not take it.
    NotRecorded(Refused),
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::TooLong(_) => Self::TooLong(error),
            ProviderError::OtherIssuer => Self::Impossible(error.to_string()),
            error if error.is_silence() => Self::Silent(error),
            error => Self::NotProved(error.to_string()),
        }
    }
}

/// The page of a failure, for somebody who asked for the page `to`.
fn failed(visit: &Visit, failure: &Failure, to: &str) -> Response {
    match failure {
        Failure::NotProved(why) => {
            tracing::warn!(why, "a sign-in was refused");
            sign_in_failed(visit)
        }
        Failure::Impossible(why) => {
            tracing::error!(why, "nobody can sign in");
            sign_in_failed(visit)
        }
        Failure::Silent(error) => {
            tracing::error!(%error, "nobody can sign in: the provider does not answer");
            provider_silent(visit, to)
        }
        Failure::TooLong(error) => {
            tracing::error!(%error, "nobody can sign in: the provider must give its token fewer claims");
            token_too_long(visit)
        }
        Failure::NotRecorded(refused) => {
            tracing::warn!(?refused, "a sign-in was not recorded");
            sign_in_not_recorded(visit, refused, to)
        }
    }
}

/// The cookies of the session. They are given only when the sign-in is in the audit trail.
async fn finished(
    console: &Console,
    visit: &Visit,
    under_way: &SigningIn,
    fields: &Fields,
) -> Result<Vec<String>, Failure> {
    let now = Timestamp::now().as_second();
    let secret = console.secret().await;
    let secret = secret.map_err(|error| Failure::Impossible(error.to_string()))?;
    let tokens = proved(console, secret, under_way, fields).await?;
    // Before it is recorded: a session that the browser drops is no sign-in.
    let cookies = tokens.cookies(secret, now, None)?;
    let api = Api::new(console, &tokens.session(now), visit.language);
    api.post("/sign-ins").await.map_err(Failure::NotRecorded)?;
    tracing::info!("somebody signed in");
    Ok(cookies)
}

impl SigningIn {
    /// The code for tokens, if this is the way back, in time, from the provider that was asked.
    fn code<'a>(&self, back: &'a Fields, issuer: &str, now: i64) -> Result<&'a str, &'static str> {
        if now >= self.until {
            return Err("it took too long");
        }
        if back.get("state") != Some(&self.state) {
            return Err("the state is of another sign-in");
        }
        // RFC 9207: providers that say who they are must be the one that was asked.
        if back.get("iss").is_some_and(|named| named != issuer) {
            return Err("another provider answered");
        }
        back.get("code").ok_or("the provider gave no code")
    }
}

/// The tokens that the provider gives for the code of the way back.
async fn proved(console: &Console, secret: &Secret, under_way: &SigningIn, fields: &Fields) -> Result<Tokens, Failure> {
    let now = Timestamp::now().as_second();
    let code = under_way.code(fields, &console.settings.issuer, now);
    let code = code.map_err(|why| Failure::NotProved(why.to_owned()))?;
    Ok(provider::exchange(console, secret, code, &under_way.verifier, &under_way.nonce).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://id.example";
    const BEGAN: i64 = 1_000_000;

    fn code(query: &str, seconds: i64) -> Result<String, &'static str> {
        let under_way = SigningIn {
            state: "s".to_owned(),
            nonce: "n".to_owned(),
            verifier: "v".to_owned(),
            to: HOME.to_owned(),
            until: BEGAN + LONGEST_SECONDS,
        };
        let back = Fields(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect());
        under_way.code(&back, ISSUER, BEGAN + seconds).map(str::to_owned)
    }

    #[test]
    fn r92_a_way_back_counts_for_ten_minutes() {
        let good = "state=s&code=c";
        for seconds in [0, 1, 599] {
            assert_eq!(code(good, seconds).as_deref(), Ok("c"), "{seconds}");
        }
        for seconds in [600, 601, 86_400] {
            assert_eq!(code(good, seconds), Err("it took too long"), "{seconds}");
        }
    }

    #[test]
    fn r92_a_way_back_of_another_sign_in_or_provider_gives_no_code() {
        assert_eq!(code("state=s&code=c&iss=https://id.example", 1).as_deref(), Ok("c"));
        let table = [
            ("code=c", "the state is of another sign-in"),
            ("state=&code=c", "the state is of another sign-in"),
            ("state=other&code=c", "the state is of another sign-in"),
            ("state=s&code=c&iss=https://evil.example", "another provider answered"),
            ("state=s&code=c&iss=https://id.example/", "another provider answered"),
            ("state=s", "the provider gave no code"),
            ("state=s&code=", "the provider gave no code"),
            ("state=s&error=access_denied", "the provider gave no code"),
        ];
        for (query, why) in table {
            assert_eq!(code(query, 1), Err(why), "{query}");
        }
    }

    #[test]
    fn r92_a_sign_in_is_known_by_the_begin_of_its_state() {
        let state = random().unwrap();
        let name = cookie_name(&state).unwrap();
        assert_eq!(name, format!("__Host-signing-in-{}", &state[..8]));
        for other in ["", "short", "1234 678", "1234567=", "123456;8", "1234567\u{e9}"] {
            assert_eq!(cookie_name(other), None, "{other}");
        }
    }
}
