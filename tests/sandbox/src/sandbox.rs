//! A sandbox at work.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::Client as DynamoDbClient;
use aws_sdk_secretsmanager::Client as SecretsClient;
use domain::psa::PsaKind;
use jiff::Timestamp;
use lambda::config::{CallRates, Config};
use lambda::{Clock, Function, Services};
use local_aws::{
    Capacity, DynamoDb, Functions, Gateway, Invoke, Issuer, Limiter, MachineOptions, Person, Pipe, PipeOptions,
    Secrets, Server, StateMachine, Store, StoreFault, Template, sdk,
};
use psa::HttpPolicy;
use serde::Serialize;
use serde_json::{Value, json};
use simkit::clock::SimClock;

use crate::api::Api;
use crate::places::Places;
use crate::psas::Psas;
use crate::{Error, Options, control, seed};

/// What whoever uses the sandbox needs to know: its first line on standard output.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectionInfo {
    /// The API.
    pub api: String,
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
}

/// Everything, running. Dropping it is a crash.
pub struct Sandbox {
    /// Addresses and tokens.
    pub face: ConnectionInfo,
    /// The simulated PSAs.
    pub psas: Arc<Psas>,
    /// The services the functions work with, for tests that look behind the API.
    pub services: Services,
    issuer: Issuer,
    metrics: Metrics,
    functions: Functions,
    gateway: Server,
    control: Server,
    pipe: Arc<Pipe>,
    dynamodb: Arc<DynamoDb>,
    secrets: Secrets,
}

/// What the functions have told of what they count.
type Metrics = Arc<Mutex<Vec<Value>>>;

/// The time that the sandbox tells, which its control can move on.
struct MovedClock(SimClock);

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// The MSP whose integrations exist already.
pub(crate) const MSP: &str = "noordzee";

