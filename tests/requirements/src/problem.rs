//! What callers are refused with.

use reqwest::Method;
use sandbox::api::{Answer, Api};
use serde_json::Value;

/// Calls, whatever comes back.
pub async fn call(api: &Api, method: Method, path: &str, body: Option<&Value>) -> Answer {
    api.call(method, path, body).await.unwrap()
}

/// Checks that an answer is a problem of this code and status, complete as RFC 9457 and requirements J have it.
#[track_caller]
pub fn assert_problem(answer: &Answer, status: u16, code: &str) {
    let body = &answer.body;
    assert_eq!(
        (body["code"].as_str(), answer.status.as_u16()),
        (Some(code), status),
        "{body}"
    );
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(body["status"], status);
    let filled = |field: &str| body[field].as_str().is_some_and(|text| !text.is_empty());
    assert!(filled("detail") && filled("correlationId"), "{body}");
    assert!(body["retryable"].is_boolean(), "{body}");
}
