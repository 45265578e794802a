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
