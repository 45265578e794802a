//! The one HTTP client for PSAs: where it may go, what it reads, when it asks again.

pub(crate) mod address;
mod network;
pub(crate) mod origin;
pub(crate) mod place;
pub(crate) mod policy;
pub(crate) mod reply;
mod resolver;
mod retry_after;
pub(crate) mod session;
pub(crate) mod verdict;

use policy::HttpPolicy;
use resolver::GuardedResolver;

/// Builds the client that holds every rule of [`HttpPolicy`] which is not about one request.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a client for PSAs is built"
)]
pub(crate) fn client(policy: &HttpPolicy) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .user_agent(concat!("psa-import/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(GuardedResolver::system(&policy.allowed_origins))
        .https_only(policy.allowed_origins.is_empty())
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        // There is one retry layer, and it is not this one.
        .retry(reqwest::retry::never())
        // Without this the system's certificates are read from files, which takes longer than all the rest of a start.
        .tls_certs_only(roots()?)
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
        .connect_timeout(policy.connect_timeout)
        .timeout(policy.timeout)
        .build()
}

fn roots() -> Result<Vec<reqwest::Certificate>, reqwest::Error> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .map(|root| reqwest::Certificate::from_der(root))
        .collect()
}
