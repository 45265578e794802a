//! Rate limits, which are waited out within the time there is.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use requirements::faults::{COMPANIES, CONTACTS};
use requirements::import::{fetch, fetched, first_import_of, id, rows, start, start_full};
use requirements::problem::{assert_problem, call};
use requirements::stage::{PATIENCE, advance, integration, sandbox};
use requirements::unattended::deliver;
use requirements::{PsaKind, Sandbox, faults, for_both, psa};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fetch::runs;

for_both!(
    r43_a_rate_limit_is_waited_out_as_long_as_the_psa_asks,
    r43_a_rate_limit_longer_than_a_run_is_waited_out_between_runs,
    r43_a_rate_limit_that_does_not_end_fails_the_import,
    r43_r44_a_rate_limit_longer_than_the_lease_is_waited_out_and_the_lock_kept,
    r43_r14_a_rate_limit_while_absent_companies_are_read_back_is_waited_out,
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

async fn r43_r44_a_rate_limit_longer_than_the_lease_is_waited_out_and_the_lock_kept(kind: PsaKind) {
    let sandbox = sandbox().await;
    let (ana, bram) = (sandbox.api("ana"), sandbox.api("bram"));
    // What the PSA asks for counts from the time that everything else goes by.
    advance(&sandbox, 7_200).await;
    let limited = json!({ "status": 429, "headers": { "Retry-After": "3600" } });
    faults::answer_some(&sandbox, kind, CONTACTS, 0, 1, &limited);
    let import = start(&ana, kind, &json!({})).await;
    faults::held(&sandbox, kind).await;
    let path = format!("/integrations/{}", integration(&ana, kind).await);
    let end = Instant::now() + PATIENCE;
    while !is_kept_for(&ana.get(&path).await.unwrap(), 5_400) {
        assert!(Instant::now() < end, "the lock is not kept");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    advance(&sandbox, 3_500).await;
    let refused = call(
        &bram,
        Method::POST,
        &format!("{path}/imports"),
        Some(&json!({ "filter": {} })),
    )
    .await;
    assert_problem(&refused, 423, "integration_locked");
    assert_eq!(deliver(&sandbox, &json!({ "sweep": {} })).await["takenUp"], 0);
    advance(&sandbox, 101).await;
    assert_eq!(fetched(&ana, &import).await["state"], "review");
    sandbox.stop().await;
}

/// Whether an integration's lock is held until so many seconds after it was taken, or later.
fn is_kept_for(integration: &Value, seconds: i64) -> bool {
    let at = |what: &str| {
        integration["lock"][what]
            .as_str()
            .unwrap()
            .parse::<Timestamp>()
            .unwrap()
    };
    at("until").as_second() - at("since").as_second() >= seconds
}

async fn r43_r14_a_rate_limit_while_absent_companies_are_read_back_is_waited_out(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 1).await;
    let gone = id(&first.chosen[0]);
    psa::delete(&sandbox, kind, gone);
    // The list is one page; what comes after it is the reading back.
    faults::hold(&sandbox, kind, COMPANIES, 1);
    let import = start_full(&ana, kind).await;
    faults::held(&sandbox, kind).await;
    faults::let_go(&sandbox).await;
    assert_eq!(fetched(&ana, &import).await["state"], "review");
    let not_in = rows(&ana, &import, "not-in").await;
    assert_eq!(
        (not_in.len(), id(&not_in[0]), &not_in[0]["reason"]),
        (1, gone, &json!("deleted_in_psa"))
    );
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

#[tokio::test]
async fn r67_a_fetch_whose_pages_have_expired_ends_and_sets_the_lock_free() {
    let (sandbox, kind) = (sandbox().await, PsaKind::Connectwise);
    let ana = sandbox.api("ana");
    sandbox.psas.get(kind).set_switches(json!({ "pageCap": 15 })).unwrap();
    let limited = json!({ "status": 429, "headers": { "Retry-After": "3600" } });
    let after_some = json!({ "match": { "path": CONTACTS }, "skip": 3, "answer": limited });
    faults::add(&sandbox, kind, &after_some);
    let import = start(&ana, kind, &json!({})).await;
    let end = Instant::now() + PATIENCE;
    while ana.get(&format!("/imports/{import}")).await.unwrap()["waiting"].is_null() {
        assert!(Instant::now() < end, "it does not wait");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // What it has read is kept two days, and deleted.
    let ended = waited_out(&sandbox, &import, 3 * 24 * 3_600).await;
    assert_eq!(
        (&ended["state"], &ended["error"]["code"]),
        (&json!("failed"), &json!("snapshot_expired"))
    );
    let path = format!("/integrations/{}", integration(&ana, kind).await);
    assert!(ana.get(&path).await.unwrap()["lock"].is_null());
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
