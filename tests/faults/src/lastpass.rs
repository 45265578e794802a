//! LastPass as the directory: a simulator that listens, each of whose requests is an effect, and which goes by the world's clock.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use lastpass::{KEY, Kept, LastPass};
use serde_json::{Value, json};
use simkit::Simulator;
use simkit::clock::SimClock;
use tokio::time::Instant;
use tower::ServiceExt;

use crate::effects::Effects;
use crate::listening::Listening;
use crate::ticking::Ticking;
use crate::wire::{Call, Gate, Verdict};

/// No body comes near this.
const LONGEST_BODY: usize = 1 << 24;

/// Longer than what was read of LastPass is used again.
const NEXT_DAY: i64 = 25 * 3_600;

/// Digits of an id of LastPass here: beyond 2^53, so that no other number is taken for one.
const ID_DIGITS: usize = 16;

/// A LastPass that listens.
#[derive(Clone)]
pub struct LastPassFront {
    pub(crate) listening: Listening,
    simulator: Arc<LastPass>,
    time: Time,
    arrivals: Arrivals,
}

#[derive(Clone)]
struct Front {
    simulator: Arc<LastPass>,
    time: Time,
    effects: Effects,
    arrivals: Arrivals,
}

/// When each request arrived.
type Arrivals = Arc<Mutex<Vec<Instant>>>;

/// It goes by the clock of the world.
#[derive(Clone)]
struct Time {
    clock: SimClock,
    ticking: Ticking,
}

impl Time {
    /// Tells LastPass the time of the world, so many seconds later.
    fn tell(&self, later: i64) {
        self.clock
            .advance(self.ticking.seconds() + later - self.clock.now().as_second());
    }
}

impl LastPassFront {
    /// Starts to listen; every request is an effect.
    pub async fn start(effects: Effects, ticking: Ticking) -> Self {
        let clock = SimClock::new();
        let simulator = Arc::new(LastPass::open(None, clock.clone()));
        let front = Front {
            simulator: Arc::clone(&simulator),
            time: Time { clock, ticking },
            effects,
            arrivals: Arrivals::default(),
        };
        let (time, arrivals) = (front.time.clone(), Arc::clone(&front.arrivals));
        let listening = Listening::start(Router::new().fallback(answer).with_state(front)).await;
        let lastpass = Self {
            listening,
            simulator,
            time,
            arrivals,
        };
        // The person whose address changes has to agree.
        lastpass.set(json!({ "ids": "aboveDouble", "patchFields": "pending" }));
        lastpass
    }

    /// Where it listens.
    pub fn origin(&self) -> String {
        format!("http://{}", self.listening.address)
    }

    /// Sets what its documents leave open.
    pub fn set(&self, switches: Value) {
        self.simulator.set_switches(switches).unwrap();
    }

    /// Changes what it holds, as people do in its console.
    pub fn change(&self, changes: Value) {
        self.simulator.change_records(changes).unwrap();
    }

    /// When each request arrived so far, by tokio's clock.
    pub fn arrivals(&self) -> Vec<Instant> {
        self.arrivals.lock().unwrap().clone()
    }

    /// Has it take so many requests from now on, and then refuse all others, asking for a pause of so many seconds.
    pub fn take_only(&self, many: u64, seconds: i64) {
        let headers = json!({ "retry-after": seconds.to_string() });
        let fault = json!({ "match": { "path": ".*" }, "skip": many, "answer": { "status": 429, "headers": headers } });
        self.simulator.faults().clear();
        self.add_fault(fault);
    }

    /// Adds a fault, as control's JSON describes it.
    pub fn add_fault(&self, fault: Value) {
        self.simulator.faults().add(serde_json::from_value(fault).unwrap());
    }

    /// Everybody who was invited has enrolled, and a day has passed, so that a fetch reads that.
    pub async fn let_people_enrol(&self) {
        let holds = self.holds().await;
        let users = holds.companies.values().flat_map(|company| &company.users);
        let invited = users.filter(|user| user["accountStatus"] == "pending-invitation");
        let accept: Vec<i64> = invited.map(|user| number_of(user["id"].as_i64().unwrap())).collect();
        self.time.tell(0);
        self.simulator.change_records(json!({ "accept": accept })).unwrap();
        self.time.ticking.advance(NEXT_DAY);
    }

    /// Remembers what it holds.
    pub fn keep(&self) -> Kept {
        self.simulator.keep()
    }

    /// Goes back to what it held.
    pub fn go_back(&self, kept: &Kept) {
        self.simulator.go_back(kept);
        self.simulator.requests().clear();
        self.arrivals.lock().unwrap().clear();
    }

