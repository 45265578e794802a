//! A world around the functions: clock, ids, DynamoDB, a PSA, and processes that come and go.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::psa::{Connector, HttpPolicy, RetryPolicy};
use axum::Router;
use directory::builtin::BuiltIn;
use directory::lastpass::Pace as LastPassPace;
use domain::ids::MspId;
use domain::psa::PsaKind;
use futures::FutureExt;
use lambda::config::CallRates;
use lambda::{Function, Patience, PsaLimits, Services, instrumented};
use local_aws::{Functions, Gateway, Invoke, Route, Template, Verifier, unsigned};
use serde_json::{Value, json};
use simkit::Simulator;
use store::Store;
use store::lease::WORKER_LEASE;
use store::secrets::Secrets;

use crate::effects::{Effects, Strike};
use crate::engine::{Engine, IMPORTS, RECORDS};
use crate::night::{Night, Silent};
use crate::pace::Pace;
use crate::psas::{self, Psa};
use crate::ticking::Ticking;
use crate::wire::{Gate, Sabotage, Watch, Wire};

/// The MSP.
pub const MSP: &str = "m";

/// How long a worker may run; longer than any does here.
const RUN: Duration = Duration::from_mins(5);

/// The process is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// The four functions in one process.
#[derive(Clone)]
pub struct Process {
    functions: Arc<[(&'static str, Function); 4]>,
    routes: Arc<Vec<Route>>,
}

impl Process {
    fn new(services: &Services, routes: Arc<Vec<Route>>) -> Self {
        Self {
            functions: Arc::new([
                ("SetupFunction", setup::function(services.clone())),
                ("FetchFunction", fetch::function(services.clone())),
                ("PlanFunction", plan::function(services.clone())),
                ("ExecuteFunction", execute::function(services.clone())),
            ]),
            routes,
        }
    }

    /// Handles an event.
    pub async fn handle(&self, message: &Message) -> Result<Value, String> {
        let function = match message {
            Message::Work(function, _) => function,
            Message::Call { method, path, .. } => self.route(method, path.split('?').next().unwrap_or_default()),
        };
        self.invoke(function, message.event()).await
    }

    /// Hands any event to a function.
    pub async fn invoke(&self, function: &str, event: Value) -> Result<Value, String> {
        let (_, function) = self.functions.iter().find(|(name, _)| *name == function).unwrap();
        let end = tokio::time::Instant::now().into_std() + RUN;
        let answer = function.handle(event, end).await;
        answer.map_err(|error| error.to_string())
    }

    /// The function that a call is for.
    pub fn route(&self, method: &str, path: &str) -> &str {
        let fits = |route: &&Route| {
            let mut parts = path.split('/');
            let same = route.path.split('/').all(|wanted| {
                parts
                    .next()
                    .is_some_and(|part| wanted.starts_with('{') || wanted == part)
            });
            route.method.as_str() == method && same && parts.next().is_none()
        };
        let found = self.routes.iter().find(fits);
        &found
            .unwrap_or_else(|| panic!("no route for {method} {path}"))
            .way
            .function
    }
}

/// What is delivered to a function.
#[derive(Debug, Clone)]
pub enum Message {
    /// A piece of work for a worker.
    Work(&'static str, Value),
    /// A call by an administrator.
    Call {
        /// Who calls; of another MSP than [`MSP`] with `@` and that.
        who: &'static str,
        /// The method.
        method: &'static str,
        /// The path, with its query.
        path: String,
        /// The body.
        body: Value,
    },
}

impl Message {
    /// The event as the function gets it.
    pub fn event(&self) -> Value {
        match self {
            Self::Work(_, work) => work.clone(),
            Self::Call {
                who,
                method,
                path,
                body,
            } => call(who, method, path, body),
        }
    }
}

/// An HTTP API event, format 2.0, as API Gateway makes it.
fn call(who: &str, method: &str, path: &str, body: &Value) -> Value {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let (sub, msp) = who.split_once('@').unwrap_or((who, MSP));
    let claims = json!({ "sub": sub, "email": format!("{sub}@{msp}.example"), "msp": msp, "roles": ["administrator"] });
    let mut event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "isBase64Encoded": false,
        "headers": { "authorization": unsigned(&claims), "content-type": "application/json", "host": "api.test" },
        "requestContext": {
            "accountId": "0", "apiId": "test", "domainName": "api.test", "domainPrefix": "api", "requestId": "r",
            "routeKey": "$default", "stage": "$default", "time": "01/Jan/2027:00:00:00 +0000", "timeEpoch": 0,
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "" },
            "authorizer": { "jwt": { "claims": { "sub": sub, "msp": msp }, "scopes": null } },
        },
    });
    if !body.is_null() {
        event["body"] = body.to_string().into();
    }
    event
}

