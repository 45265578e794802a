//! Reading requests: bodies and parameters that are wrong are told where and how.

use axum::extract::{FromRequest, FromRequestParts, Path, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use domain::problem::Problem;
use domain::{ids, object};
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;
use url::form_urlencoded;

use crate::problem::ApiError;

/// The longest body that is read, in bytes.
const LONGEST_BODY: usize = 1024 * 1024;

/// A JSON object.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        let bytes = axum::body::to_bytes(request.into_body(), LONGEST_BODY)
            .await
            .map_err(|_| {
                Problem::invalid(
                    "",
                    format!("the body is longer than {LONGEST_BODY} bytes, or was cut off"),
                )
            })?;
        if !bytes.is_empty() && !is_json {
            return Err(Problem::UnsupportedMediaType.into());
        }
        // An empty body stands for an empty object.
        let bytes = if bytes.is_empty() { b"{}".as_slice() } else { &bytes };
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let mut track = serde_path_to_error::Track::new();
        let body = object::only(serde_path_to_error::Deserializer::new(&mut json, &mut track));
        let body = body.map_err(|error| Problem::invalid(pointer(&track.path(), &error), without_values(&error)))?;
        json.end()
            .map_err(|error| Problem::invalid("", without_values(&error)))?;
        Ok(Self(body))
    }
}

/// Whether the body is said to be JSON. One that is not said to be anything is taken for it.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let kind = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// Where an error is, as a JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path, error: &serde_json::Error) -> String {
    let text = error.to_string();
    let segments = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } | Segment::Enum { variant: key } => Some(key.replace('~', "~0").replace('/', "~1")),
        Segment::Unknown => None,
    });
    let segments = segments.chain(named(&text).map(str::to_owned));
    segments.flat_map(|segment| ["/".to_owned(), segment]).collect()
}

/// The field that is missing, or there twice: it is named in the text only.
fn named(text: &str) -> Option<&str> {
    let named = ["missing field `", "duplicate field `"];
    let rest = named.iter().find_map(|start| text.strip_prefix(start))?;
    rest.split('`').next()
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
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let parameters = serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(query));
        let parameters = parameters.map_err(|error| {
            let path = error.path().to_string();
            let text = error.into_inner().to_string();
            let name = named(&text)
                .unwrap_or(if path == "." { "query" } else { &path })
                .to_owned();
            Problem::invalid(name, text)
        })?;
        Ok(Self(parameters))
    }
}

/// The identifiers in the path.
#[derive(Debug)]
pub struct PathIds<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathIds<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let raw = RawPathParams::from_request_parts(parts, state).await;
        let raw = raw.map_err(|error| Problem::invalid("path", error.body_text()))?;
        for (name, id) in &raw {
            ids::check(id).map_err(|error| Problem::invalid(name, error.to_string()))?;
        }
        let ids = Path::from_request_parts(parts, state).await;
        let Path(ids) = ids.map_err(|error| Problem::invalid("path", error.body_text()))?;
        Ok(Self(ids))
    }
}
