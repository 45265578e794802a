//! What another system said of a row, quoted to an administrator.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::name;

/// The most characters that are quoted.
const LONGEST: usize = 200;

/// Words of another system: short, and without invisible characters. They may name a person. So the service shows them to administrators
/// of the MSP, and never logs them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Quotation(String);

impl Quotation {
    /// What is left of a text; `None` if that is nothing.
    pub fn of(text: &str) -> Option<Self> {
        let clean = name::clean(text);
        let end = clean.char_indices().nth(LONGEST);
        let quoted = match end {
            Some((end, _)) => format!("{}…", clean.get(..end)?.trim_end()),
            None => clean,
        };
        (!quoted.is_empty()).then_some(Self(quoted))
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Without the words, which a log must not have.
impl fmt::Debug for Quotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Quotation(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r40_a_quotation_is_short_and_visible() {
        let table = [
            ("The email is not valid.", Some("The email is not valid.")),
            (" Too\u{0}\u{200b} many\r\n users\t", Some("Too many users")),
            ("\u{1b}\u{202e}\n", None),
        ];
        for (text, expected) in table {
            assert_eq!(
                Quotation::of(text).as_ref().map(Quotation::as_str),
                expected,
                "{text:?}"
            );
        }
        let long = Quotation::of(&"é".repeat(100_000)).unwrap();
        assert_eq!(long.as_str().chars().count(), LONGEST + 1);
    }

    #[test]
    fn r50_a_quotation_is_not_printed() {
        let said = Quotation::of("ana@x.example is not valid");
        assert!(!format!("{said:?}").contains("ana"));
    }
}
