//! Requests that must be refused, and how.

use reqwest::Method;
use sandbox::api::{Answer, Api};
use serde_json::Value;

use crate::problem::assert_problem;

/// What is sent.
#[derive(Debug, Clone)]
pub enum Sent {
    /// No body.
    Nothing,
    /// JSON.
    Json(Value),
    /// Any bytes, said to be of this type.
    Raw(&'static str, Vec<u8>),
}

/// A request, and what it must be refused with.
#[derive(Debug, Clone)]
pub struct Bad {
    /// The method.
    pub method: Method,
    /// The path, with its query string.
    pub path: String,
    /// The body.
    pub sent: Sent,
    /// The HTTP status.
    pub status: u16,
    /// The code.
    pub code: &'static str,
    /// What `errors` names first, of an `invalid_request`.
    pub pointer: Option<String>,
}

impl Bad {
    /// Refused with this status and code.
    pub fn new(method: Method, path: impl Into<String>, sent: Sent, status: u16, code: &'static str) -> Self {
        Self {
            method,
            path: path.into(),
            sent,
            status,
            code,
            pointer: None,
        }
    }

    /// Refused as an `invalid_request` that names this.
    pub fn invalid(method: Method, path: impl Into<String>, sent: Sent, pointer: impl Into<String>) -> Self {
        Self {
            pointer: Some(pointer.into()),
            ..Self::new(method, path, sent, 400, "invalid_request")
        }
    }

    /// Asks, and checks how it is refused.
    pub async fn try_as(&self, api: &Api) {
        let answer = self.send(api).await;
        let shown = format!("{self:?}");
        let shown: String = shown.chars().take(500).collect();
        assert_eq!(
            answer.body["code"], self.code,
            "{shown}: {} {}",
            answer.status, answer.body
        );
        assert_problem(&answer, self.status, self.code);
        if let Some(pointer) = &self.pointer {
            assert_eq!(
                &answer.body["errors"][0]["pointer"], pointer,
                "{shown}: {}",
                answer.body
            );
        }
    }

    async fn send(&self, api: &Api) -> Answer {
        let request = api.request(self.method.clone(), &self.path);
        let request = match &self.sent {
            Sent::Nothing => request,
            Sent::Json(body) => request.json(body),
            Sent::Raw(kind, bytes) => request.header("content-type", *kind).body(bytes.clone()),
        };
        api.send(self.method.clone(), &self.path, request).await.unwrap()
    }
}
