//! The address of a service is hostile input: somebody types it, and credentials are sent there.

use std::fmt;

use url::{Host, Url};

use crate::origin::Origin;
use crate::policy::HttpPolicy;

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

/// Where the addresses of a service may lead, and where its API is.
#[derive(Debug, Clone, Copy)]
pub struct AddressRules {
    /// The hosts there are.
    pub hosts: Hosts,
    /// The API's host for a browser's, where they differ.
    pub api_host: fn(&str) -> Option<String>,
}

/// The hosts a service runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hosts {
    /// Any on the public internet: customers run it, too.
    Any,
    /// Only the vendor's, which are all under this domain.
    Under(&'static str),
}

/// Why an address is refused. Never repeats the address, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressRefused {
    /// There is no text.
    #[error("it is empty")]
    Empty,
    /// It cannot be read as an address.
    #[error("it is no address")]
    NotAnAddress,
    /// The scheme is another than https.
    #[error("it must begin with https://")]
    NotHttps,
    /// A user name or a password precedes the host.
    #[error("it must not hold a user name or a password")]
    UserInfo,
    /// The host is an IP address.
    #[error("it must be a name, not an IP address")]
    IpLiteral,
    /// The port is another than 443.
    #[error("it must not name a port other than 443")]
    Port,
    /// The name does not exist on the public internet.
    #[error("it must be a name of the public internet")]
    PrivateName,
    /// The host is not one of the vendor's, where only those exist.
    #[error("it must be under the vendor's domain")]
    NotTheVendor,
}

/// Where a service is: an origin that the policy lets requests go to. Paths and browser hosts are already gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// Reads what somebody typed: with or without scheme and path, the browser's host or the API's.
    pub fn parse(rules: &AddressRules, text: &str, policy: &HttpPolicy) -> Result<Self, AddressRefused> {
        let mut url = read(text)?;
        policy.admit(rules.hosts, &url)?;
        url.set_path("");
        url.set_query(None);
        url.set_fragment(None);
        if let Some(host) = url.domain().and_then(rules.api_host) {
            url.set_host(Some(&host)).map_err(|_| AddressRefused::NotAnAddress)?;
        }
        Ok(Self(url))
    }

    /// Checks the address again: the policy may have changed since it was entered.
    pub fn check(&self, rules: &AddressRules, policy: &HttpPolicy) -> Result<(), AddressRefused> {
        policy.admit(rules.hosts, &self.0)
    }

    /// The address of a path, given as segments, on this origin.
    pub fn path(&self, segments: &[&str]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        }
        url
    }

    /// Whether the host is this domain or below it.
    pub fn is_under(&self, domain: &str) -> bool {
        self.0.domain().is_some_and(|host| is_under(host, domain))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl HttpPolicy {
    /// Whether a request may go to this address at all. The resolver checks where its name leads.
    fn admit(&self, hosts: Hosts, url: &Url) -> Result<(), AddressRefused> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressRefused::UserInfo);
        }
        if Origin::of(url).is_some_and(|origin| self.allowed_origins.contains(&origin)) {
            return Ok(());
        }
        if url.scheme() != "https" {
            return Err(AddressRefused::NotHttps);
        }
        let Some(Host::Domain(host)) = url.host() else {
            return Err(AddressRefused::IpLiteral);
        };
        if url.port().is_some() {
            return Err(AddressRefused::Port);
        }
        if !is_public_name(host) {
            return Err(AddressRefused::PrivateName);
        }
        match hosts {
            Hosts::Under(domain) if !is_under(host, domain) => Err(AddressRefused::NotTheVendor),
            Hosts::Under(_) | Hosts::Any => Ok(()),
        }
    }
}

/// Rejects malformed URLs instead of repairing them: parser disagreement about the host is a classic SSRF bypass.
fn read(text: &str) -> Result<Url, AddressRefused> {
    let text = text.trim();
    if text.is_empty() {
        return Err(AddressRefused::Empty);
    }
    let strange = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
    if text.len() > LONGEST || text.chars().any(strange) {
        return Err(AddressRefused::NotAnAddress);
    }
    let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(AddressRefused::UserInfo);
    }
    if authority.is_empty() {
        return Err(AddressRefused::NotAnAddress);
    }
    let mut url = Url::parse(&format!("{scheme}://{rest}")).map_err(|_| AddressRefused::NotAnAddress)?;
    if let Some(host) = url.domain().and_then(|host| host.strip_suffix('.')).map(str::to_owned) {
        url.set_host(Some(&host)).map_err(|_| AddressRefused::NotAnAddress)?;
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
