//! Stands for an OpenID Connect provider: a page on which one picks who to be, and the endpoints behind it.
//!
//! It listens as `localhost` while the console is at `127.0.0.1`: two sites, as in production, so that cookies meet the same rules.

mod account;
mod asked;
mod client;
mod page;
mod tickets;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

pub use account::Account;
pub use client::ProviderClient;

use crate::{Error, Issuer};
use asked::Asked;
use tickets::{Ticket, Tickets};

/// The provider. Clones are the same one.
#[derive(Clone)]
pub struct Provider {
    issuer: Issuer,
    /// Where browsers find it.
    origin: String,
    client: ProviderClient,
    accounts: Arc<[Account]>,
    tickets: Tickets,
}

impl Provider {
    /// Signs with this issuer, whose name is its origin.
    pub fn new(issuer: Issuer, client: ProviderClient, accounts: Vec<Account>) -> Self {
        Self {
            origin: issuer.name().to_owned(),
            client,
            accounts: accounts.into(),
            tickets: Tickets::default(),
            issuer,
        }
    }

    /// Tokens last so long from now on.
    pub fn set_lifetime(&self, lifetime: Duration) {
        self.tickets.set_lifetime(lifetime);
    }

    /// Clients are told that tokens last so long, whatever is true: their clock may be another one.
    pub fn tell(&self, lifetime: Duration) {
        self.tickets.tell(lifetime);
    }

    /// Gives refresh tokens from now on, or none.
    pub fn give_refresh_tokens(&self, giving: bool) {
        self.tickets.give_refresh_tokens(giving);
    }

    /// Says only that it cannot answer from now on, or answers again. The page for people stays.
    pub fn be_silent(&self, silent: bool) {
        self.tickets.be_silent(silent);
    }

    /// Tokens have a claim of so many bytes more from now on.
    pub fn pad(&self, bytes: usize) {
        self.tickets.pad(bytes);
    }

    /// Renews nothing any more.
    pub fn forget(&self) {
        self.tickets.forget();
    }

    /// The router to serve.
    pub fn router(self) -> Router {
        Router::new()
            .route("/.well-known/openid-configuration", get(document))
            .route("/authorize", get(ask).post(decide))
            .route("/token", post(token))
            .route("/revoke", post(revoke))
            .route("/logout", get(log_out))
            .with_state(self)
    }
}

async fn document(State(provider): State<Provider>) -> Response {
    if provider.tickets.is_silent() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let at = |path: &str| format!("{}{path}", provider.origin);
    let document = json!({
        "issuer": provider.origin,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "revocation_endpoint": at("/revoke"),
        "end_session_endpoint": at("/logout"),
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
    });
    Json(document).into_response()
}

fn refused(why: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": why }))).into_response()
}

async fn ask(State(provider): State<Provider>, Query(asked): Query<Asked>) -> Response {
    if !asked.is_fine(&provider.client.id) {
        return refused("invalid_request");
    }
    Html(page::choose(&provider.accounts, &asked)).into_response()
}

#[derive(Deserialize)]
struct Decided {
    who: String,
    #[serde(flatten)]
    asked: Asked,
}

async fn decide(State(provider): State<Provider>, Form(decided): Form<Decided>) -> Response {
    let Decided { who, asked } = decided;
    let Ok(mut back) = url::Url::parse(&asked.redirect_uri) else {
        return refused("invalid_request");
    };
    if !asked.is_fine(&provider.client.id) {
        return refused("invalid_request");
    }
    let account = provider.accounts.iter().find(|account| account.label == who);
    match account {
        Some(account) => {
            let code = provider.tickets.issue(Ticket {
                person: account.person.clone(),
                nonce: Some(asked.nonce.clone()),
                challenge: Some(asked.code_challenge.clone()),
                redirect_uri: Some(asked.redirect_uri.clone()),
            });
            back.query_pairs_mut().append_pair("code", &code);
        }
        None => {
            back.query_pairs_mut().append_pair("error", "access_denied");
        }
    }
    back.query_pairs_mut()
        .append_pair("state", &asked.state)
        .append_pair("iss", &provider.origin);
    Redirect::to(back.as_str()).into_response()
}

