//! Both directories, as the tests of the port use them.

use std::sync::Arc;

use directory::{Directory, NewCompany, NewUser, UserRequest};
use domain::directory::LicenceMode;
use domain::ids::{IdempotencyKey, ManagedCompanyId, UserId};
use jiff::{SignedDuration, Timestamp};

use crate::account::Account;
use crate::port::{Database, Port};

/// A directory under test.
pub enum Bench {
    BuiltIn(Arc<dyn Directory>),
    LastPass(Box<Port>),
}

impl Bench {
    /// The directory as a run opens it.
    pub fn run(&self) -> Arc<dyn Directory> {
        match self {
            Self::BuiltIn(directory) => Arc::clone(directory),
            Self::LastPass(port) => Arc::new(port.run()),
        }
    }

    pub fn now(&self) -> Timestamp {
        match self {
            Self::BuiltIn(_) => Timestamp::now(),
            Self::LastPass(port) => port.now(),
        }
    }

    /// Reads it as a fetch does.
    pub async fn fetch(&self) {
        match self {
            Self::BuiltIn(directory) => {
                let limits = directory::ReadingLimits {
                    max_age: SignedDuration::ZERO,
                    until: std::time::Instant::now(),
                };
                assert_eq!(directory.read_on(None, &limits).await.unwrap(), None);
            }
            Self::LastPass(port) => port.read().await.unwrap(),
        }
    }

    /// Creates a company, and waits for it where it comes later.
    pub async fn company(&self, key: &str, name: &str) -> ManagedCompanyId {
        loop {
            match self
                .run()
                .create_company(&IdempotencyKey::by_hand(key), name)
                .await
                .unwrap()
            {
                NewCompany::Created(id) => return id,
                NewCompany::Waits(until) => match self {
                    Self::BuiltIn(_) => panic!("it says that nothing waits"),
                    Self::LastPass(port) => port.wait_until(until),
                },
                NewCompany::Unknown => panic!("the outcome is unknown"),
            }
        }
    }

    pub async fn users(&self, company: &ManagedCompanyId, requests: &[UserRequest]) -> Vec<UserId> {
        let made = self.run().create_users(company, requests).await;
        let ids = made.into_iter().map(|made| match made {
            Ok(NewUser::Created(id)) => id,
            other => panic!("{other:?}"),
        });
        ids.collect()
    }
}

/// Both directories, the built-in one with licences, and the database that they are in.
pub async fn benches(name: &str) -> (Database, Vec<Bench>) {
    let database = Database::start().await;
    let built_in = database.built_in(name);
    assert!(built_in.set_licences(LicenceMode::Pool, 1_000).await.unwrap());
    let port = Port {
        account: Account::empty().await,
        tenant: database.tenant(&format!("{name}-lastpass")),
    };
    let benches = vec![Bench::BuiltIn(Arc::new(built_in)), Bench::LastPass(Box::new(port))];
    (database, benches)
}
