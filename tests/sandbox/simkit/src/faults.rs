//! Faults on order: wrong answers, late answers, broken connections.

mod fault;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

pub use fault::{Answer, Fault, Match};

use crate::wire::{Fate, WireHandle};

/// The faults in force, oldest first. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Vec<Counted>>>);

#[derive(Debug)]
struct Counted {
    fault: Fault,
    matched: u64,
}

impl Faults {
    /// No faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a fault behind those already there.
    pub fn add(&self, fault: Fault) {
        self.lock().push(Counted { fault, matched: 0 });
    }

    /// Forgets all faults.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The answer of the first fault whose turn it is. Every fault that matches counts the request, applied or not.
    fn next(&self, method: &Method, path: &str) -> Option<Answer> {
        let mut chosen = None;
        for counted in self
            .lock()
            .iter_mut()
            .filter(|counted| counted.fault.matches(method, path))
        {
            let turn = counted.matched;
            counted.matched += 1;
            if chosen.is_none() && counted.fault.applies_at(turn) {
                chosen = Some(counted.fault.answer.clone());
            }
        }
        chosen
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Counted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// On an answer of a simulator: what was asked is done, and the connection breaks before a byte of the answer goes out.
#[derive(Clone, Copy, Debug)]
pub struct LostReply;

/// Marks an answer that never reaches the client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unanswered;

pub(crate) async fn apply(State(faults): State<Faults>, request: Request, next: Next) -> Response {
    let wire = request
        .extensions()
        .get::<ConnectInfo<WireHandle>>()
        .map(|info| info.0.clone());
    if let Some(wire) = &wire {
        // The connection may have carried a cut answer that was shorter than the cut.
        wire.set(Fate::Whole);
    }
    match faults.next(request.method(), request.uri().path()) {
        None => {
            let response = next.run(request).await;
            match response.extensions().get::<LostReply>() {
                Some(LostReply) => reset(wire, response),
                None => response,
            }
        }
        Some(Answer::Respond { status, headers, body }) => (status, headers, body).into_response(),
        Some(Answer::Delay(delay)) => {
            tokio::time::sleep(delay).await;
            next.run(request).await
        }
        Some(Answer::SlowBody(delay)) => next.run(request).await.map(|body| {
            let late = async move {
                tokio::time::sleep(delay).await;
                to_bytes(body, usize::MAX).await
            };
            Body::from_stream(futures::stream::once(late))
        }),
        Some(Answer::Reset) => reset(wire, Response::new(Body::empty())),
        Some(Answer::LoseReply) => reset(wire, next.run(request).await),
        Some(Answer::Truncate { after }) => break_off(wire, Fate::cut(after), next.run(request).await),
    }
}

fn reset(wire: Option<WireHandle>, response: Response) -> Response {
    let mut response = break_off(wire, Fate::Reset, response);
    response.extensions_mut().insert(Unanswered);
    response
}

fn break_off(wire: Option<WireHandle>, fate: Fate, response: Response) -> Response {
    match wire {
        Some(wire) => {
            wire.set(fate);
            response
        }
        None => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "this fault needs a connection made by simkit::serve",
        )
            .into_response(),
    }
}
