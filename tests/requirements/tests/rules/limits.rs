//! Rate limits, which are waited out within the time there is.

use std::time::{Duration, Instant};

use requirements::faults::{COMPANIES, CONTACTS};
use requirements::import::{fetch, fetched, rows, start};
use requirements::stage::{PATIENCE, advance, integration, sandbox};
use requirements::{PsaKind, Sandbox, faults, for_both};
use serde_json::{Value, json};

use crate::fetch::runs;

for_both!(
    r43_a_rate_limit_is_waited_out_as_long_as_the_psa_asks,
    r43_a_rate_limit_longer_than_a_run_is_waited_out_between_runs,
    r43_a_rate_limit_that_does_not_end_fails_the_import,
);

async fn r43_a_rate_limit_is_waited_out_as_long_as_the_psa_asks(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let limited = json!({ "status": 429, "headers": { "Retry-After": "1" }, "body": "Too many requests" });
    faults::answer_some(&sandbox, kind, CONTACTS, 0, 1, &limited);
    let began = Instant::now();
    let import = fetch(&ana, kind).await;
    // Retries would wait for milliseconds here, if they were not asked to wait longer.
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(rows(&ana, &import, "in").await.len(), 40);
    let statuses: Vec<_> = faults::requests(&sandbox, kind)
        .iter()
        .map(|request| request.status)
        .collect();
    assert_eq!(statuses.iter().filter(|status| **status == Some(429)).count(), 1);
    sandbox.stop().await;
}

async fn r43_a_rate_limit_longer_than_a_run_is_waited_out_between_runs(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let before = runs(&sandbox);
    faults::hold(&sandbox, kind, COMPANIES, 0);
    let import = start(&ana, kind, &json!({})).await;
    faults::held(&sandbox, kind).await;
    assert_eq!(
        ana.get(&format!("/imports/{import}")).await.unwrap()["state"],
        "fetching"
    );
    faults::let_go(&sandbox).await;
    assert_eq!(fetched(&ana, &import).await["state"], "review");
    assert_eq!(rows(&ana, &import, "in").await.len(), 40);
    assert_eq!(runs(&sandbox) - before, 2);
    sandbox.stop().await;
}

async fn r43_a_rate_limit_that_does_not_end_fails_the_import(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    faults::answer(&sandbox, kind, CONTACTS, &json!({ "status": 429 }));
    let import = start(&ana, kind, &json!({})).await;
    let failed = waited_out(&sandbox, &import, 61).await;
    assert_eq!(
        (&failed["state"], &failed["error"]["code"]),
        (&json!("failed"), &json!("psa_unknown_error"))
    );
    assert_eq!(failed["error"]["retryable"], true);
    let path = format!("/integrations/{}", integration(&ana, kind).await);
    assert_eq!(ana.get(&path).await.unwrap().get("lock"), None);
    sandbox.stop().await;
}

#[tokio::test]
async fn r43_limits_between_which_pages_arrive_are_waited_out_however_many_they_are() {
    // Autotask's pages have a fixed size: this would take tens of thousands of records.
    let (sandbox, kind) = (sandbox().await, PsaKind::Connectwise);
    let ana = sandbox.api("ana");
    sandbox.psas.get(kind).set_switches(json!({ "pageCap": 15 })).unwrap();
    let limited = json!({ "status": 429, "headers": { "Retry-After": "600" } });
    faults::add(
        &sandbox,
        kind,
        &json!({ "match": { "path": CONTACTS }, "every": 2, "answer": limited }),
    );
    let import = start(&ana, kind, &json!({})).await;
    let before = runs(&sandbox);
    assert_eq!(waited_out(&sandbox, &import, 601).await["state"], "review");
    let waits = runs(&sandbox) - before;
    assert!(waits > 35, "only {waits} waits");
    assert_eq!(rows(&ana, &import, "in").await.len(), 40);
    sandbox.stop().await;
}

/// Moves the clock on by so many seconds at a time until an import is not fetching any more, and shows it.
async fn waited_out(sandbox: &Sandbox, import: &str, seconds: i64) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let now = sandbox.api("ana").get(&format!("/imports/{import}")).await.unwrap();
        if now["state"] != "fetching" {
            return now;
        }
        assert!(Instant::now() < end, "it never gives up: {now}");
        advance(sandbox, seconds).await;
    }
}
