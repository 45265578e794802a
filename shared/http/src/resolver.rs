//! Addresses are checked when connecting: a name that was harmless when it was entered may point elsewhere by now.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::network::is_global;
use crate::origin::Origin;

type Lookup = dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync;

/// Resolves names to public addresses only; the connection is made to the very addresses that were checked.
pub(crate) struct GuardedResolver {
    exempt: Arc<[String]>,
    lookup: Arc<Lookup>,
}

/// The name points to a network that is not the public internet.
#[derive(Debug, thiserror::Error)]
#[error("the name does not resolve to public addresses only")]
pub(crate) struct NotPublic;

impl GuardedResolver {
    /// Asks the operating system.
    pub(crate) fn system(allowed: &[Origin]) -> Self {
        let lookup = |name: String| -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
            Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
        };
        Self::new(allowed, Arc::new(lookup))
    }

    fn new(allowed: &[Origin], lookup: Arc<Lookup>) -> Self {
        Self {
            exempt: allowed.iter().filter_map(Origin::host).collect(),
            lookup,
        }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, exempt) = (Arc::clone(&self.lookup), Arc::clone(&self.exempt));
        Box::pin(async move {
            let addresses = lookup(name.as_str().to_owned()).await?;
            let public = || addresses.iter().all(|address| is_global(address.ip()));
            if !exempt.iter().any(|host| host == name.as_str()) && !public() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