/// A world.
pub struct World {
    /// Which PSA.
    pub psa: Psa,
    /// DynamoDB.
    pub engine: Engine,
    /// What leaves the functions.
    pub effects: Effects,
    /// Time and ids.
    pub ticking: Ticking,
    /// What does not answer for a while.
    pub night: Night,
    /// How long imports wait for faults that pass.
    pub patience: Patience,
    /// A flaw of the product, if one is played.
    pub sabotage: Option<Sabotage>,
    /// The names of the secrets that there are.
    pub vault: Arc<Mutex<BTreeSet<String>>>,
    /// How fast DynamoDB is; without it every answer comes at once.
    pub pace: Option<Pace>,
    /// Who looks at every request to DynamoDB, if anybody.
    pub watch: Option<Arc<dyn Watch>>,
    /// Every answer that was delivered, where somebody wants to know.
    pub heard: Option<Arc<Mutex<Vec<Value>>>>,
    connector: Connector,
    routes: Arc<Vec<Route>>,
}

/// A moment of a world.
#[derive(Debug, Clone)]
pub struct Moment {
    file: PathBuf,
    now: i64,
    id: u64,
}

impl World {
    /// A world in which nothing has happened.
    pub async fn new(kind: PsaKind) -> Self {
        Self::among(kind, &[], HttpPolicy::default()).await
    }

    /// A world whose functions may also ask for what is at these origins.
    pub async fn among(kind: PsaKind, origins: &[String], policy: HttpPolicy) -> Self {
        let states = [false, true].map(|later| psas::simulator(kind, later));
        Self::of(kind, states, origins, policy).await
    }

    /// A world with another PSA, as it is at the first import and at the second.
    pub async fn of(kind: PsaKind, states: [Arc<dyn Simulator>; 2], origins: &[String], policy: HttpPolicy) -> Self {
        let (effects, ticking) = (Effects::default(), Ticking::new());
        let night = Night::new(ticking.clone());
        let psa = Psa::start(kind, effects.clone(), night.clone(), states).await;
        let own = format!("http://{}", psa.address);
        let policy = HttpPolicy {
            allowed_origins: origins
                .iter()
                .chain([&own])
                .map(|origin| origin.parse().unwrap())
                .collect(),
            retry: RetryPolicy {
                base: Duration::from_millis(1),
                cap: Duration::from_millis(2),
                repeats: 2,
            },
            ..policy
        };
        Self {
            psa,
            engine: Engine::new().await,
            effects,
            ticking,
            night,
            patience: Patience::default(),
            sabotage: None,
            vault: Arc::default(),
            pace: None,
            watch: None,
            heard: None,
            connector: Connector::new(policy).unwrap(),
            routes: Arc::new(Template::load().unwrap().routes().to_vec()),
        }
    }

    /// A new process, which knows nothing.
    pub fn process(&self) -> Process {
        self.process_behind(Arc::new(self.effects.clone()))
    }

    /// What is below the SDKs of a process, behind this gate.
    pub fn wire_behind(&self, gate: Arc<dyn Gate>) -> Wire {
        Wire {
            engine: self.engine.clone(),
            gate,
            night: self.night.clone(),
            pace: self.pace.clone(),
            watch: self.watch.clone(),
            vault: Arc::clone(&self.vault),
            secret: psas::credentials(self.psa.kind).to_string(),
            sabotage: self.sabotage.clone(),
        }
    }

