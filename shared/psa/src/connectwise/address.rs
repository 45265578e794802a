//! Where `ConnectWise` PSAs are: in its clouds, and on the MSPs' own hosts.

use http_client::{AddressRules, BaseUrl, Hosts};

pub(super) const RULES: AddressRules = AddressRules {
    hosts: Hosts::Any,
    api_host,
};

/// Domains whose browser hosts have an API host next to them: `na.…` and `api-na.…`.
const CLOUDS: [&str; 2] = ["myconnectwise.net", "connectwisedev.com"];

/// Whether the host is one of the vendor's own.
pub(super) fn is_cloud(url: &BaseUrl) -> bool {
    CLOUDS.iter().any(|domain| url.is_under(domain))
}

fn api_host(host: &str) -> Option<String> {
    let region = CLOUDS
        .iter()
        .find_map(|domain| host.strip_suffix(domain)?.strip_suffix('.'))?;
    (!region.contains('.') && !region.starts_with("api-")).then(|| format!("api-{host}"))
}
