//! From an event of API Gateway to the answer of a router.

use std::panic::{AssertUnwindSafe, catch_unwind};

use axum::Router;
use axum::middleware::from_fn;
use lambda_http::Adapter;
use lambda_http::request::LambdaRequest;
use lambda_runtime::{Context, Error, LambdaEvent};
use serde_json::Value;
use tower::Service;

use crate::problem::answer_problems;
use crate::unreadable;

/// What answers HTTP calls by a router; problems of its handlers are rendered in the caller's language.
pub fn answer(router: Router) -> impl Fn(LambdaRequest) -> Answer + Send + Sync + 'static {
    let router = router.layer(from_fn(answer_problems));
    move |request| Box::pin(answered(router.clone(), request))
}

type Answer = std::pin::Pin<Box<dyn Future<Output = Result<Value, Error>> + Send>>;

async fn answered(router: Router, request: LambdaRequest) -> Result<Value, Error> {
    // The adapter itself cannot be held across an await.
    let call = |router, request| Adapter::from(router).call(LambdaEvent::new(request, Context::default()));
    let unreadable = unreadable::bare(&request);
    // The adapter panics at what cannot be a request: a query with `<` in it, a body that is no Base64.
    let answer = catch_unwind(AssertUnwindSafe(|| call(router, request)));
    let answer = answer.unwrap_or_else(|_| call(unreadable::router(), unreadable));
    Ok(serde_json::to_value(answer.await?)?)
}
