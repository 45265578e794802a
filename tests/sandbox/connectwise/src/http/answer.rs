//! Responses as ConnectWise sends them.

use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::Body;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, LINK, PRAGMA, STRICT_TRANSPORT_SECURITY};
use axum::http::{HeaderValue, Response as HttpResponse, StatusCode};
use axum::response::Response;
use serde_json::Value;

use super::error::ApiError;
use super::list::Page;
use crate::data::ids;
use crate::switches::ContentType;

const VERSION: &str = "2025.1";

static REQUESTS: AtomicI64 = AtomicI64::new(1);

/// Makes responses of the media type that the switches ask for.
#[derive(Clone, Copy, Debug)]
pub struct Answerer {
    media_type: &'static str,
}

impl Answerer {
    /// An answerer.
    pub fn new(content_type: ContentType) -> Self {
        let media_type = match content_type {
            ContentType::Plain => "application/json; charset=utf-8",
            ContentType::Vendor => "application/vnd.connectwise.com+json; version=2025.1",
        };
        Self { media_type }
    }

    /// A body with status 200.
    pub fn value(self, value: &Value) -> Response {
        // Display keeps the work inside serde_json, which is optimised in debug builds.
        Self::response(StatusCode::OK, self.media_type, value.to_string())
    }

    /// A page of a list with its links.
    pub fn page(self, page: Page) -> Response {
        let mut response = self.value(&page.rows);
        if let Some(link) = page.link.and_then(|link| HeaderValue::from_str(&link).ok()) {
            response.headers_mut().insert(LINK, link);
        }
        response
    }

    /// An error of the API, printed over several lines ended the Windows way.
    pub fn error(self, error: &ApiError) -> Response {
        let body = format!("{:#}", error.body()).replace('\n', "\r\n");
        Self::response(error.status, self.media_type, body)
    }

    /// What the web server answers before the API is reached.
    pub fn unrouted(status: StatusCode) -> Response {
        let reason = status.canonical_reason().unwrap_or_default();
        let body = format!("<!DOCTYPE html>\r\n<html><head><title>{status}</title></head><body>{reason}</body></html>");
        Self::response(status, "text/html", body)
    }

    /// The answer to a verb that the endpoint does not have.
    pub fn wrong_verb(self) -> Response {
        let mut response = Self::response(StatusCode::METHOD_NOT_ALLOWED, self.media_type, String::new());
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
        response
    }

    fn response(status: StatusCode, media_type: &'static str, body: String) -> Response {
        let mut response: Response = HttpResponse::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
        headers.insert("api-current-version", HeaderValue::from_static(VERSION));
        headers.insert("x-server-name", HeaderValue::from_static("SIMULATED"));
        let request = ids::guid(9, REQUESTS.fetch_add(1, Ordering::Relaxed));
        if let Ok(request) = HeaderValue::from_str(&request) {
            headers.insert("x-cw-request-id", request);
        }
        response
    }
}
