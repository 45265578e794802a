//! E-mail addresses: what counts as one, and when two are the same (R32, R33).

use std::fmt;
use std::str::FromStr;

use email_address::{EmailAddress, Options};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest address that is accepted, in bytes (RFC 5321, 4.5.3.1.3 less the angle brackets).
const LONGEST: usize = 254;

/// One valid e-mail address. Compares by [`AddressKey`]; shows the original spelling only when asked to.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline)]
pub struct Address {
    original: String,
    key: AddressKey,
}

/// The form by which addresses compare: lower case, the domain in IDNA ASCII.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddressKey(String);

/// The text is not an e-mail address. Does not repeat the text, so that it can be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid e-mail address")]
pub struct InvalidAddress;

impl Address {
    /// The spelling that was entered, trimmed.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// The form by which it compares.
    pub const fn key(&self) -> &AddressKey {
        &self.key
    }
}

impl AddressKey {
    /// The comparable form as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The domain, in IDNA ASCII.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let original = text.trim();
        let (local, domain) = original.rsplit_once('@').ok_or(InvalidAddress)?;
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| InvalidAddress)?;
        let key = format!("{}@{domain}", local.to_lowercase());
        let options = Options::default()
            .with_required_tld()
            .without_domain_literal()
            .without_display_text();
        if key.len() > LONGEST || key.chars().any(|c| c.is_control() || c.is_whitespace()) || local.starts_with('"') {
            return Err(InvalidAddress);
        }
        EmailAddress::parse_with_options(&key, options).map_err(|_| InvalidAddress)?;
        Ok(Self {
            original: original.to_owned(),
            key: AddressKey(key),
        })
    }
}

impl TryFrom<String> for Address {
    type Error = InvalidAddress;

    fn try_from(text: String) -> Result<Self, InvalidAddress> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.original
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Address {}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

impl fmt::Debug for AddressKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AddressKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Option<String> {
        text.parse::<Address>()
            .ok()
            .map(|address| address.key().as_str().to_owned())
    }

    #[test]
    fn r33_addresses_compare_without_case_and_with_the_domain_in_idna_ascii() {
        assert_eq!(key(" Ana@Müller.EXAMPLE "), Some("ana@xn--mller-kva.example".into()));
        assert_eq!("ANA@x.example".parse::<Address>(), "ana@X.example".parse::<Address>());
    }

    #[test]
    fn r33_the_original_spelling_is_kept() {
        assert_eq!(
            "Ana@Müller.example".parse::<Address>().unwrap().original(),
            "Ana@Müller.example"
        );
    }

    #[test]
    fn r32_ordinary_addresses_are_accepted() {
        for text in [
            "pilot@noordzee.example",
            "ana.o'neil+x@sub.kantoor-jansen.example",
            "o@x.test",
            "é@x.example",
        ] {
            assert!(key(text).is_some(), "{text}");
        }
    }

    #[test]
    fn r32_what_is_no_address_is_refused() {
        let long = format!("{}@x.example", "a".repeat(260));
        for text in [
            "",
            " ",
            "n/a",
            "ana@",
            "@x.example",
            "ana@x",
            "a b@x.example",
            "ana@@x.example",
            "ana@[127.0.0.1]",
            "x@y.example, z@y.example",
            "a\0@x.example",
            &long,
        ] {
            assert_eq!(key(text), None, "{text:?}");
        }
    }

    #[test]
    fn r50_an_address_is_not_in_its_debug_form() {
        let address: Address = "ana@x.example".parse().unwrap();
        assert!(!format!("{address:?} {:?}", address.key()).contains("ana"));
    }
}
