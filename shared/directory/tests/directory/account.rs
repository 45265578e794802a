//! A simulated account of LastPass on loopback, and clients that know its key.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use directory::RetryPolicy;
use directory::lastpass::{Access, ApiKey, LastPass, Pace};
use domain::ids::{ManagedCompanyId, UserId};
use http_client::{HttpClient, HttpPolicy};
use serde_json::{Value, json};
use simkit::clock::SimClock;
use simkit::requests::RequestRecord;
use simkit::{Served, Simulator as _, serve};

pub struct Account {
    pub simulator: lastpass::LastPass,
    pub clock: SimClock,
    pub origin: String,
    _served: Served,
}

/// The company that is there at the beginning.
pub fn company() -> ManagedCompanyId {
    ManagedCompanyId::new("lastpass-1101")
}

/// Its user who is enrolled.
pub fn jan() -> UserId {
    UserId::new("50101")
}

/// Impatient: two repetitions, a few milliseconds apart.
pub fn impatient() -> HttpPolicy {
    HttpPolicy {
        connect_timeout: Duration::from_secs(20),
        timeout: Duration::from_secs(20),
        largest_reply: 100_000,
        retry: RetryPolicy {
            base: Duration::from_millis(1),
            cap: Duration::from_millis(4),
            repeats: 2,
        },
        ..HttpPolicy::default()
    }
}

/// A fault for control: one request is carried out, but its reply is lost.
pub fn lost(method: &str, path: &str) -> Value {
    json!({"match": {"method": method, "path": path}, "times": 1, "answer": {"loseReply": true}})
}

impl Account {
    /// With one company, 1101, and two of its users: 50101, who is enrolled, and 50102, who is staged.
    pub async fn start() -> Self {
        let account = Self::empty().await;
        account.change(json!({
            "companies": [{"id": 1101, "name": "Bakkerij Jansen", "licenseLimit": 5}],
            "users": [
                {"id": 50101, "companyId": 1101, "name": "Jan Jansen", "email": "jan@jansen.example"},
                {"id": 50102, "companyId": 1101, "name": "Piet Jansen", "email": "piet@jansen.example", "accountStatus": "staged"},
            ],
        }));
        account
    }

    /// Without a managed company.
    pub async fn empty() -> Self {
        let clock = SimClock::new();
        let simulator = lastpass::LastPass::open(None, clock.clone());
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (address, served) = serve(simulator.router(), loopback).await.unwrap();
        Self {
            simulator,
            clock,
            origin: format!("http://{address}"),
            _served: served,
        }
    }

    pub fn switch(&self, name: &str, value: impl Into<Value>) {
        self.simulator.set_switches(json!({ name: value.into() })).unwrap();
    }

    pub fn change(&self, records: Value) {
        self.simulator.change_records(records).unwrap();
    }

    /// Adds a fault, as control's JSON describes it.
    pub fn fault(&self, fault: Value) {
        self.simulator.faults().add(serde_json::from_value(fault).unwrap());
    }

    /// Takes all faults away.
    pub fn heal(&self) {
        self.simulator.faults().clear();
    }

    pub fn client(&self) -> LastPass {
        self.client_with(impatient())
    }

    pub fn client_with(&self, policy: HttpPolicy) -> LastPass {
        self.client_for(policy, Duration::from_mins(5))
    }

    /// A client of a run that lasts so long.
    pub fn client_for(&self, policy: HttpPolicy, time: Duration) -> LastPass {
        LastPass::new(&self.access(policy), Instant::now() + time).unwrap()
    }

    pub fn access(&self, policy: HttpPolicy) -> Access {
        self.access_at(&self.origin, policy)
    }

    /// As if LastPass were at this origin.
    pub fn access_at(&self, origin: &str, policy: HttpPolicy) -> Access {
        let policy = HttpPolicy {
            allowed_origins: vec![origin.parse().unwrap()],
            ..policy
        };
        let clock = self.clock.clone();
        Access {
            http: HttpClient::new(policy).unwrap().with_clock(move || clock.now()),
            origin: Some(origin.to_owned()),
            key: ApiKey::new(lastpass::KEY).unwrap(),
            pace: Arc::new(Pace::per_second(0)),
        }
    }

    pub fn requests(&self) -> Vec<RequestRecord> {
        self.simulator.requests().items()
    }

    /// How many requests of a method went to paths that end so.
    pub fn count(&self, method: &str, end: &str) -> usize {
        let requests = self.requests().into_iter();
        requests
            .filter(|request| request.method == method && request.path.ends_with(end))
            .count()
    }

    pub fn mails(&self) -> Vec<Value> {
        self.simulator.outbox().as_array().unwrap().clone()
    }
}

/// Whatever a test is about, it fails if a call was made that detaches, deletes, suspends or disables (R88).
impl Drop for Account {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.simulator.journal()["forbidden"], json!([]), "forbidden calls");
        }
    }
}
