//! What can be done to a simulator: the same for both PSAs and LastPass, which has an outbox and a journal besides.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use domain::psa::PsaKind;
use lastpass::LastPass;
use serde_json::{Value, json};
use simkit::Simulator;
use simkit::faults::Fault;

use super::answer::answer;
use crate::{LastPassServer, Psas};

type Shared = Arc<dyn Simulator>;

pub(super) fn router(psas: &Psas, lastpass: Option<&LastPassServer>) -> Router {
    let router = Router::new()
        .nest(
            "/psa/connectwise",
            simulator(Arc::clone(psas.get(PsaKind::Connectwise))),
        )
        .nest("/psa/autotask", simulator(Arc::clone(psas.get(PsaKind::Autotask))));
    let Some(lastpass) = lastpass.map(LastPassServer::simulator) else {
        return router;
    };
    let kept = Router::new()
        .route("/outbox", get(outbox))
        .route("/journal", get(journal))
        .with_state(Arc::clone(lastpass));
    router.nest(
        "/directory/lastpass",
        simulator(Arc::clone(lastpass) as Shared).merge(kept),
    )
}

fn simulator(simulator: Shared) -> Router {
    Router::new()
        .route("/faults", post(add_fault).delete(clear_faults))
        .route("/records", post(change_records))
        .route("/requests", get(requests).delete(forget_requests))
        .route("/switches", get(switches).post(set_switches))
        .with_state(simulator)
}

async fn add_fault(State(simulator): State<Shared>, Json(fault): Json<Fault>) -> StatusCode {
    simulator.faults().add(fault);
    StatusCode::CREATED
}

async fn clear_faults(State(simulator): State<Shared>) -> StatusCode {
    simulator.faults().clear();
    StatusCode::NO_CONTENT
}

async fn change_records(State(simulator): State<Shared>, Json(changes): Json<Value>) -> Response {
    answer(simulator.change_records(changes))
}

async fn requests(State(simulator): State<Shared>) -> Json<Value> {
    Json(json!({ "items": simulator.requests().items() }))
}

async fn forget_requests(State(simulator): State<Shared>) -> StatusCode {
    simulator.requests().clear();
    StatusCode::NO_CONTENT
}

async fn switches(State(simulator): State<Shared>) -> Json<Value> {
    Json(simulator.switches())
}

async fn set_switches(State(simulator): State<Shared>, Json(changes): Json<Value>) -> Response {
    answer(simulator.set_switches(changes))
}

async fn outbox(State(simulator): State<Arc<LastPass>>) -> Json<Value> {
    Json(json!({ "items": simulator.outbox() }))
}

async fn journal(State(simulator): State<Arc<LastPass>>) -> Json<Value> {
    Json(simulator.journal())
}
