//! Imports that nobody starts by hand.

use std::time::{Duration, Instant};

use domain::psa::PsaKind;
use sandbox::api::Api;
use sandbox::{Error, Sandbox};
use serde_json::{Value, json};

use crate::stage::{PATIENCE, integration, text};

/// Delivers a message as a schedule or an event would; gives what came of it.
pub async fn deliver(sandbox: &Sandbox, message: &Value) -> Value {
    try_to_deliver(sandbox, message).await.unwrap()
}

/// The same where it may fail, so that it would be delivered again.
pub async fn try_to_deliver(sandbox: &Sandbox, message: &Value) -> Result<Value, Error> {
    Api::new(&sandbox.face.control, "").post("/trigger", message).await
}

/// Asks for an unattended import of the first MSP, on an occasion.
pub async fn trigger(sandbox: &Sandbox, kind: PsaKind, occasion: &str) -> Value {
    let integration = integration(&sandbox.api("ana"), kind).await;
    let message = json!({ "msp": "noordzee", "integration": integration, "token": occasion });
    deliver(sandbox, &message).await
}

/// Starts an unattended import and waits until it has ended or waits for an administrator; shows it.
pub async fn unattended(sandbox: &Sandbox, kind: PsaKind, occasion: &str) -> Value {
    let answer = trigger(sandbox, kind, occasion).await;
    assert_eq!(answer["outcome"], "started", "{answer}");
    ended(sandbox, text(&answer["import"])).await
}

/// The same; gives the units that were written and read, too, without those of looking whether it has ended.
pub async fn unattended_units(sandbox: &Sandbox, kind: PsaKind, occasion: &str) -> (Value, f64, f64) {
    let (ana, end) = (sandbox.api("ana"), Instant::now() + PATIENCE);
    let before = sandbox.spent();
    let started = trigger(sandbox, kind, occasion).await;
    let path = format!("/imports/{}", text(&started["import"]));
    let (mut looked, mut import) = (0.0, Value::Null);
    while import["state"] != "done" {
        assert!(Instant::now() < end, "it does not come to an end: {import}");
        tokio::time::sleep(Duration::from_millis(200)).await;
        looked += 1.0;
        import = ana.get(&path).await.unwrap();
    }
    let spent = sandbox.spent();
    ana.get(&path).await.unwrap();
    let of_a_look = sandbox.spent().read_units - spent.read_units;
    let read = spent.read_units - before.read_units - looked * of_a_look;
    (import, spent.write_units - before.write_units, read)
}

/// Waits until an unattended import has ended or waits for an administrator; shows it.
pub async fn ended(sandbox: &Sandbox, import: &str) -> Value {
    ended_within(&sandbox.api("ana"), import, PATIENCE).await
}

/// The same, seen by an administrator who waits so long.
pub async fn ended_within(api: &Api, import: &str, limit: Duration) -> Value {
    let end = Instant::now() + limit;
    loop {
        let now = api.get(&format!("/imports/{import}")).await.unwrap();
        match text(&now["state"]) {
            "fetching" | "executing" => {}
            "review" if now.get("stopped").is_none() => {}
            _ => return now,
        }
        assert!(Instant::now() < end, "it does not come to an end: {now}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Replaces what the integration's policy says.
pub async fn set_policy(api: &Api, kind: PsaKind, policy: &Value) {
    let path = format!("/integrations/{}/policy", integration(api, kind).await);
    api.put(&path, policy).await.unwrap();
}
