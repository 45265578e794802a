//! One request as handlers see it: who, in which language, with which fields.

use std::convert::Infallible;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use domain::language::Language;

use crate::Console;
use crate::answer_page::Refused;
use crate::api::Api;
use crate::session::{Session, plain};

/// The cookie with the language that somebody chose.
pub(crate) const LANGUAGE: &str = "__Host-language";
/// The cookie of whoever has switched single keys off.
pub(crate) const KEYS_OFF: &str = "__Host-keys-off";

/// A form with more is none of ours.
const LARGEST_FORM: usize = 256 * 1024;

/// A request, for whoever is signed in or not.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub session: Option<Session>,
    pub language: Language,
    pub keys: bool,
    /// Path and query.
    pub address: String,
    pub reads: bool,
    /// Whether another site led here: then the browser keeps the session's cookie back.
    pub from_elsewhere: bool,
}

impl Visit {
    pub(crate) fn of(request: &Request, session: Option<Session>) -> Self {
        let headers = request.headers();
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let address = request.uri().path_and_query().map(ToString::to_string);
        Self {
            session,
            language: language(headers),
            keys: plain(headers, KEYS_OFF).is_none(),
            address: address.unwrap_or_default(),
            reads: matches!(*request.method(), Method::GET | Method::HEAD),
            from_elsewhere: header("sec-fetch-site").is_some_and(|site| matches!(site, "cross-site" | "same-site")),
        }
    }
}

fn language(headers: &HeaderMap) -> Language {
    match plain(headers, LANGUAGE) {
        Some("nl") => Language::Dutch,
        Some("en") => Language::English,
        _ => {
            let accepted = headers.get("accept-language").and_then(|value| value.to_str().ok());
            accepted.map_or(Language::English, Language::accepted)
        }
    }
}

/// A request of somebody who is signed in, with the API at hand. Whoever is not is led to sign in.
pub(crate) struct Caller {
    pub visit: Visit,
    pub name: String,
    pub api: Api,
}

impl FromRequestParts<Console> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Refused> {
        let visit = parts.extensions.get::<Visit>().cloned().ok_or(Refused::SignedOut)?;
        let session = visit.session.clone().ok_or(Refused::SignedOut)?;
        Ok(Self {
            api: Api::new(console, &session, visit.language),
            name: session.name,
            visit,
        })
    }
}

/// The fields of a query string.
#[derive(Debug, Default, Clone)]
pub(crate) struct Fields(pub Vec<(String, String)>);

impl Fields {
    fn parse(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).into_owned().collect())
    }

    /// The first value of a field that is not blank.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// All values of a field.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let found = self
            .0
            .iter()
            .filter(move |(found, value)| found == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// The value, or nothing.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Fields {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default().as_bytes()))
    }
}

/// The fields of a form that was sent.
pub(crate) struct Form(pub Fields);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refused> {
        let bytes = to_bytes(request.into_body(), LARGEST_FORM).await;
        Ok(Self(Fields::parse(&bytes.map_err(|_| Refused::NotFound)?)))
    }
}
