//! The adapters behind the ports, built once per process.

use std::sync::Arc;
use std::time::Instant;

use directory::builtin::BuiltIn;
use directory::lastpass::{Access, ApiKey, LastPass, NotAKey, Pace};
use directory::mirror::{Mirror, Now, Remembered};
use directory::{Directory, RetryPolicy};
use domain::directory::DirectoryKind;
use domain::ids::{MspId, SecretId};
use domain::integration::Integration;
use domain::problem::Problem;
use domain::psa::PsaFailure;
use psa::{Connector, Credentials, MissingCredential, NoClient, NoTarget, Psa, Target};
use secrecy::{ExposeSecret, SecretString};
use store::retry::repeated_by_sdk;
use store::secrets::Secrets;
use store::{Store, StoreError, Tenant};

use crate::aws;
use crate::aws_http::http_client;
use crate::capacity::CapacityMeter;
use crate::config::{CallRates, Config};
use crate::conflicts::Conflicts;
use crate::limits::PsaLimits;
use crate::metrics;
use crate::patience::Patience;
use crate::time::{Clock, Ids, SystemClock, UniqueIds};

/// Opens the directory of a tenant.
pub type DirectoryFactory = Arc<dyn Fn(Tenant) -> Arc<dyn Directory> + Send + Sync>;

/// Everything a function works with.
#[derive(Clone)]
pub struct Services {
    /// DynamoDB.
    pub store: Store,
    /// Secrets Manager.
    pub secrets: Secrets,
    /// The PSAs.
    pub connector: Connector,
    /// The password manager.
    pub directory: DirectoryFactory,
    /// The origin that stands in for LastPass' own; only a sandbox has one.
    pub lastpass_origin: Option<Arc<str>>,
    /// How fast requests to LastPass are begun.
    pub lastpass_pace: Arc<Pace>,
    /// The users of LastPass that this process remembers until the directory changes.
    pub lastpass_users: Arc<Remembered>,
    /// How calls to the directory are repeated.
    pub directory_retry: RetryPolicy,
    /// How long imports wait for faults that pass.
    pub patience: Patience,
    /// The claim of a token that holds the roles of a person.
    pub roles_claim: Arc<str>,
    /// How many costly calls an MSP may make.
    pub call_rates: CallRates,
    /// How many rows of a PSA an import reads at most.
    pub psa_limits: PsaLimits,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes new ids.
    pub ids: Arc<dyn Ids>,
}

/// Why a PSA cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The credentials could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The integration, its credentials or its PSA are at fault.
    #[error("{}", .0.code().as_str())]
    Problem(Box<Problem>),
}

impl From<Problem> for OpenError {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

/// Turns a failure of the integration's PSA into the problem that the caller gets.
pub fn psa_failed(integration: &Integration) -> impl Fn(PsaFailure) -> Problem + use<> {
    let psa = integration.kind;
    move |failure| Problem::Psa { psa, failure }
}

/// The DynamoDB client that every function uses. It counts the write units that DynamoDB charges, and repeats by one policy
/// ([`store::retry::RETRY`]) each call that is throttled, or that conflicts with a transaction of somebody else.
pub fn instrumented(client: &aws_sdk_dynamodb::Client) -> aws_sdk_dynamodb::Client {
    let config = client.config().to_builder();
    let config = config.interceptor(CapacityMeter).retry_classifier(Conflicts);
    aws_sdk_dynamodb::Client::from_conf(repeated_by_sdk(config).build())
}

impl Services {
    /// The services of a deployed function.
    pub fn from_config(config: &Config) -> Result<Self, NoClient> {
        Self::deployed(config, Connector::new(config.psa.clone())?)
    }

    /// The services of a deployed function that opens no PSA. It is not linked with the clients of PSAs, so its zip is smaller.
    pub fn without_psas(config: &Config) -> Result<Self, NoClient> {
        Self::deployed(config, Connector::without_products(config.psa.clone())?)
    }

    fn deployed(config: &Config, connector: Connector) -> Result<Self, NoClient> {
        let http = http_client()?;
        let dynamodb = aws_sdk_dynamodb::Client::new(&aws::config(&http, "DYNAMODB", aws::TIME_LIMITS));
        let secrets = aws_sdk_secretsmanager::Client::new(&aws::config(&http, "SECRETS_MANAGER", aws::TIME_LIMITS));
        Ok(Self::on(config, dynamodb, secrets, connector))
    }

    /// Services on given AWS clients, with the machine's clock and the built-in directory.
    pub fn new(
        config: &Config,
        dynamodb: aws_sdk_dynamodb::Client,
        secrets: aws_sdk_secretsmanager::Client,
    ) -> Result<Self, NoClient> {
        let connector = Connector::new(config.psa.clone())?;
        Ok(Self::on(config, dynamodb, secrets, connector))
    }

    #[expect(clippy::needless_pass_by_value, reason = "clients are handed over")]
    fn on(
        config: &Config,
        dynamodb: aws_sdk_dynamodb::Client,
        secrets: aws_sdk_secretsmanager::Client,
        connector: Connector,
    ) -> Self {
        Self {
            store: Store::new(instrumented(&dynamodb), &config.records_table, &config.imports_table),
            secrets: Secrets::new(secrets, &config.secret_prefix),
            connector,
            directory: Arc::new(|tenant| Arc::new(BuiltIn::new(tenant))),
            lastpass_origin: config.lastpass.origin.as_deref().map(Arc::from),
            lastpass_pace: Arc::new(Pace::per_second(config.lastpass.per_second)),
            lastpass_users: Arc::default(),
            directory_retry: directory::RETRY,
            patience: Patience::default(),
            roles_claim: config.roles_claim.as_str().into(),
            call_rates: config.call_rates,
            psa_limits: PsaLimits::default(),
            clock: Arc::new(SystemClock),
            ids: Arc::new(UniqueIds),
        }
    }

