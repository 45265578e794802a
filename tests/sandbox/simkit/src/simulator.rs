//! What the sandbox's control asks of either simulator.

use axum::Router;
use axum::middleware::from_fn_with_state;
use serde_json::Value;

use crate::faults::{self, Faults};
use crate::requests::{self, RequestLog};

/// A simulated PSA, seen from the sandbox.
pub trait Simulator: Send + Sync {
    /// The PSA's HTTP interface, with faults and the log of requests around it.
    fn router(&self) -> Router;

    /// The faults it injects.
    fn faults(&self) -> &Faults;

    /// The requests it has seen.
    fn requests(&self) -> &RequestLog;

    /// Changes what the PSA holds, in the PSA's own JSON: `{companies, contacts, delete: {companies, contacts}}`.
    /// All of it happens, or, with a message that names the field, none.
    fn change_records(&self, changes: Value) -> Result<Value, String>;

    /// The switches for what the PSA's documentation leaves open, by name.
    fn switches(&self) -> Value;

    /// Sets the switches named and answers all of them; an unknown name changes nothing and is named in the error.
    fn set_switches(&self, changes: Value) -> Result<Value, String>;
}

/// Puts the faults around a router, and the log of requests around the faults, so that faulted requests are logged too.
pub fn instrument(router: Router, faults: &Faults, requests: &RequestLog) -> Router {
    router
        .layer(from_fn_with_state(faults.clone(), faults::apply))
        .layer(from_fn_with_state(requests.clone(), requests::record))
}