#[derive(Deserialize)]
struct TokenRequest {
    grant_type: String,
    client_id: String,
    client_secret: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    refresh_token: Option<String>,
}

async fn token(State(provider): State<Provider>, Form(request): Form<TokenRequest>) -> Response {
    if provider.tickets.is_silent() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if !provider.client.is(&request.client_id, request.client_secret.as_deref()) {
        return refused("invalid_client");
    }
    let ticket = match request.grant_type.as_str() {
        "authorization_code" => of_code(&provider, &request),
        "refresh_token" => request.refresh_token.and_then(|token| provider.tickets.take(&token)),
        _ => return refused("unsupported_grant_type"),
    };
    let Some(ticket) = ticket else {
        return refused("invalid_grant");
    };
    match tokens(&provider, ticket) {
        Ok(tokens) => Json(tokens).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// A code is good once, for the browser that began, at the address it was made for.
fn of_code(provider: &Provider, request: &TokenRequest) -> Option<Ticket> {
    let ticket = provider.tickets.take(request.code.as_deref()?)?;
    let challenge = challenge(request.code_verifier.as_deref()?);
    let fits = ticket.challenge.as_ref() == Some(&challenge) && ticket.redirect_uri == request.redirect_uri;
    fits.then_some(ticket)
}

fn challenge(verifier: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
    URL_SAFE_NO_PAD.encode(digest)
}

fn tokens(provider: &Provider, ticket: Ticket) -> Result<Value, Error> {
    let lifetime = provider.tickets.lifetime();
    let until = jiff::Timestamp::now().as_second() + i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
    let mut claims = serde_json::to_value(&ticket.person).map_err(|error| Error::Tokens(error.to_string()))?;
    claims["exp"] = until.into();
    let padding = provider.tickets.padding();
    if padding > 0 {
        claims["padding"] = "x".repeat(padding).into();
    }
    let access = if provider.client.has_bare_access_tokens {
        provider
            .issuer
            .token_with(&json!({ "sub": ticket.person.sub, "exp": until }))?
    } else {
        provider.issuer.token_with(&claims)?
    };
    claims["nonce"] = json!(ticket.nonce);
    claims["aud"] = json!(provider.client.id);
    let id = provider.issuer.token_with(&claims)?;
    // The next one is for the same person, and each is good once: rotation.
    let refresh = provider.tickets.gives_refresh_tokens().then(|| {
        provider.tickets.issue(Ticket {
            challenge: None,
            redirect_uri: None,
            ..ticket
        })
    });
    Ok(json!({
        "access_token": access, "id_token": id, "refresh_token": refresh,
        "token_type": "Bearer", "expires_in": provider.tickets.told().as_secs(),
    }))
}

#[derive(Deserialize)]
struct Revoked {
    token: String,
    client_id: String,
    client_secret: Option<String>,
}

async fn revoke(State(provider): State<Provider>, Form(revoked): Form<Revoked>) -> Response {
    if !provider.client.is(&revoked.client_id, revoked.client_secret.as_deref()) {
        return refused("invalid_client");
    }
    // RFC 7009: what is unknown is revoked already.
    let _ = provider.tickets.take(&revoked.token);
    StatusCode::OK.into_response()
}

#[derive(Deserialize)]
struct LogOut {
    post_logout_redirect_uri: String,
}

async fn log_out(Query(asked): Query<LogOut>) -> Response {
    match url::Url::parse(&asked.post_logout_redirect_uri) {
        Ok(back) if back.host_str() == Some("127.0.0.1") => Redirect::to(back.as_str()).into_response(),
        _ => refused("invalid_request"),
    }
}