impl Sandbox {
    /// Starts everything, and furnishes it unless it has been before.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let state = options.state.as_deref();
        let mut places = Places::read(state, options.size)?;
        if options.port != 0 {
            places.api = options.port;
        }
        let clock = SimClock::new();
        let template = Template::load()?;
        let psas = Arc::new(Psas::start(places.size, state, &clock, &mut places).await?);
        let unusable = |error| unusable(state, error);
        let dynamodb = DynamoDb::start(store(&options), &template).await.map_err(unusable)?;
        let dynamodb = Arc::new(dynamodb);
        let secrets = Secrets::start(state.map(|folder| folder.join("secrets.json")), &template)
            .await
            .map_err(unusable)?;
        let services = services(&options, &template, &psas, &dynamodb, &secrets, clock.clone())?;
        let metrics = Metrics::default();
        let mut functions = Functions::new(&template, code(&services, &template, &dynamodb, &secrets, &metrics)?)?;
        if let Some(timeout) = options.worker_timeout {
            functions = functions
                .with_timeout("FetchFunction", timeout)
                .with_timeout("ExecuteFunction", timeout);
        }
        if let Some(concurrency) = options.concurrency {
            functions = functions.with_concurrency(concurrency);
        }
        let issuer = issuer(state)?;
        let gateway = Gateway::new(&template, functions.clone(), issuer.verifier());
        let gateway = Server::start_on(places.api, gateway.router()).await;
        let gateway = gateway.map_err(|error| Error::Port {
            what: "the API",
            port: places.api,
            why: error.to_string(),
        })?;
        places.api = gateway.address().port();
        let tokens = tokens(&issuer)?;
        let ana = Api::new(gateway.url(), tokens["ana"].as_str().unwrap_or_default());
        seed::seed(&ana, &psas, places.size).await?;

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
            Arc::clone(&psas),
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
        let face = face(&gateway, tokens, &psas, &dynamodb, &secrets, &control);
        Ok(Self {
            face,
            psas,
            services,
            issuer,
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
        let Self { psas, .. } = self;
        psas.stop().await;
    }

    /// Ends in order: no new work, then the calls at work, then the rest.
    pub async fn stop(self) {
        self.gateway.stop().await;
        self.control.stop().await;
        if let Ok(pipe) = Arc::try_unwrap(self.pipe) {
            pipe.stop().await;
        }
        self.functions.kill();
        self.secrets.stop().await;
        if let Ok(dynamodb) = Arc::try_unwrap(self.dynamodb) {
            dynamodb.stop().await;
        }
        self.psas.stop().await;
    }
}

/// What went wrong with a folder, if there is one.
fn unusable(state: Option<&Path>, error: local_aws::Error) -> Error {
    match state {
        Some(folder) => Error::State {
            folder: folder.to_owned(),
            why: error.to_string(),
        },
        None => error.into(),
    }
}

/// Tokens outlive a restart where everything else does.
fn issuer(state: Option<&Path>) -> Result<Issuer, Error> {
    let (name, audience) = ("https://sandbox.example", "psa-import");
    let Some(folder) = state else {
        return Ok(Issuer::new(name, audience)?);
    };
    let file = folder.join("token-key.der");
    if !file.exists() {
        std::fs::write(&file, Issuer::make_key()?)?;
    }
    let key = std::fs::read(&file)?;
    Issuer::with_key(name, audience, &key).map_err(|error| unusable(state, error))
}

fn store(options: &Options) -> Store {
    match (&options.dynamodb, &options.state) {
        (Some(url), _) => Store::Remote(url.clone()),
        (None, Some(folder)) => Store::Folder(folder.clone()),
        (None, None) => Store::Memory,
    }
}

fn services(
    options: &Options,
    template: &Template,
    psas: &Psas,
    dynamodb: &DynamoDb,
    secrets: &Secrets,
    clock: SimClock,
) -> Result<Services, Error> {
    let origins = [PsaKind::Connectwise, PsaKind::Autotask]
        .into_iter()
        .filter_map(|kind| psas.url(kind).parse().ok())
        .chain(options.vendors.iter().map(|(_, origin)| origin.clone()));
    let policy = HttpPolicy {
        allowed_origins: origins.collect(),
        retry: options.retry,
        ..HttpPolicy::default()
    };
    let config = config(template, "FetchFunction", policy)?;
    let dynamodb = DynamoDbClient::new(&sdk::config(&dynamodb.url()));
    let secrets = SecretsClient::new(&sdk::config(&secrets.url()));
    let mut services = Services::new(&config, dynamodb, secrets)?;
    services.clock = Arc::new(MovedClock(clock));
    services.directory_retry = options.directory_retry;
    services.patience = options.patience;
    services.psa_limits = options.psa_limits;
    if let Some(call_rates) = options.call_rates {
        services.call_rates = call_rates;
    }
    for (vendor, _) in &options.vendors {
        services.connector = services.connector.with_vendor(vendor);
    }
    if let Some(directory) = &options.directory {
        services.directory = Arc::clone(directory);
    }
    Ok(services)
}

/// What a function's crate makes of its services.
type Build = fn(Services) -> Function;

/// The functions, by the names the template gives them, each with clients that can do what its role allows.
fn code(
    services: &Services,
    template: &Template,
    dynamodb: &DynamoDb,
    secrets: &Secrets,
    metrics: &Metrics,
) -> Result<Vec<(String, Invoke)>, Error> {
    let functions: [(&str, Build); 4] = [
        ("SetupFunction", setup::function),
        ("FetchFunction", fetch::function),
        ("PlanFunction", plan::function),
        ("ExecuteFunction", execute::function),
    ];
    functions
        .into_iter()
        .map(|(name, function)| {
            let dynamodb = DynamoDbClient::new(&sdk::config_of(&dynamodb.url(), name));
            let secrets = SecretsClient::new(&sdk::config_of(&secrets.url(), name));
            let config = config(template, name, services.connector.policy().cloned().unwrap_or_default())?;
            let services = services.with_clients(&config, dynamodb, secrets);
            let metrics = Arc::clone(metrics);
            let function = function(services).with_metrics(move |mut line| {
                // On Lambda it is the name in the environment, of which a process has one.
                line["FunctionName"] = json!(name);
                metrics.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            });
            Ok((name.to_owned(), invoke(function)))
        })
        .collect()
}

/// What a function finds in its environment.
fn config(template: &Template, function: &str, psa: HttpPolicy) -> Result<Config, Error> {
    let environment = template.environment(function);
    let variable = |name: &str| environment.get(name).cloned().unwrap_or_default();
    let number = |name: &str| {
        let unusable = || Error::Unexpected(format!("{name} of {function} is no number"));
        variable(name).parse().map_err(|_| unusable())
    };
    Ok(Config {
        records_table: variable("RECORDS_TABLE"),
        imports_table: variable("IMPORTS_TABLE"),
        secret_prefix: variable("SECRET_PREFIX"),
        roles_claim: variable("ROLES_CLAIM"),
        call_rates: CallRates::per_minute(number("PSA_CALLS_PER_MINUTE")?, number("PLAN_CALLS_PER_MINUTE")?),
        psa,
    })
}

fn invoke(function: Function) -> Invoke {
    Arc::new(move |invocation| {
        let function = function.clone();
        Box::pin(async move {
            function
                .handle(invocation.event, invocation.deadline)
                .await
                .map_err(|error| error.to_string())
        })
    })
}

fn tokens(issuer: &Issuer) -> Result<Value, Error> {
    let token = |name: &str, msp: &str| {
        let person = Person {
            email: format!("{name}@{msp}.example"),
            ..person(&format!("{msp}-{name}"), msp, &["administrator"])
        };
        issuer.token(&person)
    };
    Ok(json!({ "ana": token("ana", MSP)?, "bram": token("bram", MSP)?, "otherMsp": token("chris", "alpenblick")? }))
}

fn person(sub: &str, msp: &str, roles: &[&str]) -> Person {
    Person {
        sub: sub.to_owned(),
        email: format!("{sub}@{msp}.example"),
        msp: msp.to_owned(),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
    }
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
        tokens,
        connectwise: psa(PsaKind::Connectwise),
        autotask: psa(PsaKind::Autotask),
        dynamodb: dynamodb.url(),
        secrets: secrets.url(),
        control: control.url(),
    }
}
