//! Why a page cannot be shown as asked.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::api::Problem;

/// What a handler answers instead of its page.
#[derive(Debug, Clone)]
pub(crate) enum Refused {
    /// The API says why.
    Problem(Box<Problem>),
    /// Nobody is signed in, or no longer.
    SignedOut,
    /// There is no such page.
    NotFound,
    /// What is at the address is not asked like this.
    WrongMethod,
    /// The API does not answer, or not as it should.
    Unreachable,
}

/// What handlers answer.
pub(crate) type Answer = Result<Response, Refused>;

/// What was refused is rendered where language and session are known.
impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
