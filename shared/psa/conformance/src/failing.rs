//! Each of the five failures, provoked at the product (R42), and how often it is asked for each.

use std::time::{Duration, Instant};

use domain::filter::Filter;
use domain::psa::PsaFailureKind::{PsaForbidden, PsaInvalidResponse, PsaServerError, PsaUnauthorized, PsaUnknownError};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::bench::{Bench, contacts};

fn respond(status: u16, body: &str) -> Value {
    json!({"status": status, "body": body})
}

const FAULT: &str = r#"{"code":"ConnectWiseApi","message":"x","errors":["An unexpected error has occurred."]}"#;

pub async fn r42_each_failure_has_its_code(bench: Bench) {
    let row = bench.product.page(&[json!({"id": 1})]).to_string();
    let half = &row[..row.find(r#""id":1"#).unwrap() + r#""id":1"#.len()];
    for (answer, kind, reads, retryable) in [
        (respond(500, FAULT), PsaServerError, 3, true),
        (respond(502, "<html>"), PsaServerError, 3, true),
        (respond(503, ""), PsaServerError, 3, true),
        (respond(401, ""), PsaUnauthorized, 1, false),
        (respond(403, ""), PsaForbidden, 1, false),
        (respond(400, "{}"), PsaUnknownError, 1, false),
        (respond(429, ""), PsaUnknownError, 3, true),
        (respond(200, "<html>Sign in</html>"), PsaInvalidResponse, 3, true),
        (respond(200, "{}"), PsaInvalidResponse, 1, true),
        (respond(200, half), PsaInvalidResponse, 3, true),
        (respond(302, ""), PsaInvalidResponse, 1, false),
        (json!({"reset": true}), PsaUnknownError, 3, true),
        (json!({"truncateAfter": 20}), PsaInvalidResponse, 3, true),
    ] {
        for list in [false, true] {
            bench.simulator.faults().clear();
            bench.simulator.requests().clear();
            bench.fault(json!({"match": {"path": bench.list(list)}, "answer": answer}));
            let psa = bench.psa();
            let everything = Filter::default();
            let failure = if list {
                psa.contacts(&everything, None, Some(600))
                    .next()
                    .await
                    .unwrap()
                    .map(|_| ())
                    .unwrap_err()
            } else {
                psa.companies(&everything, None, Some(40))
                    .next()
                    .await
                    .unwrap()
                    .map(|_| ())
                    .unwrap_err()
            };
            assert_eq!(
                (failure.kind, failure.retryable),
                (kind, retryable),
                "{answer} {failure}"
            );
            assert_eq!(bench.reads(list), reads, "{answer}");
            assert_eq!(failure.missing_right.is_some(), kind == PsaForbidden);
            assert!(
                failure
                    .endpoint
                    .to_lowercase()
                    .contains(if list { "contacts" } else { "companies" })
            );
        }
    }
}

pub async fn r42_wrong_credentials_are_asked_once(bench: Bench) {
    for field in bench.product.secrets() {
        bench.simulator.requests().clear();
        let failure = bench.psa_with(&json!({*field: "wrong"})).check().await.unwrap_err();
        assert_eq!((failure.kind, failure.retryable), (PsaUnauthorized, false), "{failure}");
        assert_eq!((bench.reads(false), bench.reads(true)), (1, 0));
    }
}

pub async fn r42_a_closed_port_is_an_unknown_error(bench: Bench) {
    let psa = bench.psa();
    let _bound = bench.stop().await;
    let failure = psa.check().await.unwrap_err();
    assert_eq!((failure.kind, failure.retryable), (PsaUnknownError, true), "{failure}");
}

pub async fn r43_a_rate_limit_in_the_middle_is_waited_out(bench: Bench) {
    bench.small_pages();
    let busy = json!({"status": 429, "headers": {"Retry-After": "1"}, "body": "{\"error\":\"ConnectWiseAPI\"}"});
    bench.fault(json!({"match": {"path": bench.list(true)}, "skip": 1, "times": 1, "answer": busy}));
    let (psa, started) = (bench.psa(), Instant::now());
    assert_eq!(contacts(&*psa, &Filter::default(), true).await.unwrap().len(), 600);
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(psa.stats().retries, 1);
}

pub async fn r9_a_truncated_page_never_makes_a_short_list(bench: Bench) {
    bench.small_pages();
    for after in [0, 1, 500, 5_000] {
        bench.simulator.faults().clear();
        let cut =
            json!({"match": {"path": bench.list(true)}, "skip": 1, "times": 1, "answer": {"truncateAfter": after}});
        bench.fault(cut);
        assert_eq!(
            contacts(&*bench.psa(), &Filter::default(), true).await.unwrap().len(),
            600,
            "passes"
        );
        bench.fault(json!({"match": {"path": bench.list(true)}, "skip": 1, "answer": {"truncateAfter": after}}));
        let failure = contacts(&*bench.psa(), &Filter::default(), true).await.unwrap_err();
        assert_eq!(failure.kind, PsaInvalidResponse, "stays: {failure}");
    }
}

pub async fn r9_a_refusal_in_the_middle_fails_the_whole_walk(bench: Bench) {
    bench.small_pages();
    for (status, kind) in [
        (401, PsaUnauthorized),
        (403, PsaForbidden),
        (500, PsaServerError),
        (200, PsaInvalidResponse),
    ] {
        bench.simulator.faults().clear();
        let answer = json!({"status": status, "body": "{}"});
        bench.fault(json!({"match": {"path": bench.list(true)}, "skip": 1, "answer": answer}));
        let failure = contacts(&*bench.psa(), &Filter::default(), true).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{failure}");
    }
}
