//! The sandbox with a simulated LastPass.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]
#![allow(
    clippy::disallowed_methods,
    reason = "the servers on this machine are the only addresses asked"
)]

use reqwest::{Client, Method};
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};

const COMPANIES: &str = "/business/v1/managed-companies";

async fn start() -> Sandbox {
    let options = Options {
        lastpass: true,
        ..Options::default()
    };
    Sandbox::start(options).await.unwrap()
}

async fn control(sandbox: &Sandbox, method: Method, what: &str, body: Value) -> (u16, Value) {
    let url = format!("{}/directory/lastpass/{what}", sandbox.face.control);
    let response = Client::new().request(method, url).json(&body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or_default())
}

/// The names of the first page of companies, with the key that the sandbox tells.
async fn listed(sandbox: &Sandbox) -> (u16, Vec<Value>) {
    let told = sandbox.face.lastpass.as_ref().unwrap();
    let url = format!("{}{COMPANIES}", told["url"].as_str().unwrap());
    let key = format!("api-key {}", told["apiKey"].as_str().unwrap());
    let response = Client::new()
        .get(url)
        .header("Authorization", key)
        .send()
        .await
        .unwrap();
    let status = response.status().as_u16();
    let page: Value = response.json().await.unwrap_or_default();
    let items = page["items"].as_array().cloned().unwrap_or_default();
    (status, items.iter().map(|item| item["name"].clone()).collect())
}

#[tokio::test]
async fn lastpass_has_the_companies_made_by_hand() {
    let sandbox = start().await;
    let (status, names) = listed(&sandbox).await;
    assert_eq!(status, 200);
    assert_eq!(names.len(), 5, "{names:?}");
    assert!(names.contains(&json!("Pilotgroep")));
    sandbox.stop().await;
}

#[tokio::test]
async fn control_reaches_lastpass_as_it_does_a_psa() {
    let sandbox = start().await;
    let fault = json!({"match": {"path": "managed-companies$"}, "times": 1, "answer": {"status": 503}});
    assert_eq!(control(&sandbox, Method::POST, "faults", fault).await.0, 201);
    assert_eq!(listed(&sandbox).await.0, 503);
    assert_eq!(control(&sandbox, Method::DELETE, "faults", Value::Null).await.0, 204);
    let records = json!({"companies": [{"name": "Elders gemaakt"}]});
    assert_eq!(control(&sandbox, Method::POST, "records", records).await.0, 200);
    assert!(listed(&sandbox).await.1.contains(&json!("Elders gemaakt")));
    let (status, _) = control(&sandbox, Method::POST, "switches", json!({"keyStates": "revoked"})).await;
    assert_eq!((status, listed(&sandbox).await.0), (200, 401));
    assert_eq!(
        control(&sandbox, Method::POST, "switches", json!({"keyState": "x"}))
            .await
            .0,
        400
    );
    // The first is that of the sandbox itself, which chose LastPass for the MSP.
    let (_, requests) = control(&sandbox, Method::GET, "requests", Value::Null).await;
    assert_eq!(requests["items"].as_array().unwrap().len(), 1 + 3);
    let (_, outbox) = control(&sandbox, Method::GET, "outbox", Value::Null).await;
    assert_eq!(outbox, json!({"items": []}));
    let (_, journal) = control(&sandbox, Method::GET, "journal", Value::Null).await;
    assert_eq!(
        journal,
        json!({"calls": {"GET /v1/managed-companies": 1 + 3}, "forbidden": []})
    );
    sandbox.stop().await;
}

#[tokio::test]
async fn without_lastpass_control_has_nothing_of_it() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    assert_eq!(control(&sandbox, Method::GET, "outbox", Value::Null).await.0, 404);
    assert!(sandbox.lastpass.is_none() && sandbox.face.lastpass.is_none());
    sandbox.stop().await;
}
