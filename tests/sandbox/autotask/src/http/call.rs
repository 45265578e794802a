//! A call as the handlers see it.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, header, request::Parts};
use url::form_urlencoded;

/// A call with its address and parameters read.
pub(super) struct Call {
    pub method: Method,
    /// Scheme and host as the client wrote them, so that no answer sends it elsewhere.
    pub origin: String,
    pub uri: String,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Call {
    pub fn new(parts: Parts, body: Bytes) -> Self {
        let host = parts
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or("localhost");
        let query = parts.uri.query().unwrap_or_default();
        Call {
            origin: format!("http://{host}"),
            uri: format!("http://{host}{}", parts.uri),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            method: parts.method,
            headers: parts.headers,
            body,
        }
    }

    /// A query parameter; names are case-insensitive.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn is_json(&self) -> bool {
        let content_type = self
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        content_type.is_some_and(|value| value.to_ascii_lowercase().starts_with("application/json"))
    }
}
