//! The HTTP answer that a function's result stands for.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    #[serde(default)]
    cookies: Vec<String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// API Gateway would guess an answer from a result without a status; every function here has one, so that is a fault.
pub(super) fn response(result: Value) -> Result<Response, String> {
    let answer: Answer = serde_json::from_value(result).map_err(|error| error.to_string())?;
    let body = answer.body.unwrap_or_default();
    let body = if answer.is_base64_encoded {
        STANDARD.decode(body).map_err(|error| error.to_string())?
    } else {
        body.into_bytes()
    };
    let mut response = Response::builder().status(answer.status_code);
    // `multiValueHeaders` belongs to format 1.0 and is passed over, as it is by API Gateway.
    for (name, value) in &answer.headers {
        response = response.header(name, text(value));
    }
    for cookie in answer.cookies {
        response = response.header(SET_COOKIE, cookie);
    }
    response.body(Body::from(body)).map_err(|error| error.to_string())
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