    /// The same services on other AWS clients.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "clients are handed over")]
    pub fn with_clients(
        &self,
        config: &Config,
        dynamodb: aws_sdk_dynamodb::Client,
        secrets: aws_sdk_secretsmanager::Client,
    ) -> Self {
        Self {
            store: Store::new(instrumented(&dynamodb), &config.records_table, &config.imports_table),
            secrets: Secrets::new(secrets, &config.secret_prefix),
            lastpass_users: Arc::default(),
            ..self.clone()
        }
    }

    /// The data of one MSP.
    pub fn tenant(&self, msp: &MspId) -> Tenant {
        self.store.of(msp)
    }

    /// The directory that an MSP has chosen. LastPass is not called: what was read of it last is shown.
    pub async fn remembered_directory(&self, msp: &MspId) -> Result<Arc<dyn Directory>, StoreError> {
        self.directory_of(msp, None).await
    }

    /// The directory that an MSP has chosen. LastPass may be called until the deadline; without a deadline it is not called.
    pub async fn directory_of(&self, msp: &MspId, deadline: Option<Instant>) -> Result<Arc<dyn Directory>, StoreError> {
        let tenant = self.tenant(msp);
        let chosen = tenant.chosen_directory().await?;
        match chosen.kind {
            DirectoryKind::BuiltIn => Ok((self.directory)(tenant)),
            DirectoryKind::LastPass => {
                let lastpass = match (deadline, &chosen.secret) {
                    (Some(deadline), Some(secret)) => self.lastpass_with(msp, secret, deadline).await?,
                    _ => None,
                };
                let clock = Arc::clone(&self.clock);
                let now: Now = Arc::new(move || clock.now());
                Ok(Arc::new(Mirror::new(
                    tenant,
                    lastpass,
                    now,
                    Arc::clone(&self.lastpass_users),
                )))
            }
        }
    }

    /// LastPass with a stored key; `None` if there is none any more.
    async fn lastpass_with(
        &self,
        msp: &MspId,
        secret: &SecretId,
        deadline: Instant,
    ) -> Result<Option<LastPass>, StoreError> {
        let stored = self.secrets.read(msp, secret).await?;
        Ok(stored.and_then(|key| self.lastpass(&key, deadline).ok()))
    }

    /// LastPass with a key, whether it is stored or not.
    pub fn lastpass(&self, key: &SecretString, deadline: Instant) -> Result<LastPass, NotAKey> {
        let clock = Arc::clone(&self.clock);
        let access = Access {
            http: self.connector.http().with_clock(move || clock.now()),
            origin: self.lastpass_origin.as_deref().map(str::to_owned),
            key: ApiKey::new(key.expose_secret())?,
            pace: Arc::clone(&self.lastpass_pace),
        };
        LastPass::new(&access, deadline)
    }

    /// Opens the PSA of an integration with the credentials that are stored for it, and compares its tenant (R51).
    pub async fn psa(
        &self,
        msp: &MspId,
        integration: &Integration,
        deadline: Instant,
    ) -> Result<Arc<dyn Psa>, OpenError> {
        let psa = self.open_psa(msp, integration, deadline).await?;
        self.compare_tenant(integration, psa.as_ref()).await?;
        Ok(psa)
    }

    /// Opens the PSA of an integration with the credentials that are stored for it. Nothing is asked yet.
    pub async fn open_psa(
        &self,
        msp: &MspId,
        integration: &Integration,
        deadline: Instant,
    ) -> Result<Arc<dyn Psa>, OpenError> {
        let stored = self.secrets.read(msp, &integration.secret).await?;
        let stored = stored.ok_or(Problem::CredentialsRequired { field: None })?;
        let vendor = self.connector.vendor(integration.kind).ok_or(Problem::NewerVersion)?;
        let credentials = Credentials::from_secret_json(vendor.credential_fields, stored.expose_secret())
            .map_err(|_| Problem::CredentialsRequired { field: None })?;
        self.connect(integration, &credentials, deadline)
    }

    /// Opens the PSA of an integration.
    pub fn connect(
        &self,
        integration: &Integration,
        credentials: &Credentials,
        deadline: Instant,
    ) -> Result<Arc<dyn Psa>, OpenError> {
        let target = self.target(integration)?;
        let clock = Arc::clone(&self.clock);
        let connector = self.connector.with_clock(move || clock.now());
        let psa = connector
            .connect(&target, credentials, deadline)
            .map_err(psa_failed(integration))?;
        metrics::watch(&psa);
        Ok(psa)
    }

    /// Where the PSA of an integration is.
    fn target(&self, integration: &Integration) -> Result<Target, Problem> {
        let company_id = integration.company_id.as_deref();
        let target = self
            .connector
            .target(integration.kind, &integration.address, company_id);
        target.map_err(|error| match error {
            NoTarget::UnknownVendor => Problem::NewerVersion,
            NoTarget::Address(reason) => Problem::InvalidPsaAddress { reason },
            NoTarget::CompanyId(MissingCredential { field }) => Problem::CredentialsRequired {
                field: Some(field.to_owned()),
            },
        })
    }
}
