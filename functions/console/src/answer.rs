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

/// The answer to what is no request, with the policy that every answer has.
fn unreadable() -> Value {
    json!({
        "statusCode": StatusCode::BAD_REQUEST.as_u16(),
        "headers": {
            "content-type": "text/plain; charset=utf-8",
            "content-security-policy": crate::guard::POLICY,
            "cache-control": "no-store",
        },
        "body": "Bad Request",
        "isBase64Encoded": false,
    })
}
