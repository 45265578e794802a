//! `DynamoDB`: dynoxide in this process or another one by address, behind a proxy that counts what is spent.

mod embedded;
mod expiry;
mod meter;
mod outage;
mod proxy;
mod tables;
mod throttle;
mod tokens;
mod upstream;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use tokio::sync::Notify;
use url::Url;

use crate::access::Access;
use crate::{Error, Server, Template};
use outage::Outage;
use throttle::Throttling;
use upstream::Upstream;

pub use meter::{Meter, Spent};
pub use outage::StoreFault;
pub use throttle::{Admitted, Capacity, Limiter, Rate, Refused};

/// Where the data is.
#[derive(Debug, Clone)]
pub enum Store {
    /// In memory, gone with the stand-in.
    Memory,
    /// In a file in this folder.
    Folder(PathBuf),
    /// In another `DynamoDB` that does not check signatures, reached by plain HTTP. A user in the address is the access key id of
    /// every request: local engines keep what belongs to different ones apart.
    Remote(Url),
}

/// A `DynamoDB` with the template's tables in it.
#[derive(Debug)]
pub struct DynamoDb {
    proxy: Server,
    meter: Arc<Meter>,
    writes: Arc<Notify>,
    outage: Outage,
    throttle: Throttling,
    /// Past the meter.
    direct: Upstream,
    embedded: Option<Server>,
    /// Tables that delete expired items, each with the attribute that says when.
    expiring: Vec<(String, String)>,
}

impl DynamoDb {
    /// Opens the store, and creates those tables of the template that it does not have.
    pub async fn start(store: Store, template: &Template) -> Result<Self, Error> {
        let embedded = match &store {
            Store::Memory => Some(embedded::in_memory().await?),
            Store::Folder(folder) => Some(embedded::in_folder(folder).await?),
            Store::Remote(_) => None,
        };
        let direct = match (&store, &embedded) {
            (Store::Remote(url), _) => Upstream::remote(url)?,
            (_, embedded) => Upstream::embedded(embedded.as_ref().map(Server::url).unwrap_or_default()),
        };
        tables::create(&direct.client(), template.tables()).await?;
        let (meter, writes) = (Arc::<Meter>::default(), Arc::<Notify>::default());
        let (outage, throttle) = (Outage::default(), Throttling::default());
        let limits = proxy::Limits {
            access: Access::new(template),
            outage: outage.clone(),
            throttle: throttle.clone(),
        };
        let proxy = proxy::router(direct.clone(), meter.clone(), writes.clone(), limits);
        let proxy = Server::start(proxy).await?;
        Ok(Self {
            proxy,
            meter,
            writes,
            outage,
            throttle,
            direct,
            embedded,
            expiring: expiry::tables(template.tables()),
        })
    }

    /// Where the functions reach it; what comes through here is counted.
    pub fn url(&self) -> String {
        self.proxy.url()
    }

    /// Fails every call through [`Self::url`], or none any more.
    pub fn fail(&self, fault: Option<StoreFault>) {
        self.fail_after(0, fault);
    }

    /// The same after so many calls that are answered.
    pub fn fail_after(&self, calls: u64, fault: Option<StoreFault>) {
        self.outage.set(fault, calls);
    }

    /// Holds every call through [`Self::url`] to a capacity, or none any more. Nothing is used up at first.
    pub fn throttle(&self, throttle: Option<Arc<Limiter>>) {
        *self.throttle.lock().unwrap_or_else(PoisonError::into_inner) = throttle;
    }

    /// What was spent through [`Self::url`].
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Deletes the items that had expired at this moment, in seconds of Unix time; gives how many they were. No engine that is used here does so
    /// by itself, and none knows the sandbox's clock.
    pub async fn expire(&self, at: i64) -> Result<usize, Error> {
        expiry::delete(&self.direct.client(), &self.expiring, at).await
    }

    /// Stops taking requests, and waits a limited time for those under way.
    pub async fn stop(self) {
        self.proxy.stop().await;
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
    }

    /// A client whose requests are not counted: the sandbox's own.
    pub(crate) fn direct_client(&self) -> aws_sdk_dynamodb::Client {
        self.direct.client()
    }

    pub(crate) fn streams_client(&self) -> aws_sdk_dynamodbstreams::Client {
        aws_sdk_dynamodbstreams::Client::new(&self.direct.config())
    }

    /// Told of every write that came through [`Self::url`].
    pub(crate) fn writes(&self) -> Arc<Notify> {
        self.writes.clone()
    }
}
