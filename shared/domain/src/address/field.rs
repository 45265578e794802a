//! From the text of a field of a PSA to the one address in it (R61).

use std::str::FromStr;

use super::{Address, NoAddress, NoAddressReason, plain};
use crate::name;

/// What stands behind an address when it was copied out of a list or a sentence.
const TRAILING: [char; 3] = ['.', ',', ';'];

const SCHEME: &str = "mailto:";

/// What is between the addresses of a list.
const SEPARATORS: [char; 15] = [
    ',', ';', '|', '/', ':', '<', '>', '(', ')', '[', ']', '"', '\u{ff0c}', '\u{ff1b}', '\u{3001}',
];

/// The one address that a text holds.
fn address(text: &str) -> Result<Address, NoAddressReason> {
    // Nearly all are, and a plan reads each of half a million several times.
    if plain::is_plain(text) {
        return Ok(Address::of_plain(text));
    }
    of_any_text(text)
}

fn of_any_text(text: &str) -> Result<Address, NoAddressReason> {
    let text = name::clean(text);
    let bare = bare(&text);
    if bare.is_empty() {
        return Err(NoAddressReason::Empty);
    }
    match Address::of_clean(bare) {
        // A display name can be somebody else's address: it is unknown which of the two is meant.
        Ok(address) if names_another(&text, &address) => Err(NoAddressReason::Several),
        Err(_) if addresses(&text).nth(1).is_some() => Err(NoAddressReason::Several),
        result => result,
    }
}

impl FromStr for Address {
    type Err = NoAddressReason;

    fn from_str(text: &str) -> Result<Self, NoAddressReason> {
        address(text)
    }
}

/// Reads a field: the address alone where it holds one, else the text without what cannot be seen.
pub fn read(text: &str) -> Result<Address, NoAddress> {
    address(text).map_err(|reason| NoAddress {
        reason,
        text: name::clean(text),
    })
}

/// The text without what people and programs put around an address: `mailto:`, a display name, brackets, a full stop. In
/// whatever order, since each may be around the other.
fn bare(text: &str) -> &str {
    let mut bare = text;
    loop {
        let before = bare;
        bare = bare.trim_end_matches(TRAILING).trim();
        bare = without_scheme(bare);
        bare = between_brackets(bare);
        if bare == before {
            return bare;
        }
    }
}

fn without_scheme(text: &str) -> &str {
    match text.get(..SCHEME.len()) {
        Some(scheme) if scheme.eq_ignore_ascii_case(SCHEME) => &text[SCHEME.len()..],
        _ => text,
    }
}

/// `Ana <ana@x.example>` (RFC 5322, 3.4), with or without the name.
fn between_brackets(text: &str) -> &str {
    let bracketed = text.strip_suffix('>').and_then(|text| text.rsplit_once('<'));
    bracketed.map_or(text, |(_, address)| address)
}

fn names_another(text: &str, address: &Address) -> bool {
    let display_name = text.rsplit_once('<').map_or("", |(name, _)| name);
    addresses(display_name).any(|other| other != *address)
}

/// The parts of a text that are addresses.
fn addresses(text: &str) -> impl Iterator<Item = Address> {
    let parts = text.split(|c: char| SEPARATORS.contains(&c) || c.is_whitespace());
    parts.filter_map(|part| Address::of_clean(bare(part)).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn assert_same(text: &str) {
        if plain::is_plain(text) {
            let (quick, thorough) = (address(text).unwrap(), of_any_text(text).unwrap());
            assert_eq!(quick.original, thorough.original);
            assert_eq!(quick.key.as_str(), thorough.key.as_str());
            assert_eq!(quick.is_clean, thorough.is_clean);
        }
    }

    #[test]
    fn r61_a_plain_address_is_at_most_as_long_as_any_other() {
        let label = |length| "a".repeat(length);
        let texts = [
            (format!("{}@x.example", label(64)), true),
            (format!("{}@x.example", label(65)), false),
            ("An.n-a_b+c'd@sub.x-1.example".to_owned(), true),
            (format!("a@{}.example", label(63)), true),
            (format!("a@{}.example", label(64)), false),
            (format!("a@{0}.{0}.{0}.{1}.example", label(63), label(52)), true),
            (format!("a@{0}.{0}.{0}.{1}.example", label(63), label(53)), false),
        ];
        for (text, is_plain) in texts {
            assert_eq!(plain::is_plain(&text), is_plain, "{text}");
            assert_eq!(of_any_text(&text).is_ok(), is_plain, "{text}");
            assert_same(&text);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn r61_a_plain_address_is_read_as_any_other(
            local in "[a-cA-C0-1._+'-]{1,6}",
            domain in "[a-cA-CxXnN0-1.-]{1,9}",
            tld in prop_oneof![Just("example".to_owned()), "[a-bA-B0-1-]{0,3}"],
        ) {
            assert_same(&format!("{local}@{domain}.{tld}"));
        }
    }
}
