//! The functions of the product, mounted as they are.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::Client as DynamoDbClient;
use aws_sdk_secretsmanager::Client as SecretsClient;
use domain::psa::PsaKind;
use jiff::Timestamp;
use lambda::config::{CallRates, Config, LastPassConfig};
use lambda::{Clock, Function, Services};
use local_aws::{DynamoDb, Invoke, Secrets, Template, sdk};
use psa::HttpPolicy;
use serde_json::{Value, json};
use simkit::clock::SimClock;

use crate::lastpass_server::LastPassServer;
use crate::psas::Psas;
use crate::running::{failing_while, invoke};
use crate::{Error, Options};

/// What the functions have told of what they count.
pub(crate) type Metrics = Arc<Mutex<Vec<Value>>>;

/// The time that the sandbox tells, which its control can move on.
struct MovedClock(SimClock);

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// The services of the functions, with the clients that the sandbox's options name.
pub(crate) fn services(
    options: &Options,
    template: &Template,
    (psas, lastpass): (&Psas, Option<&LastPassServer>),
    (dynamodb, secrets): (&DynamoDb, &Secrets),
    clock: SimClock,
) -> Result<Services, Error> {
    let origins = [PsaKind::Connectwise, PsaKind::Autotask]
        .into_iter()
        .filter_map(|kind| psas.url(kind).parse().ok())
        .chain(lastpass.and_then(|lastpass| lastpass.url().parse().ok()))
        .chain(options.vendors.iter().map(|(_, origin)| origin.clone()));
    let policy = HttpPolicy {
        allowed_origins: origins.collect(),
        retry: options.retry,
        ..HttpPolicy::default()
    };
    let lastpass = LastPassConfig {
        // Without a simulator no key works: nothing here asks the real LastPass.
        origin: Some(lastpass.map_or("http://127.0.0.1:9", LastPassServer::url).to_owned()),
        // A simulator takes as many as come, unless a switch says otherwise.
        per_second: 0,
    };
    let config = config(template, "FetchFunction", (policy, lastpass))?;
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

/// The functions, by the names the template gives them, each with clients that can do what its role allows. They fail while `failing` is
/// set.
pub(crate) fn code(
    services: &Services,
    template: &Template,
    (dynamodb, secrets): (&DynamoDb, &Secrets),
    metrics: &Metrics,
    failing: &Arc<AtomicBool>,
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
            let policy = services.connector.policy().clone();
            let config = config(template, name, (policy, LastPassConfig::default()))?;
            let services = services.with_clients(&config, dynamodb, secrets);
            let metrics = Arc::clone(metrics);
            let function = function(services).with_metrics(move |mut line| {
                // On Lambda it is the name in the environment, of which a process has one.
                line["FunctionName"] = json!(name);
                metrics.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            });
            Ok((name.to_owned(), failing_while(failing, invoke(function))))
        })
        .collect()
}

/// What a function finds in its environment.
fn config(template: &Template, function: &str, (psa, lastpass): (HttpPolicy, LastPassConfig)) -> Result<Config, Error> {
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
        lastpass,
    })
}
