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
use super::provider::{self, Tokens};
use super::secret::Secret;
use crate::Console;
use crate::answer_page::{onwards, redirect, sign_in_failed, sign_in_not_recorded};
use crate::api::Api;
use crate::fields::Fields;
use crate::own_page::{HOME, own_page};
use crate::refused::Refused;
use crate::visit::Visit;

/// How long somebody may take at the provider.
const LONGEST_SECONDS: i64 = 600;

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
        .route("/console/signed-in", get(finish))
}

fn random() -> Option<String> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

async fn begin(State(console): State<Console>, Extension(visit): Extension<Visit>, fields: Fields) -> Response {
    match begun(&console, own_page(fields.get("to"))).await {
        Ok((address, cookie)) => {
            let mut response = redirect(&address);
            append(&mut response, &cookie);
            response
        }
        Err(why) => {
            tracing::error!(why, "nobody can sign in");
            sign_in_failed(&visit)
        }
    }
}

async fn begun(console: &Console, to: String) -> Result<(String, String), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let endpoints = console.endpoints().await.map_err(|error| text(&error))?;
    let secret = console.secret().await.map_err(|error| text(&error))?;
    let make = || random().ok_or_else(|| "there are no random numbers".to_owned());
    let signing_in = SigningIn {
        state: make()?,
        nonce: make()?,
        verifier: make()?,
        to,
        until: Timestamp::now().as_second() + LONGEST_SECONDS,
    };
    let mut address = url::Url::parse(&endpoints.authorization_endpoint).map_err(|error| text(&error))?;
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
    let plain = serde_json::to_string(&signing_in).map_err(|error| text(&error))?;
    let sealed = secret
        .seal
        .seal(SIGNING_IN, &plain)
        .ok_or("a cookie cannot be sealed")?;
    // The way back from the provider comes from another site.
    Ok((
        address.into(),
        cookie(SIGNING_IN, &sealed, SameSite::Lax, LONGEST_SECONDS),
    ))
}

async fn finish(
    State(console): State<Console>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    let under_way = match console.secret().await {
        Ok(secret) => cookies::read(&headers, SIGNING_IN, &secret.seal),
        Err(_) => None,
    };
    let under_way: Option<SigningIn> = under_way.and_then(|text| serde_json::from_str(&text).ok());
    // Browsers repeat the way back, for instance on reload: an administrator who is signed in already continues.
    let Some(under_way) = under_way else {
        return if visit.session.is_some() {
            onwards(&visit, HOME)
        } else {
            sign_in_failed(&visit)
        };
    };
    match finished(&console, &visit, &under_way, &fields).await {
        Ok(cookies) => {
            let mut response = onwards(&visit, &own_page(Some(&under_way.to)));
            for cookie in &cookies {
                append(&mut response, cookie);
            }
            response
        }
        Err(failure) => {
            let mut response = match failure {
                Failure::NotProved(why) => {
                    tracing::warn!(why, "a sign-in was refused");
                    sign_in_failed(&visit)
                }
                Failure::NotRecorded(refused) => {
                    tracing::warn!(?refused, "a sign-in was not recorded");
                    sign_in_not_recorded(&visit, &refused, &under_way.to)
                }
            };
            append(&mut response, &gone(SIGNING_IN));
            response
        }
    }
}

/// Why nobody is signed in.
enum Failure {
    /// The way back is that of no sign-in, or the provider refused.
    NotProved(String),
    /// The audit trail did not take it.
    NotRecorded(Refused),
}

/// The cookies of the session. They are made only when the sign-in is in the audit trail.
async fn finished(
    console: &Console,
    visit: &Visit,
    under_way: &SigningIn,
    fields: &Fields,
) -> Result<Vec<String>, Failure> {
    let now = Timestamp::now().as_second();
    let secret = console.secret().await;
    let secret = secret.map_err(|error| Failure::NotProved(error.to_string()))?;
    let tokens = proved(console, secret, under_way, fields).await;
    let tokens = tokens.map_err(Failure::NotProved)?;
    let api = Api::new(console, &tokens.session(now), visit.language);
    api.post("/sign-ins").await.map_err(Failure::NotRecorded)?;
    tracing::info!("somebody signed in");
    let mut cookies = tokens.cookies(secret, now, None);
    cookies.push(gone(SIGNING_IN));
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
async fn proved(console: &Console, secret: &Secret, under_way: &SigningIn, fields: &Fields) -> Result<Tokens, String> {
    let now = Timestamp::now().as_second();
    let code = under_way.code(fields, &console.settings.issuer, now)?;
    let tokens = provider::exchange(console, secret, code, &under_way.verifier, &under_way.nonce).await;
    tokens.map_err(|error| error.to_string())
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
}
