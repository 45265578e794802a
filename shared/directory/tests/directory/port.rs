//! What is remembered of LastPass, in a database of its own: each run has a mirror of its own, as workers have.

use std::sync::Arc;
use std::time::{Duration, Instant};

use directory::builtin::BuiltIn;
use directory::mirror::Mirror;
use directory::{Directory, NewCompany, Reading, ReadingLimits, UserRequest};
use domain::directory::CreationAction;
use domain::ids::{IdempotencyKey, ManagedCompanyId, MspId};
use http_client::HttpPolicy;
use jiff::{SignedDuration, Timestamp};
use local_aws::{DynamoDb, Template, sdk};
use store::Tenant;

use crate::account::{Account, impatient};

/// The longest that anything is waited for in these tests, on the clock of the simulator.
const PATIENCE: SignedDuration = SignedDuration::from_hours(6);

/// A database with the tables of the template.
pub struct Database {
    _database: DynamoDb,
    store: store::Store,
}

impl Database {
    pub async fn start() -> Self {
        let template = Template::load().unwrap();
        let database = DynamoDb::start(local_aws::Store::Memory, &template).await.unwrap();
        let client = aws_sdk_dynamodb::Client::new(&sdk::config(&database.url()));
        let store = store::Store::new(client, "RecordsTable", "ImportsTable");
        Self {
            _database: database,
            store,
        }
    }

    pub fn tenant(&self, msp: &str) -> Tenant {
        self.store.of(&MspId::new(msp))
    }

    pub fn built_in(&self, msp: &str) -> BuiltIn {
        BuiltIn::new(self.tenant(msp))
    }
}

/// An account and what an MSP remembers of it.
pub struct Port {
    pub account: Account,
    pub tenant: Tenant,
}

impl Port {
    pub async fn start(database: &Database, msp: &str) -> Self {
        Self {
            account: Account::start().await,
            tenant: database.tenant(msp),
        }
    }

    /// The directory as a run opens it.
    pub fn run(&self) -> Mirror {
        self.run_with(impatient())
    }

    pub fn run_with(&self, policy: HttpPolicy) -> Mirror {
        self.run_for(policy, Duration::from_mins(5))
    }

    /// The directory as a run opens it that lasts so long.
    pub fn run_for(&self, policy: HttpPolicy, time: Duration) -> Mirror {
        let clock = self.account.clock.clone();
        let client = self.account.client_for(policy, time);
        Mirror::new(
            self.tenant.clone(),
            Some(client),
            Arc::new(move || clock.now()),
            Arc::default(),
        )
    }

    pub fn now(&self) -> Timestamp {
        self.account.clock.now()
    }

    /// Lets the time come.
    pub fn wait_until(&self, moment: Timestamp) {
        let left = moment.duration_since(self.now()).as_secs() + 1;
        self.account.clock.advance(left.max(1));
    }

    /// Reads the directory to the end, a piece in each run.
    pub async fn read(&self) -> Result<(), directory::DirectoryError> {
        self.read_older_than(SignedDuration::ZERO).await
    }

    pub async fn read_older_than(&self, max_age: SignedDuration) -> Result<(), directory::DirectoryError> {
        self.read_as(impatient(), max_age).await
    }

    pub async fn read_with(&self, policy: HttpPolicy) -> Result<(), directory::DirectoryError> {
        self.read_as(policy, SignedDuration::ZERO).await
    }

    async fn read_as(&self, policy: HttpPolicy, max_age: SignedDuration) -> Result<(), directory::DirectoryError> {
        let mut reading: Option<Reading> = None;
        loop {
            let limits = ReadingLimits {
                max_age,
                until: Instant::now() + Duration::from_mins(1),
            };
            reading = self.run_with(policy.clone()).read_on(reading.as_ref(), &limits).await?;
            if reading.is_none() {
                return Ok(());
            }
        }
    }

    /// Asks for a company, each time in a run of its own, until it exists or its outcome is unknown.
    pub async fn create_company(&self, key: &str, name: &str) -> Result<NewCompany, directory::DirectoryError> {
        let begun = self.now();
        loop {
            let asked = self.run().create_company(&IdempotencyKey::by_hand(key), name).await;
            match asked {
                Ok(NewCompany::Waits(until)) if self.now().duration_since(begun) < PATIENCE => self.wait_until(until),
                other => return other,
            }
        }
    }
}

/// A user to create.
pub fn request(key: &str, address: &str) -> UserRequest {
    UserRequest {
        key: IdempotencyKey::by_hand(key),
        address: address.parse().unwrap(),
        name: "Nieuw".to_owned(),
        action: CreationAction::Invite,
    }
}

/// The ids of the users of a company, as they are remembered.
pub async fn ids(directory: &dyn Directory, company: &ManagedCompanyId) -> Vec<String> {
    let users = directory.users(company).await.unwrap();
    users.into_iter().map(|user| user.id.as_str().to_owned()).collect()
}