    /// A new process whose calls go through this gate.
    pub fn process_behind(&self, gate: Arc<dyn Gate>) -> Process {
        let wire = self.wire_behind(gate);
        let night = self.night.clone();
        let services = Services {
            store: Store::new(instrumented(&wire.dynamodb()), RECORDS, IMPORTS),
            secrets: Secrets::new(wire.secrets(), "psa-import/"),
            connector: self.connector.clone(),
            directory: Arc::new(move |tenant| {
                let (inner, night) = (BuiltIn::new(tenant), night.clone());
                Arc::new(Silent { inner, night })
            }),
            // No key works here, and the real LastPass is not asked.
            lastpass_origin: Some("http://127.0.0.1:9".into()),
            lastpass_pace: Arc::new(LastPassPace::per_second(0)),
            directory_retry: RetryPolicy {
                base: Duration::from_millis(1),
                ..directory::RETRY
            },
            patience: self.patience,
            roles_claim: "roles".into(),
            call_rates: CallRates::per_minute(0, 0),
            psa_limits: PsaLimits::default(),
            clock: Arc::new(self.ticking.clone()),
            ids: Arc::new(self.ticking.clone()),
        };
        Process::new(&services, Arc::clone(&self.routes))
    }

    /// The functions behind a gateway that lets in whom this verifier does.
    pub fn api(&self, verifier: Verifier) -> Router {
        let (template, process) = (Template::load().unwrap(), self.process());
        let code: Vec<(String, Invoke)> = template
            .functions()
            .map(|name| {
                let (process, function) = (process.clone(), name.to_owned());
                let invoke: Invoke = Arc::new(move |invocation| {
                    let (process, function) = (process.clone(), function.clone());
                    async move { process.invoke(&function, invocation.event).await }.boxed()
                });
                (name.to_owned(), invoke)
            })
            .collect();
        let functions = Functions::new(&template, code).unwrap();
        Gateway::new(&template, functions, verifier).router()
    }

    /// The directory, undisturbed.
    pub fn directory(&self) -> BuiltIn {
        let wire = self.wire_behind(Arc::new(self.effects.clone()));
        BuiltIn::new(Store::new(wire.dynamodb(), RECORDS, IMPORTS).of(&MspId::new(MSP)))
    }

    /// Moves the integrations to another address, behind the product's back.
    pub fn move_psa(&self, origin: &str) {
        for mut item in self.engine.items(RECORDS) {
            if item["sk"]["S"].as_str().unwrap().starts_with("INTEGRATION#") {
                item["address"] = json!({ "S": origin });
                let put = json!({ "TableName": RECORDS, "Item": item });
                let (status, answer) = self.engine.answer("PutItem", &put.to_string());
                assert_eq!(status, 200, "{answer}");
            }
        }
    }

    /// Delivers a message to a process, with whatever disturbance comes.
    pub async fn deliver(&self, message: &Message) -> Result<Result<Value, String>, Stopped> {
        let process = self.process();
        let mut first = pin!(process.handle(message));
        loop {
            let strike = tokio::select! {
                biased;
                strike = self.effects.struck() => strike,
                answer = &mut first => {
                    self.effects.heal();
                    if let (Some(heard), Ok(answer)) = (&self.heard, &answer) {
                        heard.lock().unwrap().push(answer.clone());
                    }
                    return Ok(answer);
                }
            };
            match strike {
                Strike::Stop => return Err(Stopped),
                Strike::Again | Strike::AgainLate => {
                    if strike == Strike::AgainLate {
                        self.ticking.advance(beyond_lease());
                    }
                    // What the other one answers goes to somebody else.
                    drop(self.process().handle(message).await);
                    self.effects.resume();
                }
            }
        }
    }

    /// Keeps this moment in a folder.
    pub fn keep(&self, folder: &Path, name: &str) -> Moment {
        let file = folder.join(name);
        self.engine.keep(&file);
        Moment {
            file,
            now: self.ticking.now.load(Ordering::SeqCst),
            id: self.ticking.id.load(Ordering::SeqCst),
        }
    }

    /// Goes back to a moment.
    pub fn go_back(&self, moment: &Moment) {
        self.engine.restore(&moment.file);
        self.ticking.now.store(moment.now, Ordering::SeqCst);
        self.ticking.id.store(moment.id, Ordering::SeqCst);
    }
}

/// Seconds after which a worker that was not heard of is held for dead.
pub fn beyond_lease() -> i64 {
    i64::try_from(WORKER_LEASE.as_secs()).unwrap() + 1
}
