//! `/openapi.json`

use api::{Call, NoParameters, Routes};
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/openapi.json", show, || {
        Call::new("showDocument", "Shows this document")
            .public()
            .answers::<Map<String, Value>>(200, json!({ "openapi": "3.1.0" }))
    })
}

/// The OpenAPI document, made from the code of all functions by a test.
const DOCUMENT: &str = include_str!("../../../../infra/openapi.json");

async fn show(_: NoParameters) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}
