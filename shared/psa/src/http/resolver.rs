//! Addresses are checked when connecting: a name that was harmless when it was entered may point elsewhere by now.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::network::is_global;
use super::origin::Origin;

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
mod tests {
    use std::sync::Mutex;

    use super::super::policy::HttpPolicy;
    use super::super::verdict::Fault;
    use super::super::{client_through, reply};
    use super::*;

    /// A resolver whose answers change with every question, as a rebinding name server's do.
    fn rebinding(allowed: &[Origin], answers: &[&[&str]]) -> GuardedResolver {
        let answers: Vec<Vec<SocketAddr>> = answers
            .iter()
            .map(|answer| {
                answer
                    .iter()
                    .map(|ip| SocketAddr::new(ip.parse().unwrap(), 0))
                    .collect()
            })
            .collect();
        let answers = Mutex::new(answers.into_iter());
        let lookup = move |_| -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
            let answer = answers.lock().unwrap().next().unwrap();
            Box::pin(async move { Ok(answer) })
        };
        GuardedResolver::new(allowed, Arc::new(lookup))
    }

    async fn resolves(resolver: &GuardedResolver, name: &str) -> bool {
        resolver.resolve(name.parse().unwrap()).await.is_ok()
    }

    #[tokio::test]
    async fn r50_a_name_that_is_rebound_to_a_private_address_is_refused_at_its_next_use() {
        let resolver = rebinding(&[], &[&["8.8.8.8"], &["169.254.169.254"], &["8.8.8.8"]]);
        assert!(resolves(&resolver, "psa.example").await);
        assert!(!resolves(&resolver, "psa.example").await);
        assert!(resolves(&resolver, "psa.example").await);
    }

    #[tokio::test]
    async fn r50_one_private_address_among_public_ones_refuses_the_name() {
        let resolver = rebinding(&[], &[&["8.8.8.8", "2606:4700::1111", "10.0.0.1"]]);
        assert!(!resolves(&resolver, "psa.example").await);
    }

    #[tokio::test]
    async fn r42_a_resolver_that_fails_is_told_from_a_connection_that_does() {
        let lookup = |_| -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
            Box::pin(async { Err(io::Error::other("temporary failure in name resolution")) })
        };
        let resolver = GuardedResolver::new(&[], Arc::new(lookup));
        let client = client_through(resolver, &HttpPolicy::default()).unwrap();
        let error = client.get("https://psa.example").send().await.unwrap_err();
        assert_eq!(reply::fault(&error), Fault::Dns);
    }

    #[tokio::test]
    async fn only_the_allowed_name_itself_is_exempt() {
        let allowed = ["http://sandbox.localhost:8080".parse().unwrap()];
        let resolver = rebinding(&allowed, &[&["127.0.0.1"], &["127.0.0.1"]]);
        assert!(resolves(&resolver, "sandbox.localhost").await);
        assert!(!resolves(&resolver, "x.sandbox.localhost").await);
    }
}
