//! Calls of which no HTTP request can be made are answered like any other that is wrong.

use axum::Router;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::middleware::from_fn;
use domain::problem::{Mistake, Problem};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::request::LambdaRequest;

use crate::problem::{ApiError, answer_problems};

/// Who calls and in which language, without what may not be readable.
pub(crate) fn bare(request: &LambdaRequest) -> LambdaRequest {
    let mut bare = ApiGatewayV2httpRequest::default();
    if let LambdaRequest::ApiGatewayV2(request) = request {
        bare.request_context = request.request_context.clone();
        bare.request_context.domain_name = None;
        bare.request_context.stage = None;
        if let Some(language) = request.headers.get(ACCEPT_LANGUAGE) {
            bare.headers.insert(ACCEPT_LANGUAGE, language.clone());
        }
    }
    LambdaRequest::ApiGatewayV2(bare)
}

/// Answers everything with the problem.
pub(crate) fn router() -> Router {
    let refuse = || async { ApiError::from(Problem::invalid("request", Mistake::NotHttp)) };
    Router::new().fallback(refuse).layer(from_fn(answer_problems))
}
