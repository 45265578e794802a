//! Snapshots: whole or not at all, and what they show.

use std::time::Duration;

use domain::psa::PsaKind;
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use crate::run::{KINDS, PATIENCE, advance, directory, fetch, first, quick, rows, sandbox};

fn psa(kind: &str) -> PsaKind {
    if kind == "connectwise" {
        PsaKind::Connectwise
    } else {
        PsaKind::Autotask
    }
}

fn fault(sandbox: &Sandbox, kind: &str, fault: Value) {
    sandbox
        .psas
        .get(psa(kind))
        .faults()
        .add(serde_json::from_value(fault).unwrap());
}

#[tokio::test]
async fn r09_a_page_that_stays_truncated_fails_the_fetch_and_touches_nothing() {
    for kind in KINDS {
        let sandbox = sandbox().await;
        let ana = sandbox.api("ana");
        let (chosen, _) = first(&ana, kind, 2).await;
        let before = directory(&ana).await;
        fault(
            &sandbox,
            kind,
            json!({ "match": { "path": "(?i)contacts(/query)?$" }, "answer": { "truncateAfter": 400 } }),
        );
        let integration = ana.integration(kind).await.unwrap();
        let import = ana.start(&integration, &json!({})).await.unwrap();
        let failed = ana.wait(&import, "fetching", PATIENCE, |_| {}).await.unwrap();
        assert_eq!(
            (&failed["state"], &failed["error"]["code"]),
            (&json!("failed"), &json!("psa_invalid_response")),
            "{failed}"
        );
        assert_eq!(rows(&ana, &import, "in").await, Vec::<Value>::new());
        assert_eq!(rows(&ana, &import, "not-in").await, Vec::<Value>::new());

        // The lock is free, and the mappings are as they were.
        sandbox.psas.get(psa(kind)).faults().clear();
        let import = fetch(&ana, kind).await;
        let mapped = rows(&ana, &import, "in")
            .await
            .into_iter()
            .filter(|row| row["status"] == "mapped")
            .count();
        assert_eq!((mapped, directory(&ana).await), (chosen.len(), before));
        sandbox.stop().await;
    }
}

/// What the PSA says of each row; ids of managed companies differ from sandbox to sandbox.
fn shown(rows: &[Value]) -> Vec<Value> {
    rows.iter()
        .map(|row| {
            json!([
                row["id"],
                row["name"],
                row["status"],
                row["type"],
                row["psaStatus"],
                row["addresses"]
            ])
        })
        .collect()
}

#[tokio::test]
async fn r11_a_fetch_longer_than_one_run_goes_on_in_the_next() {
    for kind in KINDS {
        let whole = sandbox().await;
        let import = fetch(&whole.api("ana"), kind).await;
        let expected = shown(&rows(&whole.api("ana"), &import, "in").await);
        whole.stop().await;

        // Five seconds are kept back for handing over, so a run has one: enough for one slow page, not for two.
        let options = Options {
            worker_timeout: Some(Duration::from_secs(6)),
            ..quick()
        };
        let sandbox = Sandbox::start(options).await.unwrap();
        fault(
            &sandbox,
            kind,
            json!({ "match": { "path": "(?i)(companies|contacts)(/query)?$" }, "answer": { "delayMs": 600 } }),
        );
        let places = |sandbox: &Sandbox| {
            sandbox
                .spent()
                .operations
                .get("UpdateItem")
                .copied()
                .unwrap_or_default()
        };
        let before = places(&sandbox);
        let import = fetch(&sandbox.api("ana"), kind).await;
        assert!(places(&sandbox) - before >= 2, "it took one run only");
        assert_eq!(shown(&rows(&sandbox.api("ana"), &import, "in").await), expected);
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn r16_unmapped_rows_come_first_and_then_by_name_across_pages() {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    first(&ana, "autotask", 5).await;
    let import = fetch(&ana, "autotask").await;
    let whole = rows(&ana, &import, "in").await;
    let order = |row: &Value| {
        (
            row["status"] == "mapped",
            domain::name::NameKey::of(row["name"].as_str().unwrap()),
        )
    };
    assert!(whole.is_sorted_by_key(order));
    assert_eq!(whole.iter().filter(|row| row["lastImported"].is_string()).count(), 5);

    let (mut paged, mut after) = (Vec::new(), String::new());
    loop {
        let next = if after.is_empty() {
            String::new()
        } else {
            format!("&after={}", encoded(&after))
        };
        let page = ana
            .get(&format!("/imports/{import}/companies?tab=in&limit=7{next}"))
            .await
            .unwrap();
        paged.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    assert_eq!(paged, whole);
    sandbox.stop().await;
}

fn encoded(text: &str) -> String {
    text.bytes()
        .fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02X}"))
}

#[tokio::test]
async fn r44_a_lock_is_free_after_its_lease_and_the_import_that_had_it_is_over() {
    let sandbox = sandbox().await;
    let (ana, bram) = (sandbox.api("ana"), sandbox.api("bram"));
    let left = fetch(&ana, "connectwise").await;
    let integration = ana.integration("connectwise").await.unwrap();
    let refused = bram.start(&integration, &json!({})).await.unwrap_err().to_string();
    assert!(
        refused.contains("integration_locked") && refused.contains("ana@"),
        "{refused}"
    );
    advance(&sandbox, 30 * 60 + 1).await;
    fetch(&bram, "connectwise").await;
    let over = ana.get(&format!("/imports/{left}")).await.unwrap();
    assert_eq!(
        (&over["state"], &over["error"]["code"]),
        (&json!("cancelled"), &json!("import_abandoned"))
    );
    sandbox.stop().await;
}

#[tokio::test]
async fn r50_a_psa_is_only_ever_read() {
    for kind in KINDS {
        let sandbox = sandbox().await;
        first(&sandbox.api("ana"), kind, 3).await;
        let requests = sandbox.psas.get(psa(kind)).requests().items();
        assert!(!requests.is_empty());
        for request in requests {
            let reads =
                request.method == "GET" || request.method == "POST" && request.path.to_lowercase().contains("/query");
            assert!(reads, "{} {}", request.method, request.path);
        }
        sandbox.stop().await;
    }
}
