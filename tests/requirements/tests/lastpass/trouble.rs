//! What goes wrong at LastPass, and what it was asked.

use std::time::{Duration, Instant};

use requirements::Sandbox;
use requirements::stage::PATIENCE;
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

/// Waits until an execution waits for LastPass beyond the moment `before`, and gives the new moment; `None` if the execution has ended.
pub async fn waits(sandbox: &Sandbox, import: &str, before: Option<&str>) -> Option<String> {
    let (ana, end) = (sandbox.api("ana"), Instant::now() + PATIENCE);
    loop {
        let now = ana.get(&format!("/imports/{import}")).await.unwrap();
        if now["state"] != "executing" {
            return None;
        }
        let until = now["waiting"]["until"].as_str();
        if until.is_some() && until != before {
            return until.map(str::to_owned);
        }
        assert!(Instant::now() < end, "it does not wait: {now}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
