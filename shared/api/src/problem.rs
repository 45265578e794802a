//! Problem answers: `application/problem+json` (RFC 9457) in the caller's language.

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use directory::DirectoryError;
use domain::language::Language;
use domain::problem::{Cause, Code, Facts, Problem, ResourceKind};
use lambda::metrics::{Metric, count};
use lambda::{OpenError, correlation_id};
use planning::PlanningError;
use problem_details::ProblemDetails;
use schemars::JsonSchema;
use serde::Serialize;
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
    /// The problem that the caller gets.
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
        let problem = match error {
            StoreError::Newer { .. } => Problem::NewerVersion,
            _ => Problem::Internal,
        };
        Self {
            problem: Box::new(problem),
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

impl From<OpenError> for ApiError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Store(error) => error.into(),
            OpenError::Problem(problem) => (*problem).into(),
        }
    }
}

impl From<PlanningError> for ApiError {
    fn from(error: PlanningError) -> Self {
        error.cause()
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.cause {
            Some(cause) => write!(f, "{}: {cause}", self.problem.code().as_str()),
            None => f.write_str(self.problem.code().as_str()),
        }
    }
}

impl std::error::Error for ApiError {}

impl IntoResponse for ApiError {
    /// Carries the problem to `answer_problems`, which knows the language.
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Renders the problems of all handlers below it.
pub(crate) async fn answer_problems(request: Request, next: Next) -> Response {
    let asked = request
        .headers()
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    let language = asked.map(Language::accepted).unwrap_or_default();
    let correlation = correlation_id(request.extensions().get());
    let mut response = LANGUAGE.scope(language, next.run(request)).await;
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        let code = error.problem.code().as_str();
        if let Some(cause) = &error.cause {
            error!(correlation, cause, code, "request failed");
        } else {
            info!(correlation, code, "request refused");
        }
        count_fault(error.problem.code());
        response = render(&error.problem, language, &correlation);
    } else if matches!(
        response.status(),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
    ) {
        // The router's own: API Gateway knows routes, not resources with methods, and neither does anybody here.
        response = render(&Problem::not_found(ResourceKind::Resource), language, &correlation);
    }
    if let Ok(correlation) = correlation.parse() {
        response.headers_mut().insert("x-correlation-id", correlation);
    }
    response
}

/// An answer of 500 and above is a fault of this service or of a PSA. API Gateway's own count cannot tell one from the other.
fn count_fault(code: Code) {
    match code.cause() {
        Cause::Ours if code.status() >= 500 => count(Metric::ApiFaults, 1),
        Cause::Psa => count(Metric::ApiPsaFailures, 1),
        Cause::Ours | Cause::Customer => {}
    }
}

/// A problem as part of another answer. Further fields depend on `code`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProblemDescription")]
pub struct Description {
    /// The code of the problem. A code never changes.
    code: &'static str,
    /// What happened, why, and what to do next, in the language of the caller.
    detail: String,
    /// Whether the same attempt may succeed later without any change.
    retryable: bool,
    #[serde(flatten)]
    facts: Facts,
}

/// Describes a problem in the language of the request that is being answered.
pub fn described(problem: &Problem) -> Description {
    describe(problem, language())
}

pub(crate) fn describe(problem: &Problem, language: Language) -> Description {
    Description {
        code: problem.code().as_str(),
        detail: problem.detail(language),
        retryable: problem.retryable(),
        facts: problem.facts(language),
    }
}

/// What a problem answer has besides what RFC 9457 names.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extensions<'a> {
    code: &'static str,
    retryable: bool,
    correlation_id: &'a str,
    #[serde(flatten)]
    facts: Facts,
}

fn render(problem: &Problem, language: Language, correlation: &str) -> Response {
    let code = problem.code();
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let details = ProblemDetails::from_status_code(status)
        .with_detail(problem.detail(language))
        .with_extensions(Extensions {
            code: code.as_str(),
            retryable: problem.retryable(),
            correlation_id: correlation,
            facts: problem.facts(language),
        });
    let mut response = details.into_response();
    if let Problem::TooManyCalls { retry_after } = problem {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, (*retry_after).into());
    }
    if let Ok(tag) = language.tag().parse() {
        response.headers_mut().insert(header::CONTENT_LANGUAGE, tag);
    }
    response
}

/// The language an answer is asked in.
#[derive(Debug, Clone, Copy)]
pub struct AcceptLanguage(pub Language);

impl<S: Sync> axum::extract::FromRequestParts<S> for AcceptLanguage {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(_parts: &mut axum::http::request::Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(language()))
    }
}
