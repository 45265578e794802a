//! A running simulator and a client that knows its key.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use lastpass::{KEY, LastPass};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use simkit::clock::SimClock;
use simkit::{Simulator as _, serve};

pub struct Sandbox {
    pub simulator: LastPass,
    pub clock: SimClock,
    pub origin: String,
    pub http: Client,
}

/// A simulator with one company, 1101, and two of its users: 50101, who is enrolled, and 50102, who is staged.
pub async fn start() -> Sandbox {
    let sandbox = start_in(None).await;
    sandbox.change(json!({
        "companies": [{"id": 1101, "name": "Bakkerij Jansen", "licenseLimit": 5}],
        "users": [
            {"id": 50101, "companyId": 1101, "name": "Jan Jansen", "email": "jan@jansen.example"},
            {"id": 50102, "companyId": 1101, "name": "Piet Jansen", "email": "piet@jansen.example", "accountStatus": "staged"},
        ],
    }));
    sandbox
}

pub async fn start_in(state: Option<&Path>) -> Sandbox {
    let clock = SimClock::new();
    let simulator = LastPass::open(state, clock.clone());
    let (address, _served) = serve(simulator.router(), SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .await
        .unwrap();
    Sandbox {
        simulator,
        clock,
        origin: format!("http://{address}"),
        http: Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap(),
    }
}

impl Sandbox {
    pub fn switch(&self, name: &str, value: impl Into<Value>) {
        self.simulator.set_switches(json!({ name: value.into() })).unwrap();
    }

    pub fn change(&self, records: Value) -> Value {
        self.simulator.change_records(records).unwrap()
    }

    /// A request without a key; the path is relative to the base unless it is a URL.
    pub fn open(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}/business{path}", self.origin)
        };
        self.http.request(method, url)
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.open(method, path)
            .header("Authorization", format!("api-key {KEY}"))
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.request(Method::GET, path)).await
    }

    pub async fn send(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        answer(self.request(method, path).json(&body)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::POST, path, body).await
    }

    pub async fn patch(&self, user: i64, body: Value) -> (u16, Value) {
        self.send(Method::PATCH, &format!("/v1/managed-companies/1101/users/{user}"), body)
            .await
    }

    /// Creates a user with an invitation in a company.
    pub async fn invite(&self, company: i64, email: &str) -> (u16, Value) {
        let body = json!({"email": email, "name": "Nieuw", "creationAccountAction": "invite"});
        self.post(&format!("/v1/managed-companies/{company}/users"), body).await
    }

    /// All items of a list whose pages are walked to the end.
    pub async fn walk(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut token = String::new();
        let joint = if path.contains('?') { '&' } else { '?' };
        loop {
            let (status, page) = self.get(&format!("{path}{joint}page-token={token}")).await;
            assert_eq!(status, 200, "{page}");
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            match page["nextPageToken"].as_str() {
                Some(next) if !next.is_empty() => next.clone_into(&mut token),
                _ => return items,
            }
        }
    }

    pub async fn names(&self, path: &str) -> Vec<String> {
        let items = self.walk(path).await;
        items
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Somebody accepts an invitation.
    pub fn accept(&self, user: i64) -> Result<Value, String> {
        self.simulator.change_records(json!({ "accept": [user] }))
    }

    pub fn mails(&self) -> Vec<Value> {
        self.simulator.outbox().as_array().unwrap().clone()
    }

    /// What was done that never should have been.
    pub fn forbidden(&self) -> Vec<String> {
        let journal = self.simulator.journal();
        let calls = journal["forbidden"].as_array().unwrap();
        calls
            .iter()
            .map(|call| call["what"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Status and JSON; a body that is no JSON is its text.
pub async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body = response.text().await.unwrap();
    (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
}
