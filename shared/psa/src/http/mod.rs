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
mod surrogates;
pub(crate) mod verdict;

use policy::HttpPolicy;
use resolver::GuardedResolver;

/// Builds the client that holds every rule of [`HttpPolicy`] which is not about one request.
pub(crate) fn client(policy: &HttpPolicy) -> Result<reqwest::Client, reqwest::Error> {
    client_through(GuardedResolver::system(&policy.allowed_origins), policy)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a client for PSAs is built"
)]
fn client_through(resolver: GuardedResolver, policy: &HttpPolicy) -> Result<reqwest::Client, reqwest::Error> {
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
