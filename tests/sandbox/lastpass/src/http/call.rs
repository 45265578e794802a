//! A call as the handlers see it.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, header, request::Parts};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::answer::Problem;

/// A call with its address and parameters read.
pub(super) struct Call {
    pub method: Method,
    /// Scheme and host as the client wrote them.
    pub origin: String,
    pub path: String,
    query: Vec<(String, String)>,
    pub headers: HeaderMap,
    body: Bytes,
}

impl Call {
    pub fn new(parts: Parts, body: Bytes) -> Self {
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let query = parts.uri.query().unwrap_or_default();
        Call {
            origin: format!("http://{}", host.unwrap_or("localhost")),
            path: parts.uri.path().to_owned(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            method: parts.method,
            headers: parts.headers,
            body,
        }
    }

    /// A query parameter, unless it is empty.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// All parameters but those that differ from page to page.
    pub fn filters(&self) -> String {
        let mut filters: Vec<String> = self
            .query
            .iter()
            .filter(|(name, _)| name != "page-token" && name != "max-results")
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        filters.sort();
        format!("{}?{}", self.path, filters.join("&"))
    }

    /// The JSON object in the body.
    pub fn object(&self) -> Result<Map<String, Value>, Problem> {
        let content_type = self
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        if !content_type.is_some_and(|value| value.to_ascii_lowercase().starts_with("application/json")) {
            return Err(Problem::new(415, "The body must be application/json."));
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) | Err(_) => Err(Problem::new(400, "The body is not a JSON object.")),
        }
    }
}
