//! From an integration's address and credentials to a PSA that can be read.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::language::Language;
use domain::psa::{PsaFailure, PsaFailureKind, PsaKind};
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;

use crate::Psa;
use crate::autotask::Autotask;
use crate::connectwise::Connectwise;
use crate::credentials::{Credentials, MissingCredential};
use crate::http;
use crate::http::address::PsaUrl;
use crate::http::policy::HttpPolicy;
use crate::http::session::{Endpoint, Session};
use crate::http::verdict::{Again, Verdict};

/// Which PSA an integration reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    kind: PsaKind,
    url: PsaUrl,
    company_id: Option<String>,
}

/// Opens PSAs. One for each process: it holds the policy and the one HTTP client with its connections.
#[derive(Debug, Clone)]
pub struct Connector {
    policy: Arc<HttpPolicy>,
    client: reqwest::Client,
    now: Now,
}

/// What tells the time.
#[derive(Clone)]
pub(crate) struct Now(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Now {
    pub(crate) fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Now")
    }
}

/// The HTTP client cannot be built, for want of TLS roots or the like.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client for PSAs cannot be built")]
pub struct NoClient(#[source] reqwest::Error);

static CONNECT: Endpoint = Endpoint {
    name: "connect",
    right: "",
};

impl Target {
    /// `company_id` is the login company of `ConnectWise`, which takes one; Autotask does not.
    pub fn new(kind: PsaKind, url: PsaUrl, company_id: Option<String>) -> Result<Self, MissingCredential> {
        let missing = MissingCredential { field: "companyId" };
        let company_id = company_id.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
        match kind {
            PsaKind::Connectwise if !company_id.as_deref().is_some_and(is_company_id) => return Err(missing),
            PsaKind::Connectwise | PsaKind::Autotask => {}
        }
        Ok(Self { kind, url, company_id })
    }
}

/// Whether this can be the login company of `ConnectWise`: it becomes a segment of a path and the first part of a user name, and `+`
/// ends it there.
pub fn is_company_id(id: &str) -> bool {
    let fits = |c: char| !c.is_control() && !matches!(c, '+' | ':' | '/' | '\\');
    id.len() <= 100 && id.chars().all(fits) && !id.chars().all(|c| c == '.')
}

impl Connector {
    /// Builds the HTTP client.
    pub fn new(policy: HttpPolicy) -> Result<Self, NoClient> {
        let client = http::client(&policy).map_err(NoClient)?;
        Ok(Self {
            policy: Arc::new(policy),
            client,
            now: Now(Arc::new(Timestamp::now)),
        })
    }

    /// The same by another clock than the machine's: it says when to come back to a PSA that asks for a wait.
    #[must_use]
    pub fn with_clock(&self, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self {
            now: Now(Arc::new(now)),
            ..self.clone()
        }
    }

    /// What requests may do.
    pub fn policy(&self) -> &HttpPolicy {
        &self.policy
    }

    /// Opens a PSA for one run. Nothing is asked yet; nothing will be asked after the deadline.
    pub fn connect(
        &self,
        target: &Target,
        credentials: &Credentials,
        deadline: Instant,
    ) -> Result<Arc<dyn Psa>, PsaFailure> {
        // The policy may have changed since the address was entered.
        self.policy
            .admit(target.kind, target.url.as_url())
            .map_err(|refused| failure(PsaFailureKind::PsaUnknownError, refused.text(Language::English)))?;
        let session = Session::new(
            self.client.clone(),
            Arc::clone(&self.policy),
            deadline,
            self.now.clone(),
        );
        let url = target.url.clone();
        match (target.kind, credentials) {
            (
                PsaKind::Connectwise,
                Credentials::Connectwise {
                    public_key,
                    private_key,
                    client_id,
                },
            ) => {
                let company_id = target.company_id.clone().unwrap_or_default();
                let (public_key, private_key) = (public_key.expose_secret(), private_key.expose_secret());
                let basic = basic(&company_id, public_key, private_key);
                let headers = [
                    (AUTHORIZATION, basic.as_str()),
                    (HeaderName::from_static("clientid"), client_id.expose_secret()),
                ];
                Ok(Arc::new(Connectwise::new(
                    session,
                    url,
                    company_id,
                    secret_headers(headers)?,
                )))
            }
            (
                PsaKind::Autotask,
                Credentials::Autotask {
                    username,
                    secret,
                    integration_code,
                },
            ) => {
                let headers = [
                    (HeaderName::from_static("username"), username.expose_secret()),
                    (HeaderName::from_static("secret"), secret.expose_secret()),
                    (
                        HeaderName::from_static("apiintegrationcode"),
                        integration_code.expose_secret(),
                    ),
                ];
                Ok(Arc::new(Autotask::new(
                    session,
                    url,
                    username.clone(),
                    secret_headers(headers)?,
                )))
            }
            (PsaKind::Connectwise, Credentials::Autotask { .. })
            | (PsaKind::Autotask, Credentials::Connectwise { .. }) => Err(failure(
                PsaFailureKind::PsaUnauthorized,
                "the credentials are those of another product",
            )),
        }
    }
}

/// `Basic …`, of which no copy is left behind in memory but the header's.
fn basic(company_id: &str, public_key: &str, private_key: &str) -> Zeroizing<String> {
    let plain = Zeroizing::new([company_id, "+", public_key, ":", private_key].concat());
    // So large from the beginning that it is not moved while it grows.
    let mut basic = Zeroizing::new(String::with_capacity(8 + plain.len() * 2));
    basic.push_str("Basic ");
    BASE64_STANDARD.encode_string(plain.as_bytes(), &mut basic);
    basic
}

/// Marked as sensitive, so that no layer below shows them.
fn secret_headers<const N: usize>(headers: [(HeaderName, &str); N]) -> Result<HeaderMap, PsaFailure> {
    let mut map = HeaderMap::with_capacity(N + 2);
    for (name, value) in headers {
        let mut value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
            failure(
                PsaFailureKind::PsaUnauthorized,
                "a credential holds a control character",
            )
        })?;
        value.set_sensitive(true);
        map.insert(name, value);
    }
    Ok(map)
}

fn failure(kind: PsaFailureKind, detail: &str) -> PsaFailure {
    let verdict = Verdict {
        kind,
        again: Again::Never,
        reason: "the PSA was not asked: ",
    };
    CONNECT.failure(verdict, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r50_headers_with_credentials_are_not_in_their_debug_form() {
        let basic = basic("msp", "pub", "s3cret");
        assert_eq!(basic.as_str(), "Basic bXNwK3B1YjpzM2NyZXQ=");
        let headers = secret_headers([(AUTHORIZATION, &basic), (HeaderName::from_static("secret"), "s3cret")]).unwrap();
        assert!(headers.values().all(HeaderValue::is_sensitive));
        let shown = format!("{headers:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("bXNw"), "{shown}");
    }
}
