//! A running simulator and a client that knows its credentials.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use sim_autotask::{Autotask, INTEGRATION_CODE, SECRET, USERNAME};
use simkit::clock::SimClock;
use simkit::msp::Size;
use simkit::{Simulator as _, serve};

pub struct Sandbox {
    pub simulator: Autotask,
    pub clock: SimClock,
    pub origin: String,
    pub http: Client,
}

/// A small tenant.
pub async fn start() -> Sandbox {
    start_with(Size::Small, None).await
}

pub async fn start_with(size: Size, state: Option<&Path>) -> Sandbox {
    let clock = SimClock::new();
    let simulator = Autotask::open(size, state, clock.clone());
    let (address, _served) = serve(simulator.router(), SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .await
        .unwrap();
    Sandbox {
        simulator,
        clock,
        origin: format!("http://{address}"),
        http: Client::new(),
    }
}

impl Sandbox {
    pub fn switch(&self, switches: Value) {
        self.simulator.set_switches(switches).unwrap();
    }

    /// A request without credentials.
    pub fn open(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.origin)
        };
        self.http.request(method, url)
    }

    /// A request with credentials; the path is relative to the version unless it is a URL.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let path = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("/ATServicesRest/V1.0/{path}")
        };
        self.open(method, &path)
            .header("UserName", USERNAME)
            .header("Secret", SECRET)
            .header("ApiIntegrationCode", INTEGRATION_CODE)
            .header("Content-Type", "application/json")
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        answer(self.request(Method::POST, path).body(body.to_string())).await
    }

    /// The answer to a query that must succeed.
    pub async fn query(&self, entity: &str, body: &Value) -> Value {
        let (status, answer) = self.post(&format!("{entity}/query"), body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// The ids that match this filter.
    pub async fn ids(&self, entity: &str, filter: Value) -> Vec<i64> {
        ids(&self.query(entity, &json!({"filter": filter})).await)
    }

    pub async fn count(&self, entity: &str, filter: Value) -> u64 {
        let (status, answer) = self
            .post(&format!("{entity}/query/count"), &json!({"filter": filter}))
            .await;
        assert_eq!(status, 200, "{answer}");
        answer["queryCount"].as_u64().unwrap()
    }

    /// The text of a query that must fail.
    pub async fn error(&self, entity: &str, body: &Value) -> String {
        let (status, answer) = self.post(&format!("{entity}/query"), body).await;
        assert_eq!(status, 500, "{answer}");
        assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1));
        answer["errors"][0].as_str().unwrap().to_owned()
    }

    pub async fn item(&self, entity: &str, id: i64) -> Value {
        self.get(&format!("{entity}/{id}")).await.1["item"].clone()
    }
}

/// Status and JSON; a body that is no JSON is its text.
pub async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response: Response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body = response.text().await.unwrap();
    (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
}

pub fn ids(answer: &Value) -> Vec<i64> {
    answer["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_i64().unwrap())
        .collect()
}

/// The filter that matches everything.
pub fn everything() -> Value {
    json!([{"op": "gte", "field": "id", "value": 0}])
}

/// The names of an object's properties as they stand in the text, which a parsed map would sort.
pub fn property_order(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}', '[', ']', '"']) {
        let (mark, tail) = (rest.as_bytes()[at], &rest[at + 1..]);
        rest = tail;
        match mark {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {
                let end = tail
                    .match_indices('"')
                    .map(|(end, _)| end)
                    .find(|&end| !tail[..end].ends_with('\\'))
                    .unwrap();
                if depth == 1 && tail[end + 1..].starts_with(':') {
                    names.push(&tail[..end]);
                }
                rest = &tail[end + 1..];
            }
        }
    }
    names
}
