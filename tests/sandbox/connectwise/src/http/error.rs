//! Refusals as ConnectWise words them.

use axum::http::StatusCode;
use serde_json::{Value, json};

/// A status and the error body that goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status.
    pub status: StatusCode,
    /// The code in the body.
    pub code: &'static str,
    /// The message in the body.
    pub message: String,
}

impl ApiError {
    /// A refusal.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// A condition, order or field list that cannot be used.
    pub fn find_condition(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "ApiFindCondition", message)
    }

    /// A record that is not there.
    pub fn not_found(what: &str, id: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NotFound", format!("{what} {id} not found"))
    }

    /// A role that lacks a right.
    pub fn forbidden() -> Self {
        let message = "You do not have security permission to perform this action.";
        Self::new(StatusCode::FORBIDDEN, "Security", message)
    }

    /// The body.
    pub fn body(&self) -> Value {
        json!({"code": self.code, "message": self.message, "errors": null})
    }
}
