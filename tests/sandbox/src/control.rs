//! The sandbox's control: faults, records, requests and switches of the PSAs, the clock, what was written, the workers.

mod answer;
mod simulators;

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use local_aws::{DynamoDb, Functions, Pipe, StoreFault};
use serde::Deserialize;
use serde_json::{Value, json};
use simkit::clock::SimClock;

use answer::answer;

use crate::{LastPassServer, Psas};

#[derive(Clone)]
struct Pieces {
    clock: SimClock,
    dynamodb: Arc<DynamoDb>,
    pipe: Arc<Pipe>,
    functions: Functions,
}

pub(crate) fn router(
    psas: &Psas,
    lastpass: Option<&LastPassServer>,
    clock: SimClock,
    dynamodb: Arc<DynamoDb>,
    pipe: Arc<Pipe>,
    functions: Functions,
) -> Router {
    let simulators = simulators::router(psas, lastpass);
    Router::new()
        .route("/clock", post(advance))
        .route("/writes", get(writes).delete(forget_writes))
        .route("/events", get(events))
        .route("/workers", post(workers))
        .route("/store", post(store))
        .route("/trigger", post(trigger))
        .with_state(Pieces {
            clock,
            dynamodb,
            pipe,
            functions,
        })
        .merge(simulators)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Advance {
    advance_seconds: i64,
}

/// A day, in seconds.
const DAY: i64 = 24 * 3600;

/// How late tables delete expired items, as AWS promises: within a few days.
const DELETED_LATE: i64 = 2 * DAY;

async fn advance(State(pieces): State<Pieces>, Json(by): Json<Advance>) -> Response {
    pieces.clock.advance(by.advance_seconds);
    let now = pieces.clock.now();
    // Nothing is kept for less than days, so that shorter moves need no look at the tables.
    let deleted = if by.advance_seconds >= DAY {
        pieces.dynamodb.expire(now.as_second() - DELETED_LATE).await
    } else {
        Ok(0)
    };
    let answered = deleted.map(|deleted| json!({ "now": now, "deleted": deleted }));
    answer(answered.map_err(|fault| fault.to_string()))
}

async fn writes(State(pieces): State<Pieces>) -> Json<Value> {
    Json(json!(pieces.dynamodb.meter().snapshot()))
}

async fn forget_writes(State(pieces): State<Pieces>) -> StatusCode {
    pieces.dynamodb.meter().reset();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Workers {
    paused: bool,
}

async fn workers(State(pieces): State<Pieces>, Json(workers): Json<Workers>) -> Json<Value> {
    pieces.pipe.pause(workers.paused).await;
    Json(json!({ "paused": workers.paused }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outage {
    fault: Option<StoreFault>,
    /// How many calls are answered before.
    #[serde(default)]
    skip: u64,
}

async fn store(State(pieces): State<Pieces>, Json(outage): Json<Outage>) -> StatusCode {
    pieces.dynamodb.fail_after(outage.skip, outage.fault);
    StatusCode::NO_CONTENT
}

/// What operators would get from the event bus.
async fn events(State(pieces): State<Pieces>) -> Json<Value> {
    Json(json!({ "items": pieces.pipe.events() }))
}

/// Delivers a schedule's or event's message to the function that starts imports, as it is.
async fn trigger(State(pieces): State<Pieces>, Json(message): Json<Value>) -> Response {
    let answered = pieces.functions.invoke("FetchFunction", message).await;
    answer(answered.map_err(|fault| fault.to_string()))
}
