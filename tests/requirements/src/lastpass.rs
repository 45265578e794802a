//! The simulated LastPass of an MSP: what it holds, what people do in it, and what it was asked.

#![expect(
    clippy::disallowed_methods,
    reason = "the simulator on this machine is the only address asked"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use sandbox::{LastPassServer, Options, Sandbox};
use serde_json::{Value, json};
use simkit::Simulator as _;

use crate::stage::{advance, quick, text};

/// What the ids of its companies begin with in the product.
const COMPANY: &str = "lastpass-";

/// A small quick sandbox whose first MSP has LastPass.
pub async fn sandbox() -> Sandbox {
    let options = Options {
        lastpass: true,
        ..quick()
    };
    Sandbox::start(options).await.unwrap()
}

fn server(sandbox: &Sandbox) -> &Arc<LastPassServer> {
    sandbox.lastpass.as_ref().unwrap()
}

/// The key of the first MSP's account.
pub fn key(sandbox: &Sandbox) -> Value {
    json!({ "kind": "lastpass", "apiKey": server(sandbox).api_key() })
}

/// The key of another MSP's account.
pub fn other_key(sandbox: &Sandbox) -> Value {
    json!({ "kind": "lastpass", "apiKey": server(sandbox).other_api_key() })
}

/// Sets what the documents leave open.
pub fn set(sandbox: &Sandbox, switches: Value) {
    server(sandbox).simulator().set_switches(switches).unwrap();
}

/// Has it answer everything so.
pub fn answer(sandbox: &Sandbox, answer: &Value) {
    let fault = serde_json::from_value(json!({ "match": { "path": ".*" }, "answer": answer }));
    server(sandbox).simulator().faults().add(fault.unwrap());
}

/// Has it take so many requests from now on, and then no more for so many seconds. Gives the number of requests until now, or of a few
/// less.
pub fn take_only(sandbox: &Sandbox, many: usize, seconds: i64) -> usize {
    let until_now = requests(sandbox);
    take_all(sandbox);
    let headers = json!({ "retry-after": seconds.to_string() });
    let fault = json!({ "match": { "path": ".*" }, "skip": many, "answer": { "status": 429, "headers": headers } });
    let fault = serde_json::from_value(fault);
    server(sandbox).simulator().faults().add(fault.unwrap());
    until_now
}

/// Has it take every request again.
pub fn take_all(sandbox: &Sandbox) {
    server(sandbox).simulator().faults().clear();
}

/// Changes what it holds, as people do in its console.
pub fn change(sandbox: &Sandbox, changes: Value) {
    server(sandbox).simulator().change_records(changes).unwrap();
}

/// The number of a company or user by the id that the product shows.
pub fn number(id: &str) -> i64 {
    id.strip_prefix(COMPANY).unwrap_or(id).parse().unwrap()
}

/// Mails of this kind that it would have sent.
pub fn mails(sandbox: &Sandbox, kind: &str) -> usize {
    let outbox = server(sandbox).simulator().outbox();
    let mails = outbox.as_array().unwrap().iter();
    mails.filter(|mail| mail["kind"] == kind).count()
}

/// How often it was asked for lists of users.
pub fn user_lists(sandbox: &Sandbox) -> usize {
    let requests = server(sandbox).simulator().requests().items();
    let lists = requests.iter();
    lists
        .filter(|request| request.method == "GET" && request.path.ends_with("/users"))
        .count()
}

/// How often it was asked for a company or a user.
pub fn creations(sandbox: &Sandbox) -> usize {
    let requests = server(sandbox).simulator().requests().items();
    requests.iter().filter(|request| request.method == "POST").count()
}

/// Moves the clock on, by so many seconds at a time, until an import is carried out.
pub async fn let_pass(sandbox: &Sandbox, import: &str, seconds: i64) {
    let ana = sandbox.api("ana");
    for _ in 0..200 {
        let now = ana.get(&format!("/imports/{import}")).await.unwrap();
        if now["state"] != "executing" {
            return;
        }
        advance(sandbox, seconds).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How many requests there were so far.
pub fn requests(sandbox: &Sandbox) -> usize {
    usize::try_from(server(sandbox).simulator().requests().total()).unwrap()
}

/// Whom it has, by company: read by a client that shares no code with the product.
pub async fn holds(sandbox: &Sandbox) -> BTreeMap<(i64, String), Vec<String>> {
    let mut all = BTreeMap::new();
    for company in list(sandbox, "").await {
        let (id, name) = (company["id"].as_i64().unwrap(), text(&company["name"]).to_owned());
        let users = list(sandbox, &format!("/{id}/users")).await;
        let mut addresses: Vec<String> = users.iter().map(|user| text(&user["email"]).to_owned()).collect();
        addresses.sort();
        all.insert((id, name), addresses);
    }
    all
}

async fn list(sandbox: &Sandbox, path: &str) -> Vec<Value> {
    let server = server(sandbox);
    let url = format!("{}/business/v1/managed-companies{path}?max-results=500", server.url());
    let call = Client::new().get(url);
    let call = call.header("Authorization", format!("api-key {}", server.api_key()));
    let page: Value = call.send().await.unwrap().json().await.unwrap();
    assert_eq!(page["nextPageToken"], Value::Null, "more than a page");
    page["items"].as_array().unwrap().clone()
}

/// Fails if anybody was not created whose address LastPass takes: before the @ it has ASCII only.
pub fn assert_created(result: &Value) {
    for error in result["errors"].as_array().unwrap() {
        let address = text(&error["address"]["address"]);
        let local = address.split('@').next().unwrap_or_default();
        assert!(!local.is_ascii() && error["code"] == "directory_refused", "{error}");
    }
}

/// Ends a sandbox in which nothing was detached, deleted or suspended (R88).
pub async fn end(sandbox: Sandbox) {
    let journal = server(&sandbox).simulator().journal();
    assert_eq!(journal["forbidden"], json!([]));
    sandbox.stop().await;
}
