//! From an event of API Gateway to a page and back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

use axum::Router;
use axum::http::StatusCode;
use lambda_http::Adapter;
use lambda_http::request::LambdaRequest;
use lambda_runtime::{Context, Error, LambdaEvent};
use serde_json::{Value, json};
use tower::Service;

use crate::guard::HEADERS;

type Answer = Pin<Box<dyn Future<Output = Result<Value, Error>> + Send>>;

/// Answers HTTP calls by a router.
pub(crate) fn answer(router: Router) -> impl Fn(LambdaRequest) -> Answer + Send + Sync + 'static {
    move |request| Box::pin(answered(router.clone(), request))
}

async fn answered(router: Router, request: LambdaRequest) -> Result<Value, Error> {
    let call = || Adapter::from(router).call(LambdaEvent::new(request, Context::default()));
    // The adapter panics at what cannot be a request: a query with `<` in it, a body that is no Base64.
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(answer) => Ok(serde_json::to_value(answer.await?)?),
        Err(_) => Ok(unreadable()),
    }
}

/// The answer to an invalid request. It is made outside the guard, so that the headers of every answer are added here.
fn unreadable() -> Value {
    let mut headers = json!({ "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" });
    for (name, value) in HEADERS {
        headers[name.as_str()] = json!(value);
    }
    json!({
        "statusCode": StatusCode::BAD_REQUEST.as_u16(),
        "headers": headers,
        "body": "Bad Request",
        "isBase64Encoded": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r92_what_is_no_request_is_answered_with_the_headers_of_every_answer() {
        let answer = unreadable();
        let headers = answer["headers"].as_object().unwrap();
        assert_eq!((&answer["statusCode"], headers.len()), (&json!(400), HEADERS.len() + 2));
        for name in [
            "content-security-policy",
            "strict-transport-security",
            "x-content-type-options",
        ] {
            assert!(headers.contains_key(name), "{name}");
        }
    }
}
