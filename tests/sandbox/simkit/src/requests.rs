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
    /// The numbers of requests that began or ended, in the order in which they did.
    turns: VecDeque<Turn>,
}

#[derive(Debug, Clone, Copy)]
enum Turn {
    Began(u64),
    Ended(u64),
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

    /// How many requests there were, those that are no longer kept included.
    pub fn total(&self) -> u64 {
        let entries = self.lock();
        entries.gone + entries.kept.len() as u64
    }

    /// How many of the kept requests whose path contains this, in any case, were under way at the same time at most.
    pub fn most_at_once(&self, path: &str) -> usize {
        let path = path.to_lowercase();
        let entries = self.lock();
        let counts = |number: u64| {
            let record = entries.position(number).and_then(|position| entries.kept.get(position));
            record.is_some_and(|record| record.path.to_lowercase().contains(&path))
        };
        let (mut under_way, mut most) = (0_usize, 0);
        for turn in &entries.turns {
            match *turn {
                Turn::Began(number) if counts(number) => under_way += 1,
                Turn::Ended(number) if counts(number) => under_way = under_way.saturating_sub(1),
                _ => {}
            }
            most = most.max(under_way);
        }
        most
    }

    /// Forgets all requests.
    pub fn clear(&self) {
        let mut entries = self.lock();
        entries.gone += entries.kept.len() as u64;
        entries.kept.clear();
        entries.turns.clear();
    }

    fn arrived(&self, record: RequestRecord) -> u64 {
        let mut entries = self.lock();
        if entries.kept.len() == KEPT_REQUESTS {
            entries.kept.pop_front();
            entries.gone += 1;
        }
        entries.kept.push_back(record);
        let number = entries.gone + entries.kept.len() as u64 - 1;
        entries.turn(Turn::Began(number));
        number
    }

    fn ended(&self, number: u64) {
        self.lock().turn(Turn::Ended(number));
    }

    fn answered(&self, number: u64, status: StatusCode) {
        let mut entries = self.lock();
        let position = entries.position(number);
        if let Some(record) = position.and_then(|position| entries.kept.get_mut(position)) {
            record.status = Some(status.as_u16());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn position(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.gone)?).ok()
    }

    fn turn(&mut self, turn: Turn) {
        if self.turns.len() == 2 * KEPT_REQUESTS {
            self.turns.pop_front();
        }
        self.turns.push_back(turn);
    }
}

/// Tells the log that a request has ended, also if the client went away before it was answered.
struct UnderWay {
    log: RequestLog,
    number: u64,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.log.ended(self.number);
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
    let _under_way = UnderWay {
        log: log.clone(),
        number,
    };
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if response.extensions().get::<Unanswered>().is_none() {
        log.answered(number, response.status());
    }
    response
}
