//! Reading requests: bodies and parameters that are wrong are told where and how.

use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use domain::problem::Problem;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::problem::ApiError;

/// The longest body that is read, in bytes.
const LONGEST_BODY: usize = 1024 * 1024;

/// A JSON body.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let bytes = axum::body::to_bytes(request.into_body(), LONGEST_BODY)
            .await
            .map_err(|_| {
                Problem::invalid(
                    "",
                    format!("the body is longer than {LONGEST_BODY} bytes, or was cut off"),
                )
            })?;
        // An empty body stands for an empty object.
        let bytes = if bytes.is_empty() { b"{}".as_slice() } else { &bytes };
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let body = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = error.path().to_string();
            let pointer = if path == "." {
                String::new()
            } else {
                format!("/{}", path.replace('.', "/"))
            };
            Problem::invalid(pointer, without_values(&error.into_inner()))
        })?;
        json.end()
            .map_err(|error| Problem::invalid("", without_values(&error)))?;
        Ok(Self(body))
    }
}

/// What a parser says, without the value it stumbled over: that may be a secret or an address.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match (text.split_once(": "), text.split_once("expected ")) {
        (Some((what, _)), Some((_, expected)))
            if what.starts_with("invalid type") || what.starts_with("invalid value") =>
        {
            format!("{what}: expected {expected}")
        }
        _ => text,
    }
}

/// Parameters of the query string.
#[derive(Debug)]
pub struct Parameters<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let Query(parameters) =
            Query::try_from_uri(&parts.uri).map_err(|error| Problem::invalid("query", error.body_text()))?;
        Ok(Self(parameters))
    }
}

/// Which page of a list.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct PageQuery {
    /// The `next` of the page before.
    pub after: Option<String>,
    /// How many items, 100 by default, at most 500.
    pub limit: Option<String>,
}

impl PageQuery {
    /// How many items.
    pub fn limit(&self) -> Result<usize, ApiError> {
        let Some(limit) = &self.limit else { return Ok(100) };
        match limit.parse() {
            Ok(limit @ 1..=500) => Ok(limit),
            _ => Err(Problem::invalid("limit", "must be a whole number from 1 to 500").into()),
        }
    }
}

/// A page of a list.
#[derive(Debug, Serialize)]
pub struct List<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to pass as `after` for the next page; absent at the end.
    pub next: Option<String>,
}

impl<T> List<T> {
    /// The one and only page.
    pub const fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }

    /// A page of a list that is at hand as a whole and in the order of `position`.
    pub fn page(
        items: impl IntoIterator<Item = T>,
        page: &PageQuery,
        position: impl Fn(&T) -> String,
    ) -> Result<Self, ApiError> {
        let limit = page.limit()?;
        let behind = |item: &T| page.after.as_ref().is_none_or(|after| position(item) > *after);
        let mut items: Vec<T> = items.into_iter().filter(behind).take(limit + 1).collect();
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(&position);
        Ok(Self { items, next })
    }
}
