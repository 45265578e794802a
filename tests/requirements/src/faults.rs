//! What goes wrong on the side of the PSA.

use std::time::{Duration, Instant};

use domain::psa::PsaKind;
use sandbox::Sandbox;
use serde_json::{Value, json};
use simkit::requests::RequestRecord;

use crate::stage::{PATIENCE, advance};

/// Pages of companies.
pub const COMPANIES: &str = "(?i)/companies(/query)?$";

/// Pages of contacts.
pub const CONTACTS: &str = "(?i)/contacts(/query)?$";

/// Orders a fault, as the sandbox's control takes it.
pub fn add(sandbox: &Sandbox, kind: PsaKind, fault: &Value) {
    let fault = serde_json::from_value(fault.clone()).unwrap();
    sandbox.psas.get(kind).faults().add(fault);
}

/// Answers every request to these paths so, until [`clear`].
pub fn answer(sandbox: &Sandbox, kind: PsaKind, path: &str, answer: &Value) {
    add(sandbox, kind, &json!({ "match": { "path": path }, "answer": answer }));
}

/// Answers the `times` requests to these paths so that come after the first `skip`.
pub fn answer_some(sandbox: &Sandbox, kind: PsaKind, path: &str, skip: u64, times: u64, answer: &Value) {
    add(
        sandbox,
        kind,
        &json!({ "match": { "path": path }, "skip": skip, "times": times, "answer": answer }),
    );
}

/// Nothing goes wrong any more.
pub fn clear(sandbox: &Sandbox, kind: PsaKind) {
    sandbox.psas.get(kind).faults().clear();
}

/// How this PSA says that a right is missing: Autotask with a 500.
pub fn forbidden(kind: PsaKind) -> Value {
    match kind {
        PsaKind::Connectwise => json!({
            "status": 403,
            "body": json!({ "code": "Security", "message": "You do not have security permission to perform this action." }).to_string(),
        }),
        PsaKind::Autotask => json!({
            "status": 500,
            "body": json!({ "errors": ["The logged in Resource does not have the adequate permissions to query this entity type."] }).to_string(),
        }),
    }
}

/// Every request that the PSA has seen.
pub fn requests(sandbox: &Sandbox, kind: PsaKind) -> Vec<RequestRecord> {
    sandbox.psas.get(kind).requests().items()
}

/// Forgets the requests so far.
pub fn forget_requests(sandbox: &Sandbox, kind: PsaKind) {
    sandbox.psas.get(kind).requests().clear();
}

/// How long a held import is asked to wait: longer than a run of the worker has, shorter than the lease of the lock.
const HELD_SECONDS: i64 = 600;

/// Will hold a fetch before the page behind the first `skip` of these: the PSA asks to come back later than this run can.
/// [`held`] waits until the fetch has got there, [`let_go`] lets it go on.
pub fn hold(sandbox: &Sandbox, kind: PsaKind, path: &str, skip: u64) {
    let later = json!({ "status": 429, "headers": { "retry-after": HELD_SECONDS.to_string() } });
    answer_some(sandbox, kind, path, skip, 1, &later);
}

/// Waits until a fetch is held.
pub async fn held(sandbox: &Sandbox, kind: PsaKind) {
    let end = Instant::now() + PATIENCE;
    while !requests(sandbox, kind)
        .iter()
        .any(|request| request.status == Some(429))
    {
        assert!(Instant::now() < end, "the fetch never came to where it is held");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Lets a held fetch go on.
pub async fn let_go(sandbox: &Sandbox) {
    advance(sandbox, HELD_SECONDS + 1).await;
}
