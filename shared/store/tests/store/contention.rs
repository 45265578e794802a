//! A store in which somebody else is always faster.

use domain::policy::Policy;
use serde_json::{Value, json};
use store::StoreError;
use store::retry::{Attempts, RETRY};

use crate::wire::{Wire, import, now, refused};

const ATTEMPTS: usize = RETRY.repeats + 1;

fn always_refusing(operation: &str, body: &Value) -> (u16, Value) {
    match operation {
        "TransactWriteItems" => refused(body),
        "GetItem" => {
            let integration = json!({
                "id": { "S": "i" }, "kind": { "S": "autotask" }, "name": { "S": "PSA" }, "address": { "S": "psa.test" },
                "createdAt": { "S": "2027-01-01T00:00:00Z" },
            });
            let is_integration = body["Key"]["sk"]["S"].as_str().unwrap().starts_with("INTEGRATION#");
            (
                200,
                if is_integration {
                    json!({ "Item": integration })
                } else {
                    json!({})
                },
            )
        }
        _ => (200, json!({})),
    }
}

fn is_contention(error: &StoreError) -> bool {
    matches!(error, StoreError::Contention { .. }) && error.passes()
}

#[tokio::test(start_paused = true)]
async fn a_start_that_always_loses_ends_with_a_name() {
    let wire = Wire::new(always_refusing);
    let began = tokio::time::Instant::now();
    let lost = wire.tenant().start(&import(), None, now()).await;
    let error = match lost {
        Err(error) => error,
        Ok(started) => panic!("it cannot start: {started:?}"),
    };
    assert!(is_contention(&error), "{error}");
    assert_eq!(wire.calls("TransactWriteItems").len(), ATTEMPTS);
    let waited = began.elapsed().as_secs_f64();
    assert!((1.0..15.0).contains(&waited), "waited {waited} s");
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_is_always_replaced_meanwhile_is_given_up() {
    let wire = Wire::new(always_refusing);
    let person = import().started_by;
    let lost = wire
        .tenant()
        .set_policy(&import().integration, &Policy::default(), &person, now())
        .await;
    assert!(is_contention(&lost.unwrap_err()));
    assert_eq!(wire.calls("TransactWriteItems").len(), ATTEMPTS);
}

#[tokio::test(start_paused = true)]
async fn each_wait_is_another_one_and_none_is_too_long() {
    let mut waits = Vec::new();
    for _ in 0..20 {
        let mut attempts = Attempts::at("test");
        let (mut own, mut last) = (Vec::new(), tokio::time::Instant::now());
        while attempts.again().await.is_ok() {
            own.push(last.elapsed());
            last = tokio::time::Instant::now();
        }
        assert_eq!(own.len(), RETRY.repeats);
        assert!(
            own.iter()
                .all(|wait| wait.as_millis() >= 20 && wait.as_millis() <= 2_100),
            "{own:?}"
        );
        waits.push(own[5]);
    }
    waits.sort();
    waits.dedup();
    assert!(waits.len() > 1, "there is no jitter");
}
