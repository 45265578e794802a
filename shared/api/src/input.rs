//! Reading requests: a fault in a body, a parameter or an id names the field, in plain words.

mod fault;
mod json;
mod query;

use axum::extract::{self, FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use domain::problem::{Mistake, Problem, Wording};
use domain::{ids, object};
use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Segment;

use crate::problem::ApiError;
use fault::shown;
use json::Json;
pub use query::{NoParameters, Query, QueryString};

/// The longest body that is read, in bytes.
const LONGEST_BODY: usize = 1024 * 1024;

/// The body of a request: a JSON object, read into a type.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        let bytes = axum::body::to_bytes(request.into_body(), LONGEST_BODY)
            .await
            .map_err(|_| Problem::invalid("", Mistake::BodyTooLong(LONGEST_BODY)))?;
        if !bytes.is_empty() && !is_json {
            return Err(Problem::UnsupportedMediaType.into());
        }
        // An empty body is read as an empty object.
        let json = if bytes.is_empty() {
            Json::Object(Vec::new())
        } else {
            parse(&bytes)?
        };
        Ok(Self(into_type(json)?))
    }
}

/// The bytes as JSON, whatever it holds. A fault names the field of the body that it is in: what is below that may
/// be a hundred lists in each other.
fn parse(bytes: &[u8]) -> Result<Json, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let mut track = serde_path_to_error::Track::new();
    let parsed = Json::deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track));
    let parsed = parsed.map_err(|error| {
        let path = track.path();
        let field = path
            .iter()
            .take(1)
            .filter(|segment| matches!(segment, Segment::Map { .. }));
        Problem::invalid(pointer(field, None), not_json(&error))
    })?;
    json.end().map_err(|_| Problem::invalid("", Mistake::AfterTheEnd))?;
    Ok(parsed)
}

fn not_json(error: &serde_json::Error) -> Mistake<'static> {
    match error.classify() {
        Category::Eof => Mistake::IncompleteJson,
        _ => Mistake::NotJson,
    }
}

/// The JSON as the type that a call takes.
fn into_type<T: DeserializeOwned>(json: Json) -> Result<T, Problem> {
    let mut track = serde_path_to_error::Track::new();
    let read = object::only(serde_path_to_error::Deserializer::new(json, &mut track));
    read.map_err(|fault: fault::Fault| Problem::invalid(pointer(track.path().iter(), fault.field()), fault.wording()))
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

/// Where a fault is, as a JSON pointer (RFC 6901). It ends above a name that may not be repeated.
fn pointer<'a>(path: impl Iterator<Item = &'a Segment>, field: Option<&str>) -> String {
    let segments = path.map_while(|segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } | Segment::Enum { variant: key } => {
            Some(shown(key)?.replace('~', "~0").replace('/', "~1"))
        }
        Segment::Unknown => None,
    });
    let segments = segments.chain(field.map(str::to_owned));
    segments.flat_map(|segment| ["/".to_owned(), segment]).collect()
}

/// The identifiers in the path: axum's own, with each identifier checked.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let unreadable = || Problem::invalid("path", Mistake::IdInPath);
        let raw = RawPathParams::from_request_parts(parts, state).await;
        for (name, id) in &raw.map_err(|_| unreadable())? {
            ids::check(id).map_err(|error| {
                let wording = Wording::new(format!("{error}"), format!("{error:#}"));
                Problem::invalid(name, wording)
            })?;
        }
        let ids = extract::Path::from_request_parts(parts, state).await;
        let extract::Path(ids) = ids.map_err(|_| unreadable())?;
        Ok(Self(ids))
    }
}
