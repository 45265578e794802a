//! Where Autotask is: in zones under one domain, whose browser hosts tell nothing about the zone of a user.

use http_client::{AddressRules, Hosts};

pub(super) const RULES: AddressRules = AddressRules {
    hosts: Hosts::Under(DOMAIN),
    api_host,
};

const DOMAIN: &str = "autotask.net";

/// Answers where a user's zone is; every zone does.
const DISCOVERY: &str = "webservices.autotask.net";

fn api_host(host: &str) -> Option<String> {
    if host == DOMAIN {
        return Some(DISCOVERY.to_owned());
    }
    let label = host.strip_suffix(DOMAIN)?.strip_suffix('.')?;
    (label.starts_with("ww") && !label.starts_with("webservices")).then(|| DISCOVERY.to_owned())
}
