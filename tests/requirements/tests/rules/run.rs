//! Running imports through the API.

use std::time::Duration;

use psa::RetryPolicy;
use sandbox::api::Api;
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};

pub const KINDS: [&str; 2] = ["connectwise", "autotask"];

/// The longest that a stage may take.
pub const PATIENCE: Duration = Duration::from_mins(2);

pub fn quick() -> Options {
    let retry = RetryPolicy {
        base: Duration::from_millis(1),
        cap: Duration::from_millis(5),
        ..RetryPolicy::default()
    };
    Options {
        retry,
        retry_factor: 0.0,
        ..Options::default()
    }
}

pub async fn sandbox() -> Sandbox {
    Sandbox::start(quick()).await.unwrap()
}

/// Fetches a snapshot and gives the import's id.
pub async fn fetch(api: &Api, kind: &str) -> String {
    let integration = api.integration(kind).await.unwrap();
    let import = api.start(&integration, &json!({})).await.unwrap();
    let now = api.wait(&import, "fetching", PATIENCE, |_| {}).await.unwrap();
    assert_eq!(now["state"], "review", "{now}");
    import
}

pub async fn rows(api: &Api, import: &str, tab: &str) -> Vec<Value> {
    api.list(&format!("/imports/{import}/companies?tab={tab}"))
        .await
        .unwrap()
}

/// Selects the first `many` unmapped companies with all their people.
pub async fn choose(api: &Api, import: &str, many: usize) -> Vec<Value> {
    let unmapped = |row: &Value| row["status"] == "unmapped" && row["own"] == false;
    let chosen: Vec<Value> = rows(api, import, "in")
        .await
        .into_iter()
        .filter(unmapped)
        .take(many)
        .collect();
    for row in &chosen {
        let company = format!("/imports/{import}/companies/{}", row["id"].as_str().unwrap());
        api.patch(&company, &json!({ "version": 1, "selected": true }))
            .await
            .unwrap();
        api.post(
            &format!("{company}/addresses/select"),
            &json!({ "selected": true, "where": {} }),
        )
        .await
        .unwrap();
    }
    chosen
}

/// Selects what was imported before.
pub async fn choose_mapped(api: &Api, import: &str) {
    let mapped = json!({ "selected": true, "where": { "status": "mapped" } });
    api.post(&format!("/imports/{import}/companies/select"), &mapped)
        .await
        .unwrap();
}

pub async fn plan(api: &Api, import: &str) -> Value {
    api.get(&format!("/imports/{import}/plan?limit=500")).await.unwrap()
}

pub async fn execute(api: &Api, import: &str) -> Value {
    let plan = plan(api, import).await;
    api.post(
        &format!("/imports/{import}/execute"),
        &json!({ "planHash": plan["hash"] }),
    )
    .await
    .unwrap();
    plan
}

pub async fn done(api: &Api, import: &str) -> Value {
    let now = api.wait(import, "executing", PATIENCE, |_| {}).await.unwrap();
    assert_eq!(now["state"], "done", "{now}");
    api.get(&format!("/imports/{import}/result")).await.unwrap()
}

/// A first import of some companies.
pub async fn first(api: &Api, kind: &str, many: usize) -> (Vec<Value>, Value) {
    let import = fetch(api, kind).await;
    let chosen = choose(api, &import, many).await;
    execute(api, &import).await;
    (chosen, done(api, &import).await)
}

/// Everything the directory holds, without ids: what two runs can be compared by.
pub async fn directory(api: &Api) -> Value {
    let mut companies = Vec::new();
    for company in api.list("/managed-companies").await.unwrap() {
        let users = api
            .list(&format!("/managed-companies/{}/users", company["id"].as_str().unwrap()))
            .await
            .unwrap();
        let mut users: Vec<String> = users.iter().map(|user| user["address"].to_string()).collect();
        users.sort();
        companies.push((company["name"].as_str().unwrap().to_owned(), users));
    }
    companies.sort();
    json!({ "companies": companies, "licences": api.get("/licences").await.unwrap() })
}

/// Moves the sandbox's clock on.
pub async fn advance(sandbox: &Sandbox, seconds: i64) {
    let control = Api::new(&sandbox.face.control, "");
    control
        .post("/clock", &json!({ "advanceSeconds": seconds }))
        .await
        .unwrap();
}
