//! E-mail addresses: what counts as one, and when two are the same (R32, R33, R61).

mod field;
mod plain;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use email_address::{EmailAddress, Options};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;

use crate::language::Language;
use crate::text::ReadText;

pub use field::read;

/// One e-mail address. Compares by [`AddressKey`]; shows its spelling only when asked to.
///
/// `FromStr` cleans a text and accepts it only if it is one address. Deserialising takes what was stored as it is: an address
/// that an earlier version accepted must still be read, so that the next import can correct it.
/// A plan has each of half a million addresses in several places, which share the texts.
#[derive(Clone, JsonSchema)]
#[serde(from = "String", into = "String")]
#[schemars(inline)]
pub struct Address {
    original: Arc<str>,
    key: AddressKey,
    /// Kept, because finding it out takes parsing the address again.
    is_clean: bool,
}

/// A text that stands in place of an email address, and why it is not one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoAddress {
    /// Why the text is not one email address.
    pub reason: NoAddressReason,
    /// The text, without invisible characters.
    pub text: String,
}

/// Says why, and nobody's address.
impl fmt::Debug for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoAddress")
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

/// The form by which addresses compare: lower case, the domain in IDNA ASCII.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressKey(Arc<str>);

/// Why a text is not one email address. Does not repeat the text, so that it can be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoAddressReason {
    /// The text is empty.
    Empty,
    /// The text has more than one address.
    Several,
    /// The text is not an address at all.
    NotAnAddress,
}

impl std::error::Error for NoAddressReason {}

/// English, and Dutch in the alternate form (`{:#}`).
impl fmt::Display for NoAddressReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Language::of_format(f).messages().invalid_address(*self))
    }
}

impl Address {
    /// The spelling: as it was entered, cleaned (R61).
    pub fn original(&self) -> &str {
        &self.original
    }

    /// The form by which it compares.
    pub const fn key(&self) -> &AddressKey {
        &self.key
    }

    /// Whether it is spelled as an import spells it now. One that an earlier version stored may not be.
    pub const fn is_clean(&self) -> bool {
        self.is_clean
    }

    /// Reads a text that is plain.
    fn of_plain(text: &str) -> Self {
        let original: Arc<str> = text.into();
        let key = if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            text.to_ascii_lowercase().into()
        } else {
            Arc::clone(&original)
        };
        Self {
            original,
            key: AddressKey(key),
            is_clean: true,
        }
    }

    /// Reads a text that was stored.
    fn stored(text: &str) -> Self {
        if plain::is_plain(text) {
            return Self::of_plain(text);
        }
        match text.parse::<Self>() {
            Ok(address) => Self {
                is_clean: address.original() == text,
                original: text.into(),
                key: address.key,
            },
            // An earlier version accepted it. It equals nothing that is accepted now, so no spelling of it is better.
            Err(_) => Self {
                key: AddressKey(text.to_lowercase().into()),
                original: text.into(),
                is_clean: true,
            },
        }
    }

    /// Reads a text that is cleaned already.
    fn of_clean(text: &str) -> Result<Self, NoAddressReason> {
        let (local, domain) = text.rsplit_once('@').ok_or(NoAddressReason::NotAnAddress)?;
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| NoAddressReason::NotAnAddress)?;
        let local: String = local.to_lowercase().nfc().collect();
        let key = format!("{local}@{domain}");
        let options = Options::default()
            .with_required_tld()
            .without_domain_literal()
            .without_display_text();
        let is_quoted = local.starts_with('"');
        if key.len() > plain::MAX_BYTES || is_quoted || key.contains(char::is_whitespace) || has_numeric_tld(&domain) {
            return Err(NoAddressReason::NotAnAddress);
        }
        EmailAddress::parse_with_options(&key, options).map_err(|_| NoAddressReason::NotAnAddress)?;
        Ok(Self {
            original: text.into(),
            key: AddressKey(key.into()),
            is_clean: true,
        })
    }
}

/// No top-level domain is a number (RFC 3696, 2), so a domain that ends with one is an IP address or a slip.
fn has_numeric_tld(domain: &str) -> bool {
    let tld = domain.rsplit('.').next().unwrap_or_default();
    tld.bytes().all(|byte| byte.is_ascii_digit())
}

impl AddressKey {
    /// The comparable form as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the domain.
    pub fn local(&self) -> &str {
        self.0.rsplit_once('@').map_or(&self.0, |(local, _)| local)
    }

    /// The domain, in IDNA ASCII.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ReadText(Self::stored))
    }
}

impl<'de> Deserialize<'de> for AddressKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ReadText(|text: &str| Self(text.into())))
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.original)
    }
}

impl Serialize for AddressKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
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

/// An address that somebody enters: cleaned and checked like one of a PSA.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct EnteredAddress(pub Address);

impl TryFrom<String> for EnteredAddress {
    type Error = NoAddressReason;

    fn try_from(text: String) -> Result<Self, NoAddressReason> {
        text.parse().map(Self)
    }
}

impl JsonSchema for EnteredAddress {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "EnteredAddress".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

#[cfg(test)]
mod tests;
