//! A sandbox at work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use domain::psa::PsaKind;
use lambda::Services;
use local_aws::{
    Capacity, DynamoDb, Functions, Gateway, Issuer, Limiter, MachineOptions, Pipe, PipeOptions, Provider, Secrets,
    Server, StateMachine, Store, StoreFault, Template,
};
use serde::Serialize;
use serde_json::{Value, json};
use simkit::clock::SimClock;

use crate::api::Api;
use crate::console::Console;
use crate::functions::{Metrics, code, services};
use crate::lastpass_server::LastPassServer;
use crate::people::{MSP, administrator, person};
use crate::places::Places;
use crate::psas::Psas;
use crate::running::unusable;
use crate::{Error, Options, control, seed};

/// What whoever uses the sandbox needs to know: its first line on standard output.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectionInfo {
    /// The API.
    pub api: String,
    /// The console, for people: open it in a browser.
    pub console: String,
    /// Tokens: `ana` and `bram` are administrators of one MSP, `otherMsp` of another.
    pub tokens: Value,
    /// How to reach the ConnectWise simulator.
    pub connectwise: Value,
    /// How to reach the Autotask simulator.
    pub autotask: Value,
    /// `DynamoDB`, metered.
    pub dynamodb: String,
    /// Secrets Manager.
    pub secrets: String,
    /// Faults, records, requests, clock, writes, workers.
    pub control: String,
    /// How to reach the LastPass simulator, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lastpass: Option<Value>,
}

/// Everything, running. Dropping it is a crash.
pub struct Sandbox {
    /// Addresses and tokens.
    pub face: ConnectionInfo,
    /// The simulated PSAs.
    pub psas: Arc<Psas>,
    /// The simulated LastPass, if the options ask for it.
    pub lastpass: Option<Arc<LastPassServer>>,
    /// The services the functions work with, for tests that look behind the API.
    pub services: Services,
    /// Whether this start has seeded it: it has no folder of state, or an empty one.
    pub is_new: bool,
    /// Whether the functions of the API fail.
    failing: Arc<AtomicBool>,
    issuer: Issuer,
    console: Console,
    metrics: Metrics,
    functions: Functions,
    gateway: Server,
    control: Server,
    pipe: Arc<Pipe>,
    dynamodb: Arc<DynamoDb>,
    secrets: Secrets,
}

impl Sandbox {
    /// Starts everything, and seeds it unless it has been before.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let state = options.state.as_deref();
        let mut places = Places::read(state, options.size, options.lastpass)?;
        if options.port != 0 {
            places.api = options.port;
        }
        let clock = SimClock::new();
        let template = Template::load()?;
        let psas = Arc::new(Psas::start(places.size, state, &clock, &mut places).await?);
        let lastpass = match &mut places.lastpass {
            Some(port) => Some(Arc::new(LastPassServer::start(state, &clock, port).await?)),
            None => None,
        };
        let unusable = |error| unusable(state, error);
        let dynamodb = DynamoDb::start(store(&options), &template).await.map_err(unusable)?;
        let dynamodb = Arc::new(dynamodb);
        let secrets = Secrets::start(state.map(|folder| folder.join("secrets.json")), &template)
            .await
            .map_err(unusable)?;
        let aws = (&*dynamodb, &secrets);
        let services = services(&options, &template, (&psas, lastpass.as_deref()), aws, clock.clone())?;
        let metrics = Metrics::default();
        let failing = Arc::new(AtomicBool::new(false));
        let mut code = code(&services, &template, aws, &metrics, &failing)?;
        let console = Console::start(&template, &secrets, &mut places, state, options.console_client.clone()).await?;
        code.push(console.code());
        let mut functions = Functions::new(&template, code)?;
        if let Some(timeout) = options.worker_timeout {
            functions = functions
                .with_timeout("FetchFunction", timeout)
                .with_timeout("ExecuteFunction", timeout);
        }
        if let Some(concurrency) = options.concurrency {
            functions = functions.with_concurrency(concurrency);
        }
        let issuer = console.issuer.clone();
        let gateway = Gateway::new(&template, functions.clone(), issuer.verifier());
        let gateway = Server::start_on(places.api, gateway.router()).await;
        let gateway = gateway.map_err(|error| Error::Port {
            what: "the API",
            port: places.api,
            why: error.to_string(),
        })?;
        places.api = gateway.address().port();
        console.is_at(&gateway.url());
        let tokens = tokens(&issuer)?;
        let ana = Api::new(gateway.url(), tokens["ana"].as_str().unwrap_or_default());
        let is_new = seed::seed(&ana, &psas, lastpass.as_deref(), places.size).await?;

