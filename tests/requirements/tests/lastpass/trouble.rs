//! What goes wrong at LastPass, and what it was asked.

use requirements::Sandbox;
use serde_json::Value;
use simkit::Simulator as _;

/// Adds a fault, as control's JSON describes it.
pub fn add(sandbox: &Sandbox, fault: Value) {
    let fault = serde_json::from_value(fault).unwrap();
    sandbox.lastpass.as_ref().unwrap().simulator().faults().add(fault);
}

/// How many requests of a method went to paths that end so.
pub fn asked(sandbox: &Sandbox, method: &str, end: &str) -> usize {
    let requests = sandbox.lastpass.as_ref().unwrap().simulator().requests().items();
    let requests = requests.iter();
    requests
        .filter(|request| request.method == method && request.path.ends_with(end))
        .count()
}