    /// What it holds, undisturbed.
    pub async fn holds(&self) -> Holds {
        // What was just made is listed by now.
        self.time.tell(NEXT_DAY);
        let mut companies = BTreeMap::new();
        for company in self.list("").await {
            let id = company["id"].as_i64().unwrap();
            let (name, users) = (
                company["name"].as_str().unwrap().to_owned(),
                self.list(&format!("/{id}/users")).await,
            );
            companies.insert(id, Company { name, users });
        }
        // Whatever else a proof compares (R88).
        assert_eq!(self.simulator.journal()["forbidden"], json!([]), "forbidden calls");
        Holds {
            companies,
            mails: self.simulator.outbox(),
        }
    }

    async fn list(&self, path: &str) -> Vec<Value> {
        let uri = format!("/business/v1/managed-companies{path}?max-results=500");
        let request = Request::get(uri).header(header::AUTHORIZATION, format!("api-key {KEY}"));
        let request = request.body(Body::empty()).unwrap();
        let answer = self.simulator.router().oneshot(request).await.unwrap();
        let body = to_bytes(answer.into_body(), LONGEST_BODY).await.unwrap();
        let mut page: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(page["nextPageToken"], Value::Null, "more than a page");
        let items = page["items"].take();
        items.as_array().unwrap_or_else(|| panic!("{path}: {page}")).clone()
    }
}

async fn answer(State(front): State<Front>, request: Request) -> Response {
    front.arrivals.lock().unwrap().push(Instant::now());
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LONGEST_BODY).await.unwrap();
    let name = format!("{} {}", parts.method, parts.uri.path());
    let same = format!("{} {} {}", parts.method, parts.uri, String::from_utf8_lossy(&body));
    let call = Call {
        name: &name,
        request: &same,
    };
    let apply = async {
        front.time.tell(0);
        let request = Request::from_parts(parts, Body::from(body));
        front.simulator.router().oneshot(request).await.unwrap()
    };
    match front.effects.pass(call).await {
        Verdict::Answer => apply.await,
        Verdict::ApplyAndFail => {
            apply.await;
            StatusCode::BAD_GATEWAY.into_response()
        }
        Verdict::Fail => StatusCode::BAD_GATEWAY.into_response(),
        Verdict::ApplyAndHang => {
            apply.await;
            pending().await
        }
        Verdict::Hang => pending().await,
    }
}

/// The number that the simulator itself gives an id which it shows beyond 2^53.
const fn number_of(id: i64) -> i64 {
    (id - (1 << 53) - 1) / 2
}

/// What LastPass holds.
#[derive(Debug, Clone)]
pub struct Holds {
    companies: BTreeMap<i64, Company>,
    mails: Value,
}

#[derive(Debug, Clone)]
struct Company {
    name: String,
    users: Vec<Value>,
}

impl Holds {
    /// Each company with its users, and each mail; what is there twice has a number.
    pub(crate) fn things(&self) -> BTreeMap<String, Value> {
        let (mut things, mut seen) = (BTreeMap::new(), BTreeMap::<String, usize>::new());
        let mut add = |what: String, value: Value| {
            let number = seen.entry(what.clone()).or_default();
            *number += 1;
            things.insert(format!("LastPass {what} {number}"), value);
        };
        for company in self.companies.values() {
            add(format!("company {}", company.name), Value::Null);
            for user in &company.users {
                let key = format!("user {} of {}", user["email"], company.name);
                add(key, json!({ "name": user["name"], "status": user["accountStatus"] }));
            }
        }
        for mail in self.mails.as_array().unwrap() {
            add(format!("mail {} to {}", mail["kind"], mail["to"]), Value::Null);
        }
        things
    }

    /// A JSON text with names and addresses in the place of ids.
    pub(crate) fn with_names(&self, text: &str) -> String {
        let mut known = BTreeMap::new();
        for (id, company) in &self.companies {
            known.insert(id.to_string(), company.name.as_str());
            for user in &company.users {
                known.insert(user["id"].to_string(), user["email"].as_str().unwrap());
            }
        }
        let (mut named, mut rest) = (String::with_capacity(text.len()), text);
        while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
            let digits = rest[at..]
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len() - at);
            let number = &rest[at..at + digits];
            named.push_str(&rest[..at]);
            match known.get(number).filter(|_| digits == ID_DIGITS) {
                Some(name) => named.push_str(json!(name).to_string().trim_matches('"')),
                None => named.push_str(number),
            }
            rest = &rest[at + digits..];
        }
        named + rest
    }
}
