//! Building the `reqwest` client, once per process.

use std::sync::Arc;

use jiff::Timestamp;

use crate::clock::Now;
use crate::policy::HttpPolicy;
use crate::resolver::GuardedResolver;

/// The client of a process: it holds the policy and the connections. Clones share them.
#[derive(Debug, Clone)]
pub struct HttpClient {
    pub(crate) client: reqwest::Client,
    pub(crate) policy: Arc<HttpPolicy>,
    pub(crate) now: Now,
}

/// The HTTP client cannot be built, for want of TLS roots or the like.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be built")]
pub struct NoClient(#[from] reqwest::Error);

impl HttpClient {
    /// Builds the client that keeps every rule of the policy which is not about one request.
    pub fn new(policy: HttpPolicy) -> Result<Self, NoClient> {
        let resolver = GuardedResolver::system(&policy.allowed_origins);
        Ok(Self {
            client: client_through(resolver, &policy)?,
            policy: Arc::new(policy),
            now: Now::default(),
        })
    }

    /// The same client by another clock than the machine's: the clock says when to come back to a service that asks for a wait.
    #[must_use]
    pub fn with_clock(&self, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self {
            now: Now::by(now),
            ..self.clone()
        }
    }

    /// The client beneath, for addresses that come from the deployment's configuration and that no tenant can choose.
    pub fn for_configured(&self) -> reqwest::Client {
        self.client.clone()
    }

    /// What requests may do.
    pub fn policy(&self) -> &HttpPolicy {
        &self.policy
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where a client is built")]
pub(crate) fn client_through(
    resolver: GuardedResolver,
    policy: &HttpPolicy,
) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .user_agent(concat!("psa-import/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(resolver)
        .https_only(policy.allowed_origins.is_empty())
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        // There is one retry layer, and it is not this one.
        .retry(reqwest::retry::never())
        // Without this the system's certificates are read from files, which takes longer than all the rest of a start.
        .tls_certs_only(roots(&policy.extra_roots)?)
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
        .connect_timeout(policy.connect_timeout)
        .timeout(policy.timeout)
        .build()
}

fn roots(extra: &[Vec<u8>]) -> Result<Vec<reqwest::Certificate>, reqwest::Error> {
    let of_the_web = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(AsRef::as_ref);
    of_the_web
        .chain(extra.iter().map(Vec::as_slice))
        .map(reqwest::Certificate::from_der)
        .collect()
}
