//! The cookies. `__Host-` ties each to this very host and to TLS.

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;

use super::seal::Seal;

/// The token for the API.
pub(crate) const SESSION: &str = "__Host-session";
/// The refresh token.
pub(crate) const RENEWAL: &str = "__Host-renewal";
/// A sign-in under way; followed by what it is known by, since each tab may have its own.
pub(super) const SIGNING_IN: &str = "__Host-signing-in-";

/// Browsers drop a cookie whose name and value have more bytes together (RFC 6265bis), and say nothing.
const MOST_BYTES: usize = 4_096;

/// Whether a cookie comes along when another site leads here.
#[derive(Clone, Copy)]
pub(super) enum SameSite {
    /// Never.
    Strict,
    /// With a link or a redirect, as the provider's.
    Lax,
}

/// A cookie with its attributes.
pub(super) fn cookie(name: &str, value: &str, same_site: SameSite, seconds: i64) -> String {
    let same_site = match same_site {
        SameSite::Strict => "Strict",
        SameSite::Lax => "Lax",
    };
    format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite={same_site}; Max-Age={seconds}")
}

/// Whether browsers keep a cookie of this name and value.
pub(super) const fn fits(name: &str, value: &str) -> bool {
    name.len() + value.len() <= MOST_BYTES
}

/// Takes a cookie back.
pub(super) fn gone(name: &str) -> String {
    cookie(name, "", SameSite::Strict, 0)
}

/// The cookies of a request: those that the browser has had longer come first.
fn all(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}

/// The plain value of a cookie.
pub(crate) fn plain<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    all(headers).find_map(|(found, value)| (found == name).then_some(value))
}

/// The names of the cookies that begin so.
pub(super) fn names<'a>(headers: &'a HeaderMap, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    all(headers)
        .map(|(name, _)| name)
        .filter(move |name| name.starts_with(prefix))
}

/// The content of a sealed cookie.
pub(super) fn read(headers: &HeaderMap, name: &str, seal: &Seal) -> Option<String> {
    seal.open(name, plain(headers, name)?)
}

/// Whether an answer sets a cookie, or takes it back.
pub(super) fn is_set(response: &Response, name: &str) -> bool {
    let mut all = response.headers().get_all(SET_COOKIE).iter();
    all.any(|cookie| {
        let rest = cookie.to_str().ok().and_then(|cookie| cookie.strip_prefix(name));
        rest.is_some_and(|rest| rest.starts_with('='))
    })
}

/// Adds a cookie to an answer.
pub(super) fn append(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}