        let moved = clock.clone();
        let machine = MachineOptions {
            clock: Arc::new(move || moved.now()),
            retry_factor: options.retry_factor,
            ..MachineOptions::default()
        };
        let machine = StateMachine::new(template.definition().clone(), functions.clone(), machine)?;
        let position = PipeOptions {
            position: state.map(|folder| folder.join("pipe.json")),
            ..PipeOptions::default()
        };
        let pipe = Arc::new(Pipe::start(&template, &dynamodb, machine, position).await?);
        let control = control::router(
            &psas,
            lastpass.as_deref(),
            clock,
            Arc::clone(&dynamodb),
            Arc::clone(&pipe),
            functions.clone(),
        );
        let control = Server::start_on(places.control, control).await;
        let control = control.map_err(|error| Error::Port {
            what: "control",
            port: places.control,
            why: error.to_string(),
        })?;
        places.control = control.address().port();
        places.write(state)?;
        let mut face = face(&gateway, tokens, &psas, &dynamodb, &secrets, &control);
        face.lastpass = lastpass.as_ref().map(|lastpass| lastpass.info());
        Ok(Self {
            face,
            psas,
            lastpass,
            services,
            is_new,
            failing,
            issuer,
            console,
            metrics,
            functions,
            gateway,
            control,
            pipe,
            dynamodb,
            secrets,
        })
    }

    /// A token for anybody, of any MSP and with any roles.
    pub fn token_for(&self, sub: &str, msp: &str, roles: &[&str]) -> Result<String, Error> {
        Ok(self.issuer.token(&person(sub, msp, roles))?)
    }

    /// A token with these claims, besides those that every token of the issuer has.
    pub fn token_with(&self, claims: &Value) -> Result<String, Error> {
        Ok(self.issuer.token_with(claims)?)
    }

    /// The identity provider, for tests that have it behave otherwise.
    pub fn provider(&self) -> &Provider {
        &self.console.provider
    }

    /// A caller by the name of a token.
    pub fn api(&self, who: &str) -> Api {
        Api::new(&self.face.api, self.face.tokens[who].as_str().unwrap_or_default())
    }

    /// What was spent on `DynamoDB` so far.
    pub fn spent(&self) -> local_aws::Spent {
        self.dynamodb.meter().snapshot()
    }

    /// Every line of metrics so far, the oldest first.
    pub fn metrics(&self) -> Vec<Value> {
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often a function of the template has failed so far.
    pub fn errors(&self, function: &str) -> u64 {
        self.functions.errors().get(function).copied().unwrap_or_default()
    }

    /// How many executions of the state machine have failed so far.
    pub fn executions_failed(&self) -> u64 {
        self.pipe.failed()
    }

    /// How many calls of functions, and how many executions of the state machine, were at work at once at most.
    pub fn most_at_once(&self) -> (usize, usize) {
        (self.functions.most_at_once(), self.pipe.most_at_once())
    }

    /// What the second pipe has put on the event bus so far, the oldest first.
    pub fn events(&self) -> Vec<Value> {
        self.pipe.events()
    }

    /// Holds back the delivery of work, or lets it go on.
    pub async fn pause(&self, paused: bool) {
        self.pipe.pause(paused).await;
    }

    /// Lets work get lost on its way to the workers, or not any more.
    pub fn lose_work(&self, losing: bool) {
        self.pipe.lose(losing);
    }

    /// Fails every call of the functions to `DynamoDB`, or none any more.
    pub fn fail_store(&self, fault: Option<StoreFault>) {
        self.dynamodb.fail(fault);
    }

    /// Fails every call of the functions behind the API, or none any more. The console works on.
    pub fn fail_functions(&self, failing: bool) {
        self.failing.store(failing, Ordering::Relaxed);
    }

    /// Holds the functions' calls to `DynamoDB` to a capacity, of which nothing is used up at first. What is given counts the refusals.
    pub fn throttle_store(&self, capacity: Capacity) -> Arc<Limiter> {
        let clock = Arc::clone(&self.services.clock);
        let limiter = Arc::new(Limiter::new(capacity, Arc::new(move || clock.now())));
        self.dynamodb.throttle(Some(Arc::clone(&limiter)));
        limiter
    }

    /// Cuts everything off where it is. The simulators' ports are free afterwards.
    pub async fn kill(self) {
        self.functions.kill();
        let Self { psas, lastpass, .. } = self;
        if let Some(lastpass) = lastpass {
            lastpass.stop().await;
        }
        psas.stop().await;
    }

    /// Ends in order: no new work, then the calls at work, then the rest.
    pub async fn stop(self) {
        self.gateway.stop().await;
        self.control.stop().await;
        self.console.stop().await;
        if let Ok(pipe) = Arc::try_unwrap(self.pipe) {
            pipe.stop().await;
        }
        self.functions.kill();
        self.secrets.stop().await;
        if let Ok(dynamodb) = Arc::try_unwrap(self.dynamodb) {
            dynamodb.stop().await;
        }
        if let Some(lastpass) = self.lastpass {
            lastpass.stop().await;
        }
        self.psas.stop().await;
    }
}

fn store(options: &Options) -> Store {
    match (&options.dynamodb, &options.state) {
        (Some(url), _) => Store::Remote(url.clone()),
        (None, Some(folder)) => Store::Folder(folder.clone()),
        (None, None) => Store::Memory,
    }
}

fn tokens(issuer: &Issuer) -> Result<Value, Error> {
    let token = |name: &str, msp: &str| issuer.token(&administrator(name, msp));
    Ok(json!({ "ana": token("ana", MSP)?, "bram": token("bram", MSP)?, "otherMsp": token("chris", "alpenblick")? }))
}

fn face(
    gateway: &Server,
    tokens: Value,
    psas: &Psas,
    dynamodb: &DynamoDb,
    secrets: &Secrets,
    control: &Server,
) -> ConnectionInfo {
    let psa = |kind| {
        let integration = psas.integration(kind);
        let mut face = integration["credentials"].clone();
        face["url"] = json!(psas.url(kind));
        if let Some(company) = integration.get("companyId") {
            face["companyId"] = company.clone();
        }
        face
    };
    ConnectionInfo {
        api: gateway.url(),
        console: format!("{}/console", gateway.url()),
        tokens,
        connectwise: psa(PsaKind::Connectwise),
        autotask: psa(PsaKind::Autotask),
        dynamodb: dynamodb.url(),
        secrets: secrets.url(),
        control: control.url(),
        lastpass: None,
    }
}
