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
use lambda::{Patience, PsaLimits, Services, instrumented};
use lastpass::Kept;
use local_aws::{Functions, Gateway, Invoke, Route, Template, Verifier};
use serde_json::{Value, json};
use simkit::Simulator;
use store::Store;
use store::lease::WORKER_LEASE;
use store::secrets::Secrets;

use crate::effects::{Effects, Strike};
use crate::engine::{Engine, IMPORTS, RECORDS};
use crate::lastpass::LastPassFront;
use crate::night::{Night, Silent};
use crate::pace::Pace;
use crate::process::RUN;
use crate::psas::{self, Extent, Psa};
use crate::state::State;
use crate::ticking::Ticking;
use crate::wire::{Gate, Sabotage, Watch, Wire};

pub use crate::process::{MSP, Message, Process};

/// The process is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// A world.
pub struct World {
    /// Which PSA.
    pub psa: Psa,
    /// How much it has.
    pub extent: Extent,
    /// DynamoDB.
    pub engine: Engine,
    /// What leaves the functions.
    pub effects: Effects,
    /// Time and ids.
    pub ticking: Ticking,
    /// LastPass, where it is the directory.
    pub lastpass: Option<LastPassFront>,
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
    /// How fast requests to LastPass are begun: not limited, unless a test says otherwise. All processes share it.
    pub lastpass_pace: Arc<LastPassPace>,
    /// How long a run of a worker may take.
    pub run: Duration,
    /// Who looks at every request to DynamoDB, if anybody.
    pub watch: Option<Arc<dyn Watch>>,
    /// Every answer that was delivered, where somebody wants to know.
    pub heard: Option<Arc<Mutex<Vec<Value>>>>,
    lastpass_keys: Arc<Mutex<BTreeSet<String>>>,
    policy: HttpPolicy,
    connector: Connector,
    routes: Arc<Vec<Route>>,
}

/// A moment of a world.
#[derive(Debug, Clone)]
pub struct Moment {
    file: PathBuf,
    lastpass: Option<Kept>,
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
        Self::around((kind, states), (origins, policy), (Effects::default(), Ticking::new())).await
    }

    /// A world whose MSP chooses LastPass, with a few companies.
    pub async fn with_lastpass(kind: PsaKind) -> Self {
        let states = [false, true].map(|later| psas::simulator_of(kind, later, &Extent::FEW));
        Self {
            extent: Extent::FEW,
            ..Self::with_lastpass_and(kind, states).await
        }
    }

    /// A world whose MSP chooses LastPass, with another PSA, as it is at the first import and at the second.
    pub async fn with_lastpass_and(kind: PsaKind, states: [Arc<dyn Simulator>; 2]) -> Self {
        let (effects, ticking) = (Effects::default(), Ticking::new());
        let lastpass = LastPassFront::start(effects.clone(), ticking.clone()).await;
        let origins = [lastpass.origin()];
        let world = Self::around((kind, states), (&origins, HttpPolicy::default()), (effects, ticking));
        Self {
            lastpass: Some(lastpass),
            ..world.await
        }
    }

    async fn around(
        (kind, states): (PsaKind, [Arc<dyn Simulator>; 2]),
        (origins, policy): (&[String], HttpPolicy),
        (effects, ticking): (Effects, Ticking),
    ) -> Self {
        let night = Night::new(ticking.clone());
        let psa = Psa::start(kind, effects.clone(), night.clone(), states).await;
        let own = psa.origin();
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
            extent: Extent::WHOLE,
            engine: Engine::new().await,
            effects,
            ticking,
            lastpass: None,
            night,
            patience: Patience::default(),
            sabotage: None,
            vault: Arc::default(),
            pace: None,
            lastpass_pace: Arc::new(LastPassPace::per_second(0)),
            run: RUN,
            watch: None,
            heard: None,
            lastpass_keys: Arc::default(),
            connector: Connector::new(policy.clone()).unwrap(),
            policy,
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
            lastpass_keys: Arc::clone(&self.lastpass_keys),
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
            lastpass_origin: Some(self.lastpass_origin().into()),
            lastpass_pace: Arc::clone(&self.lastpass_pace),
            lastpass_users: Arc::default(),
            directory_retry: RetryPolicy {
                base: Duration::from_millis(1),
                cap: Duration::from_millis(5),
                ..directory::RETRY
            },
            patience: self.patience,
            roles_claim: "roles".into(),
            call_rates: CallRates::per_minute(0, 0),
            psa_limits: PsaLimits::default(),
            clock: Arc::new(self.ticking.clone()),
            ids: Arc::new(self.ticking.clone()),
        };
        Process::new(&services, Arc::clone(&self.routes), self.run)
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

    /// Where LastPass is. Without one no key works, and the real LastPass is not asked.
    fn lastpass_origin(&self) -> String {
        let front = self.lastpass.as_ref();
        front.map_or_else(|| "http://127.0.0.1:9".to_owned(), LastPassFront::origin)
    }

    /// What lasts: in the database, and in LastPass.
    pub async fn state(&self) -> State {
        let state = State::read(&self.engine);
        match &self.lastpass {
            Some(lastpass) => state.with_lastpass(&lastpass.holds().await),
            None => state,
        }
    }

    /// All there is, with the work under way: of two worlds that are equal here, the rest is equal too.
    pub async fn whole(&self) -> String {
        let whole = State::whole(&self.engine);
        match &self.lastpass {
            Some(lastpass) => without_versions(&whole) + &format!("{:?}", lastpass.holds().await),
            None => whole,
        }
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
            lastpass: self.lastpass.as_ref().map(LastPassFront::keep),
            now: self.ticking.now.load(Ordering::SeqCst),
            id: self.ticking.id.load(Ordering::SeqCst),
        }
    }

    /// Lets the requests arrive that processes sent before they were gone, so that none of them comes after the world went back.
    pub async fn rest(&mut self) {
        self.connector = Connector::new(self.policy.clone()).unwrap();
        self.psa.listening.rest().await;
        if let Some(lastpass) = &self.lastpass {
            lastpass.listening.rest().await;
        }
    }

    /// Goes back to a moment.
    pub fn go_back(&self, moment: &Moment) {
        self.engine.restore(&moment.file);
        if let (Some(lastpass), Some(kept)) = (&self.lastpass, &moment.lastpass) {
            lastpass.go_back(kept);
        }
        self.ticking.now.store(moment.now, Ordering::SeqCst);
        self.ticking.id.store(moment.id, Ordering::SeqCst);
    }
}

/// Without the moments that name versions of what was read of LastPass: thirteen digits each.
fn without_versions(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::with_capacity(text.len());
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let digits = rest[at..]
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len() - at);
        kept.push_str(&rest[..at]);
        kept.push_str(if digits == 13 { "" } else { &rest[at..at + digits] });
        rest = &rest[at + digits..];
    }
    kept + rest
}

/// Seconds after which a worker that was not heard of is held for dead.
pub fn beyond_lease() -> i64 {
    i64::try_from(WORKER_LEASE.as_secs()).unwrap() + 1
}
