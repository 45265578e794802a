//! The address of a PSA is hostile input: an administrator types it, and credentials are sent there.

use std::fmt;

use domain::problem::UrlRefused;
use domain::psa::PsaKind;
use url::{Host, Url};

use super::origin::Origin;
use super::policy::HttpPolicy;

const LONGEST: usize = 2_000;

/// Names that never belong to the public internet (RFC 6761, RFC 6762, RFC 7686, RFC 8375, and what routers use).
const PRIVATE_SUFFIXES: [&str; 11] = [
    "arpa",
    "corp",
    "home",
    "internal",
    "intranet",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "private",
];

const AUTOTASK: &str = "autotask.net";

/// Answers where a user's zone is; every zone does.
const AUTOTASK_DISCOVERY: &str = "webservices.autotask.net";

/// Domains whose browser hosts have an API host next to them: `na.…` and `api-na.…`.
const CONNECTWISE_CLOUDS: [&str; 2] = ["myconnectwise.net", "connectwisedev.com"];

/// Where a PSA is: an origin that the policy lets requests go to. Paths and browser hosts are already gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PsaUrl(Url);

impl PsaUrl {
    /// Reads what an administrator typed: with or without scheme and path, the browser's host or the API's.
    pub fn parse(kind: PsaKind, text: &str, policy: &HttpPolicy) -> Result<Self, UrlRefused> {
        let mut url = read(text)?;
        policy.admit(kind, &url)?;
        url.set_path("");
        url.set_query(None);
        url.set_fragment(None);
        if let Some(host) = url.domain().and_then(|host| api_host(kind, host)) {
            url.set_host(Some(&host)).map_err(|_| UrlRefused::NotAnAddress)?;
        }
        Ok(Self(url))
    }

    /// The address of a path, given as segments, on this origin.
    pub(crate) fn path(&self, segments: &[&str]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        }
        url
    }

    pub(crate) const fn as_url(&self) -> &Url {
        &self.0
    }

    /// Whether the host is one of `ConnectWise`'s own.
    pub(crate) fn is_connectwise_cloud(&self) -> bool {
        self.0
            .domain()
            .is_some_and(|host| CONNECTWISE_CLOUDS.iter().any(|domain| is_under(host, domain)))
    }
}

impl fmt::Display for PsaUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl HttpPolicy {
    /// Whether a request may go to this address at all. The resolver checks where its name leads.
    pub(crate) fn admit(&self, kind: PsaKind, url: &Url) -> Result<(), UrlRefused> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlRefused::UserInfo);
        }
        if Origin::of(url).is_some_and(|origin| self.allowed_origins.contains(&origin)) {
            return Ok(());
        }
        if url.scheme() != "https" {
            return Err(UrlRefused::NotHttps);
        }
        let Some(Host::Domain(host)) = url.host() else {
            return Err(UrlRefused::IpLiteral);
        };
        if url.port().is_some() {
            return Err(UrlRefused::Port);
        }
        if !is_public_name(host) {
            return Err(UrlRefused::PrivateName);
        }
        match kind {
            PsaKind::Autotask if !is_under(host, AUTOTASK) => Err(UrlRefused::NotTheVendor),
            // Runs on the MSPs' own hosts, too.
            PsaKind::Connectwise | PsaKind::Autotask => Ok(()),
        }
    }
}

/// Refuses what a browser would silently repair: readers that disagree on where the host ends are how filters are passed.
fn read(text: &str) -> Result<Url, UrlRefused> {
    let text = text.trim();
    if text.is_empty() {
        return Err(UrlRefused::Empty);
    }
    let strange = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
    if text.len() > LONGEST || text.chars().any(strange) {
        return Err(UrlRefused::NotAnAddress);
    }
    let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(UrlRefused::UserInfo);
    }
    if authority.is_empty() {
        return Err(UrlRefused::NotAnAddress);
    }
    let mut url = Url::parse(&format!("{scheme}://{rest}")).map_err(|_| UrlRefused::NotAnAddress)?;
    if let Some(host) = url.domain().and_then(|host| host.strip_suffix('.')).map(str::to_owned) {
        url.set_host(Some(&host)).map_err(|_| UrlRefused::NotAnAddress)?;
    }
    Ok(url)
}

fn is_public_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let (_, top) = host.rsplit_once('.').unwrap_or_default();
    // There are no others; what merely resembles a number is not left to the resolver to interpret.
    let known = top.starts_with("xn--") || (top.len() > 1 && top.bytes().all(|b| b.is_ascii_alphabetic()));
    known && host.len() <= 253 && host.split('.').all(label) && !PRIVATE_SUFFIXES.contains(&top)
}

fn is_under(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The API's host for a browser's, where they differ.
fn api_host(kind: PsaKind, host: &str) -> Option<String> {
    match kind {
        PsaKind::Connectwise => {
            let region = CONNECTWISE_CLOUDS
                .iter()
                .find_map(|domain| host.strip_suffix(domain)?.strip_suffix('.'))?;
            (!region.contains('.') && !region.starts_with("api-")).then(|| format!("api-{host}"))
        }
        PsaKind::Autotask if host == AUTOTASK => Some(AUTOTASK_DISCOVERY.to_owned()),
        PsaKind::Autotask => {
            let label = host.strip_suffix(AUTOTASK)?.strip_suffix('.')?;
            label.starts_with("ww").then_some(())?;
            (!label.starts_with("webservices")).then(|| AUTOTASK_DISCOVERY.to_owned())
        }
    }
}
