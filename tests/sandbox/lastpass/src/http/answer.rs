//! Answers in the shapes LastPass has for them.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::switches::{ErrorBody, Switches};

/// A refusal, as RFC 9457 describes it; there is no `type`.
#[derive(Debug)]
pub(super) struct Problem {
    status: u16,
    detail: String,
    errors: Vec<Value>,
    retry_after: Option<HeaderValue>,
}

impl Problem {
    pub fn new(status: u16, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
        }
    }

    /// 400 that names what is wrong with each field.
    pub fn invalid(errors: &[(&str, &str)]) -> Self {
        let errors = errors
            .iter()
            .map(|(field, why)| json!({"detail": why, "pointer": format!("#/{field}")}));
        Self {
            errors: errors.collect(),
            ..Self::new(400, "One or more validation errors occurred.")
        }
    }

    pub fn retry_after(mut self, value: HeaderValue) -> Self {
        self.retry_after = Some(value);
        self
    }

    /// The problem details, as a poll has them too.
    pub fn details(&self, path: &str) -> Value {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        json!({
            "title": status.canonical_reason(),
            "status": self.status,
            "detail": self.detail,
            "instance": path.strip_prefix("/business"),
            "errors": (!self.errors.is_empty()).then_some(&self.errors),
        })
    }

    pub fn response(self, switches: &Switches, path: &str) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let text = self.details(path).to_string();
        let (content_type, body) = match switches.error_content_type {
            ErrorBody::Problem => ("application/problem+json", text),
            ErrorBody::Json => ("application/json", text),
            ErrorBody::Html => ("text/html", format!("<html><body><h1>{status}</h1></body></html>")),
            ErrorBody::Empty => ("application/json", String::new()),
        };
        let mut response = (status, [(header::CONTENT_TYPE, content_type)], body).into_response();
        if let Some(value) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}

/// JSON with this status.
pub(super) fn json_with(status: StatusCode, body: &Value) -> Response {
    let json = [(header::CONTENT_TYPE, "application/json")];
    (status, json, body.to_string()).into_response()
}

pub(super) fn ok(body: &Value) -> Response {
    json_with(StatusCode::OK, body)
}

/// What could not be kept did not happen.
pub(super) fn not_kept(why: String) -> Problem {
    Problem::new(500, why)
}
