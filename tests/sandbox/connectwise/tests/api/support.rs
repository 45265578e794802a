//! A simulator with a client in front of it.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder, Url};
use serde_json::{Value, json};
use sim_connectwise::{CLIENT_ID, COMPANY_ID, ConnectWise, PRIVATE_KEY, PUBLIC_KEY};
use simkit::clock::SimClock;
use simkit::msp::Size;
use simkit::{Served, Simulator, serve};

pub struct Sim {
    pub simulator: ConnectWise,
    pub clock: SimClock,
    pub origin: String,
    client: Client,
    _served: Served,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

pub async fn small() -> Sim {
    open(Size::Small).await
}

pub async fn open(size: Size) -> Sim {
    let clock = SimClock::new();
    serving(ConnectWise::open(size, None, clock.clone()).unwrap(), clock).await
}

pub async fn serving(simulator: ConnectWise, clock: SimClock) -> Sim {
    let (address, served) = serve(simulator.router(), ([127, 0, 0, 1], 0).into()).await.unwrap();
    let client = Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
    Sim {
        simulator,
        clock,
        origin: format!("http://{address}"),
        client,
        _served: served,
    }
}

impl Sim {
    pub fn switch(&self, changes: Value) {
        self.simulator.set_switches(changes).unwrap();
    }

    pub fn change(&self, changes: Value) -> Value {
        self.simulator.change_records(changes).unwrap()
    }

    /// An unsigned request for a path below the origin; the query is sent as given.
    pub fn bare(&self, path: &str) -> RequestBuilder {
        self.client.get(Url::parse(&format!("{}/{path}", self.origin)).unwrap())
    }

    /// A signed request for a path below the API.
    pub fn request(&self, path: &str, parameters: &[(&str, &str)]) -> RequestBuilder {
        let request = self.bare(&format!("v2025_1/apis/3.0/{path}"));
        let request = request.basic_auth(format!("{COMPANY_ID}+{PUBLIC_KEY}"), Some(PRIVATE_KEY));
        let request = request.header("clientId", CLIENT_ID);
        if parameters.is_empty() {
            request
        } else {
            request.query(parameters)
        }
    }

    pub async fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Answer {
        sent(self.request(path, parameters)).await
    }

    pub async fn forward(&self, path: &str, parameters: &[(&str, &str)]) -> Answer {
        sent(self.request(path, parameters).header("pagination-type", "forward-only")).await
    }

    /// The ids of all records that fulfil these parameters.
    pub async fn ids(&self, path: &str, parameters: &[(&str, &str)]) -> Vec<i64> {
        let all = [parameters, &[("pageSize", "1000"), ("fields", "id")]].concat();
        let answer = self.get(path, &all).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.ids()
    }

    pub async fn companies_where(&self, conditions: &str) -> Vec<i64> {
        self.ids("company/companies", &[("conditions", conditions)]).await
    }

    pub async fn contacts_where(&self, conditions: &str) -> Vec<i64> {
        self.ids("company/contacts", &[("conditions", conditions)]).await
    }

    pub async fn company(&self, id: i64) -> Value {
        self.get(&format!("company/companies/{id}"), &[]).await.json()
    }

    pub async fn contact(&self, id: i64) -> Value {
        self.get(&format!("company/contacts/{id}"), &[]).await.json()
    }
}

pub async fn sent(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn rows(&self) -> Vec<Value> {
        let Value::Array(rows) = self.json() else {
            panic!("not a bare array: {}", self.text)
        };
        rows
    }

    pub fn ids(&self) -> Vec<i64> {
        self.rows().iter().map(|row| row["id"].as_i64().unwrap()).collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The links as (relation, address).
    pub fn links(&self) -> Vec<(String, String)> {
        let header = self.header("link").unwrap_or_default();
        let links = header.split(',').filter(|link| !link.trim().is_empty()).map(|link| {
            let (address, relation) = link.split_once(';').unwrap();
            let relation = relation
                .trim()
                .strip_prefix("rel=\"")
                .unwrap()
                .strip_suffix('"')
                .unwrap();
            let address = address.trim().strip_prefix('<').unwrap().strip_suffix('>').unwrap();
            (relation.to_owned(), address.to_owned())
        });
        links.collect()
    }

    pub fn relations(&self) -> Vec<String> {
        self.links().into_iter().map(|(relation, _)| relation).collect()
    }

    /// Status, code and message of an error.
    pub fn error(&self) -> (u16, Value, String) {
        let body = self.json();
        (
            self.status,
            body["code"].clone(),
            body["message"].as_str().unwrap_or_default().to_owned(),
        )
    }
}

/// A refused condition with this message.
pub fn refused(message: &str) -> (u16, Value, String) {
    (400, json!("ApiFindCondition"), message.to_owned())
}
