//! Every request a simulator has seen.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::faults::Unanswered;

/// Bodies are kept up to here; they serve to recognise a request, not to repeat it.
const KEPT_BODY: usize = 4 * 1024;
/// No query of a PSA comes near this.
const ACCEPTED_BODY: usize = 4 * 1024 * 1024;
/// Beyond this many, the oldest are forgotten, so that a sandbox left running does not grow.
const KEPT_REQUESTS: usize = 100_000;

/// A request and the status of its answer. Headers are not kept, because they carry the secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestRecord {
    /// The method.
    pub method: String,
    /// The path, as sent.
    pub path: String,
    /// The query, as sent; empty if there was none.
    pub query: String,
    /// The start of the body; empty if there was none.
    pub body: String,
    /// The status answered; none while the answer is under way and when it never came.
    pub status: Option<u16>,
}

/// The requests so far, oldest first. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct RequestLog(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    kept: VecDeque<RequestRecord>,
    /// How many were removed from the front, so that an entry can be found again by its number.
    gone: u64,
}

impl RequestLog {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// The requests in the order of their arrival.
    pub fn items(&self) -> Vec<RequestRecord> {
        self.lock().kept.iter().cloned().collect()
    }

    /// Forgets all requests.
    pub fn clear(&self) {
        let mut entries = self.lock();
        entries.gone += entries.kept.len() as u64;
        entries.kept.clear();
    }

    fn arrived(&self, record: RequestRecord) -> u64 {
        let mut entries = self.lock();
        if entries.kept.len() == KEPT_REQUESTS {
            entries.kept.pop_front();
            entries.gone += 1;
        }
        entries.kept.push_back(record);
        entries.gone + entries.kept.len() as u64 - 1
    }

    fn answered(&self, number: u64, status: StatusCode) {
        let mut entries = self.lock();
        let position = number
            .checked_sub(entries.gone)
            .and_then(|position| usize::try_from(position).ok());
        if let Some(record) = position.and_then(|position| entries.kept.get_mut(position)) {
            record.status = Some(status.as_u16());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) async fn record(State(log): State<RequestLog>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, ACCEPTED_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let number = log.arrived(RequestRecord {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body: String::from_utf8_lossy(&body[..body.len().min(KEPT_BODY)]).into_owned(),
        status: None,
    });
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if response.extensions().get::<Unanswered>().is_none() {
        log.answered(number, response.status());
    }
    response
}
