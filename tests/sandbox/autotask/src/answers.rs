//! Answers in the shapes Autotask has for them.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::json;

/// The text for a security level that lacks the entity.
pub const NO_PERMISSION: &str =
    "The logged in Resource does not have the adequate permissions to query this entity type.";

/// The text for a fault of the server's own.
pub const UNEXPECTED: &str = "An unexpected error has occurred.  If the problem persists, please contact Autotask \
    Support and reference Error ID 00000000.";

const JSON: &str = "application/json; charset=utf-8";

/// 200 with this body.
pub fn ok(body: &impl Serialize) -> Response {
    match serde_json::to_string(body) {
        Ok(body) => raw(StatusCode::OK, body),
        Err(_) => errors(500, UNEXPECTED),
    }
}

/// JSON that is already text.
pub fn raw(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, JSON)], body).into_response()
}

/// `{"errors":[text]}`: what Autotask's own code answers.
pub fn errors(status: u16, text: &str) -> Response {
    raw(code(status), json!({"errors": [text]}).to_string())
}

/// `{"Message":text}`: what the web server's framework answers before Autotask's code is reached.
pub fn message(status: u16, text: &str) -> Response {
    raw(code(status), json!({"Message": text}).to_string())
}

/// 401 with nothing that tells which of the credentials was wrong.
pub fn unauthorized() -> Response {
    StatusCode::UNAUTHORIZED.into_response()
}

pub fn method_not_allowed(method: &str) -> Response {
    message(
        405,
        &format!("The requested resource does not support http method '{method}'."),
    )
}

/// What the web server in front answers.
pub fn html_not_found() -> Response {
    let page = "<!DOCTYPE html><html><head><title>404 - File or directory not found.</title></head>\
        <body><h1>Server Error</h1><h2>404 - File or directory not found.</h2></body></html>";
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/html")], page).into_response()
}

/// A switch may hold any number; what is no status is a 500.
pub fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
