//! Problem answers: `application/problem+json` (RFC 9457) in the caller's language.

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use directory::DirectoryError;
use domain::problem::{Language, Problem};
use problem_details::ProblemDetails;
use serde_json::{Map, Value, json};
use store::StoreError;
use tracing::{error, info};

tokio::task_local! {
    /// The language of the request being answered.
    static LANGUAGE: Language;
}

/// The language of the request being answered.
pub(crate) fn language() -> Language {
    LANGUAGE.try_with(|language| *language).unwrap_or_default()
}

/// What a handler returns.
pub type Api<T> = Result<T, ApiError>;

/// A problem on its way to the caller. What caused it, if not the caller, is logged where it is rendered.
#[derive(Debug, Clone)]
pub struct ApiError {
    /// What the caller is told.
    pub problem: Box<Problem>,
    cause: Option<String>,
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self {
            problem: Box::new(problem),
            cause: None,
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self {
            problem: Box::new(Problem::Internal),
            cause: Some(error.to_string()),
        }
    }
}

impl From<DirectoryError> for ApiError {
    fn from(error: DirectoryError) -> Self {
        Self {
            problem: Box::new(Problem::Internal),
            cause: Some(error.to_string()),
        }
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.cause {
            Some(cause) => write!(f, "{}: {cause}", self.problem.code()),
            None => f.write_str(self.problem.code()),
        }
    }
}

impl std::error::Error for ApiError {}

impl IntoResponse for ApiError {
    /// Carries the problem to [`answer_problems`], which knows the language.
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Renders the problems of all handlers below it.
pub async fn answer_problems(request: Request, next: Next) -> Response {
    let asked = request
        .headers()
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    let language = asked.map(Language::accepted).unwrap_or_default();
    let correlation = correlation_id(&request);
    let path = request.uri().path().to_owned();
    let mut response = LANGUAGE.scope(language, next.run(request)).await;
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        let code = error.problem.code();
        if let Some(cause) = &error.cause {
            error!(correlation, cause, code, "request failed");
        } else {
            info!(correlation, code, "request refused");
        }
        response = render(&error.problem, language, &correlation);
    } else if response.status().is_client_error() && !response.headers().contains_key(header::CONTENT_TYPE) {
        // The router's own 404 and 405 have no body.
        let status = response.status();
        let problem = Problem::not_found(format!("resource {path}"));
        let mut rendered = render(&problem, language, &correlation);
        *rendered.status_mut() = status;
        response = rendered;
    }
    if let Ok(correlation) = correlation.parse() {
        response.headers_mut().insert("x-correlation-id", correlation);
    }
    response
}

/// What ties an answer to the log: API Gateway's request id.
fn correlation_id(request: &Request) -> String {
    match request.extensions().get::<lambda_http::request::RequestContext>() {
        Some(lambda_http::request::RequestContext::ApiGatewayV2(context)) => {
            context.request_id.clone().unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// A problem as part of another answer.
pub(crate) fn describe(problem: &Problem, language: Language) -> Value {
    let mut description = facts(problem);
    description.insert("code".to_owned(), json!(problem.code()));
    description.insert("detail".to_owned(), json!(problem.detail(language)));
    description.insert("retryable".to_owned(), json!(problem.retryable()));
    Value::Object(description)
}

fn render(problem: &Problem, language: Language, correlation: &str) -> Response {
    let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut more = facts(problem);
    more.insert("code".to_owned(), json!(problem.code()));
    more.insert("retryable".to_owned(), json!(problem.retryable()));
    more.insert("correlationId".to_owned(), json!(correlation));
    let details = ProblemDetails::from_status_code(status)
        .with_detail(problem.detail(language))
        .with_extensions(more);
    let mut response = details.into_response();
    if let Ok(tag) = language.tag().parse() {
        response.headers_mut().insert(header::CONTENT_LANGUAGE, tag);
    }
    response
}

/// What a program may want to know of a problem, besides its code.
fn facts(problem: &Problem) -> Map<String, Value> {
    let value = match problem {
        Problem::IntegrationLocked(holder) => {
            json!({ "lockedBy": holder.person.name, "since": holder.since, "until": holder.until, "import": holder.import })
        }
        Problem::InsufficientLicences { needed, available } => json!({ "needed": needed, "available": available }),
        Problem::Psa { psa, failure } => {
            json!({ "psa": psa, "endpoint": failure.endpoint, "missingRight": failure.missing_right, "retryAt": failure.not_before })
        }
        Problem::InvalidRequest { errors } => json!({ "errors": errors }),
        Problem::InvalidFilter { attribute, value } => json!({ "attribute": attribute, "value": value }),
        Problem::CredentialsRequired { field } => json!({ "field": field }),
        Problem::DecisionConflict { version } => json!({ "version": version }),
        Problem::PlanChanged { hash } => json!({ "hash": hash }),
        Problem::MassChange(change) => json!(change),
        Problem::WrongState { state } => json!({ "state": state }),
        _ => Value::Null,
    };
    match value {
        Value::Object(map) => map.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Map::new(),
    }
}

/// The language an answer is asked in.
#[derive(Debug, Clone, Copy)]
pub struct Accepted(pub Language);

impl<S: Sync> axum::extract::FromRequestParts<S> for Accepted {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(_parts: &mut axum::http::request::Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(language()))
    }
}
