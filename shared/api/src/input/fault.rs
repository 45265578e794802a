//! What can be wrong with a body or a parameter, in words of our own: what parsers say tells of positions and of types of this
//! program, and repeats values that may be secrets.

use std::borrow::Cow;
use std::fmt;

use domain::problem::{Mistake, ValueKind, Wording};
use serde::de;

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// A value of this kind is expected.
    Not(ValueKind),
    /// One of these is expected, by itself or as the only field of an object.
    NotOneOf(&'static [&'static str]),
    /// One of these is expected as the only field of an object.
    NotAnObjectOf(&'static [&'static str]),
    /// No field has this name.
    Unknown,
    /// This field is missing.
    Missing(&'static str),
    /// This field is there twice.
    Twice(&'static str),
    /// What the type itself says, in both languages.
    Said(String, String),
    /// It cannot be, and nothing more is known.
    Impossible,
}

impl Fault {
    /// The field that the fault is about, where the path ends above it.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Missing(field) | Self::Twice(field) => Some(field),
            _ => None,
        }
    }

    /// The sentence for the caller.
    pub fn wording(self) -> Wording {
        match self {
            Self::Not(kind) => Mistake::Not(kind),
            Self::NotOneOf(known) => Mistake::NotOneOf(known),
            Self::NotAnObjectOf(known) => Mistake::NotAnObjectOf(known),
            Self::Unknown => Mistake::UnknownField,
            Self::Missing(_) => Mistake::Missing,
            Self::Twice(_) => Mistake::Twice,
            Self::Said(english, dutch) => return Wording::new(english, dutch),
            Self::Impossible => Mistake::Impossible,
        }
        .into()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.clone().wording().text(domain::language::Language::English))
    }
}

impl std::error::Error for Fault {}

/// What serde and its derived code report. Kinds of values are checked before they are visited, so that those errors are left
/// for what no kind excludes.
impl de::Error for Fault {
    /// Types that check themselves say it in English, and in Dutch in the alternate form (`{:#}`).
    fn custom<T: fmt::Display>(said: T) -> Self {
        Self::Said(format!("{said}"), format!("{said:#}"))
    }

    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self::Impossible
    }

    fn invalid_value(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self::Impossible
    }

    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self {
        Self::Impossible
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::NotOneOf(known)
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self::Unknown
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::Twice(field)
    }
}

/// Longer names are cut.
const LONGEST_NAME: usize = 60;

/// From so many characters on, letters mixed with digits look like a key.
const SHORTEST_KEY: usize = 16;

/// A name that a caller made up, as it may be repeated: cut, and not at all if it could be a secret or somebody's address that
/// got into the wrong place.
pub(super) fn shown(name: &str) -> Option<Cow<'_, str>> {
    let has = |of: fn(&char) -> bool| name.chars().any(|c| of(&c));
    let is_plain = name
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '[' | ']' | '$' | '/' | '~'));
    let count = name.chars().count();
    let looks_like_a_key = count >= SHORTEST_KEY && has(char::is_ascii_digit) && has(|c| c.is_alphabetic());
    if name.is_empty() || !is_plain || looks_like_a_key {
        return None;
    }
    if count <= LONGEST_NAME {
        return Some(name.into());
    }
    let cut: String = name.chars().take(LONGEST_NAME).collect();
    Some(format!("{cut}…").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_repeated_cut_and_never_if_they_could_be_secret() {
        for name in [
            "unheardOf",
            "a",
            "nonsense",
            "user[name]",
            "utm_source",
            "company-type",
            "é",
            "v2",
        ] {
            assert_eq!(shown(name).unwrap(), name);
        }
        let cut = shown(&"x".repeat(10_000)).unwrap().into_owned();
        assert_eq!(cut.chars().count(), LONGEST_NAME + 1);
        for name in [
            "",
            "ana@noordzee.example",
            "aBcD1234eFgH5678",
            "3b8f3c52-0000-4000-8000-d8f1a2b3c4d5",
            "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbmEifQ",
            "Bearer abc",
            "a\u{1b}[31mb",
            "a\0b",
            "pass=word",
            "<script>",
        ] {
            assert_eq!(shown(name), None, "{name:?}");
        }
    }
}
