//! Domains of e-mail addresses and web sites, as far as they tell companies apart.

use std::collections::HashMap;

use url::{Host, Url};

use domain::address::AddressKey;

/// The domain of a company's own addresses or web site, in IDNA ASCII.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain(String);

/// Where anybody can have an address: mail services and internet providers.
#[rustfmt::skip]
const ANYBODYS: [&str; 66] = [
    "aol.com", "aol.de", "aol.fr", "arcor.de", "att.net", "bbox.fr", "bluewin.ch", "btinternet.com", "casema.nl", "chello.nl",
    "comcast.net", "fastmail.com", "free.fr", "freenet.de", "gmail.com", "googlemail.com", "hetnet.nl", "hey.com", "home.nl",
    "hushmail.com", "icloud.com", "kabelmail.de", "kpnmail.nl", "kpnplanet.nl", "laposte.net", "mac.com", "mail.com", "mail.de",
    "mail.ru", "me.com", "msn.com", "neuf.fr", "ntlworld.com", "numericable.fr", "online.nl", "orange.fr", "outlook.com",
    "pandora.be", "planet.nl", "pm.me", "posteo.de", "proton.me", "protonmail.com", "proximus.be", "quicknet.nl", "rocketmail.com",
    "scarlet.be", "sfr.fr", "sky.com", "skynet.be", "solcon.nl", "t-online.de", "talktalk.net", "tele2.nl", "telenet.be",
    "telfort.nl", "tutanota.com", "upcmail.nl", "verizon.net", "virginmedia.com", "voo.be", "wanadoo.fr", "web.de", "xs4all.nl",
    "zeelandnet.nl", "ziggo.nl",
];

/// Mail services that have a domain in every country.
const IN_EVERY_COUNTRY: [&str; 7] = ["gmx", "hotmail", "live", "outlook", "yahoo", "yandex", "ymail"];

impl Domain {
    fn new(domain: &str) -> Option<Self> {
        let name = domain.split('.').next().unwrap_or_default();
        let anybodys = ANYBODYS.binary_search(&domain).is_ok() || IN_EVERY_COUNTRY.contains(&name);
        (domain.contains('.') && !anybodys).then(|| Self(domain.to_owned()))
    }

    /// The domain as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The domain that more than half of a company's addresses have, those left out that anybody can have.
pub fn main_domain<'a>(addresses: impl IntoIterator<Item = &'a AddressKey>) -> Option<Domain> {
    let mut count: HashMap<&str, (Domain, usize)> = HashMap::new();
    let mut all = 0;
    for address in addresses {
        if let Some(entry) = count.get_mut(address.domain()) {
            entry.1 += 1;
        } else if let Some(domain) = Domain::new(address.domain()) {
            count.insert(address.domain(), (domain, 1));
        } else {
            continue;
        }
        all += 1;
    }
    count
        .into_values()
        .find(|(_, addresses)| 2 * addresses > all)
        .map(|(domain, _)| domain)
}

/// The domain of a web site, however its address is typed.
pub fn of_web_site(typed: &str) -> Option<Domain> {
    let typed = typed.trim();
    let url = if typed.contains("://") {
        Url::parse(typed)
    } else {
        Url::parse(&format!("http://{typed}"))
    };
    match url.ok()?.host()? {
        Host::Domain(host) => Domain::new(host.strip_prefix("www.").unwrap_or(host)),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::address::Address;

    fn main(addresses: &[&str]) -> Option<String> {
        let keys: Vec<AddressKey> = addresses
            .iter()
            .map(|address| address.parse::<Address>().unwrap().key().clone())
            .collect();
        main_domain(&keys).map(|domain| domain.as_str().to_owned())
    }

    #[test]
    fn r23_the_main_domain_is_that_of_most_addresses() {
        let acme = Some("acme.example".to_owned());
        assert_eq!(main(&["a@acme.example", "b@ACME.example", "c@else.example"]), acme);
        assert_eq!(main(&["a@acme.example", "b@else.example"]), None);
        assert_eq!(main(&[]), None);
        assert_eq!(main(&["a@bäcker.example"]), Some("xn--bcker-gra.example".to_owned()));
    }

    #[test]
    fn r23_domains_of_mail_services_are_nobodys() {
        assert!(ANYBODYS.is_sorted());
        for address in [
            "a@gmail.com",
            "a@ziggo.nl",
            "a@hotmail.co.uk",
            "a@yahoo.de",
            "a@t-online.de",
        ] {
            assert_eq!(main(&[address, address]), None, "{address}");
        }
        let mixed = main(&["a@gmail.com", "b@gmail.com", "c@acme.example"]);
        assert_eq!(mixed, Some("acme.example".to_owned()));
    }

    #[test]
    fn r23_the_domain_of_a_web_site_is_found_however_it_is_typed() {
        for typed in [
            "acme.example",
            " www.acme.example/",
            "https://www.ACME.example:8443/contact?a=b#c",
            "http://user@acme.example",
        ] {
            assert_eq!(
                of_web_site(typed).as_ref().map(Domain::as_str),
                Some("acme.example"),
                "{typed}"
            );
        }
        for typed in [
            "",
            " ",
            "-",
            "http://",
            "http://127.0.0.1/",
            "n/a",
            "localhost",
            "geen website",
        ] {
            assert_eq!(of_web_site(typed), None, "{typed}");
        }
        assert_eq!(of_web_site("bäcker.example").unwrap().as_str(), "xn--bcker-gra.example");
    }
}
