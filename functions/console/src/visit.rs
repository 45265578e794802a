//! One request as pages see it: who, in which language, from where.

use axum::extract::Request;
use axum::http::{HeaderMap, Method};
use domain::language::Language;

use crate::own_page::{HOME, WAY_BACK, own_page};
use crate::session::{Session, plain};

/// The cookie with the language that somebody chose.
pub(crate) const LANGUAGE: &str = "__Host-language";
/// The cookie that says that single keys are switched off.
pub(crate) const KEYS_OFF: &str = "__Host-keys-off";

/// A request, signed in or not.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub session: Option<Session>,
    pub language: Language,
    pub keys: bool,
    /// Path and query.
    pub address: String,
    pub reads: bool,
    /// The page of the console that led here.
    pub came_from: Option<String>,
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
            came_from: header("referer").and_then(page_of),
            reads: matches!(*request.method(), Method::GET | Method::HEAD),
            from_elsewhere: header("sec-fetch-site").is_some_and(|site| matches!(site, "cross-site" | "same-site")),
        }
    }

    /// The page to load again: where a form is sent to may have none, so after a form it is where the form was. The way back from the provider
    /// works once.
    pub(crate) fn page(&self) -> &str {
        if self.address.starts_with(WAY_BACK) {
            HOME
        } else if self.reads {
            &self.address
        } else {
            self.came_from.as_deref().unwrap_or(HOME)
        }
    }
}

/// The page of the console at an address.
fn page_of(address: &str) -> Option<String> {
    let address: url::Url = address.parse().ok()?;
    Some(own_page(Some(
        &address[url::Position::BeforePath..url::Position::AfterQuery],
    )))
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
