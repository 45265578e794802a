//! Texts that come from outside, and how long they may be.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Visitor;
use serde::{Deserialize, Serialize};

use crate::language::Language;

/// A text of `MIN` to `MAX` characters after trimming, none of them a control character: what is longer would not fit
/// into a key, and what cannot be seen cannot be told apart.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MIN: usize, const MAX: usize>(String);

/// What somebody looks for; empty finds everything.
pub type Term = Text<0, 200>;

/// The text is too short, too long, or has control characters. Does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidText {
    least: usize,
    most: usize,
}

impl std::error::Error for InvalidText {}

/// English, and Dutch in the alternate form (`{:#}`).
impl fmt::Display for InvalidText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Language::of_format(f).messages().invalid_text(self.least, self.most))
    }
}

/// Reads a text without keeping it.
pub(crate) struct ReadText<F>(pub F);

impl<T, F: FnOnce(&str) -> T> Visitor<'_> for ReadText<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok((self.0)(text))
    }
}

/// White space is none of these, be it a tab: names have it inside.
fn invisible(c: char) -> bool {
    c.is_control() && !c.is_whitespace()
}

/// Checks a text as it stands.
pub(crate) fn check(text: &str, least: usize, most: usize) -> Result<(), InvalidText> {
    if !(least..=most).contains(&text.chars().count()) || text.contains(invisible) {
        return Err(InvalidText { least, most });
    }
    Ok(())
}

impl<const MIN: usize, const MAX: usize> TryFrom<String> for Text<MIN, MAX> {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        let text = text.trim();
        check(text, MIN, MAX)?;
        Ok(Self(text.to_owned()))
    }
}

impl<const MIN: usize, const MAX: usize> From<Text<MIN, MAX>> for String {
    fn from(text: Text<MIN, MAX>) -> Self {
        text.0
    }
}

impl<const MIN: usize, const MAX: usize> Deref for Text<MIN, MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Shows its length alone: it may be somebody's address.
impl<const MIN: usize, const MAX: usize> fmt::Debug for Text<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

impl<const MIN: usize, const MAX: usize> JsonSchema for Text<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Text{MIN}To{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let invisible = r"\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f";
        let pattern = match MIN {
            0 => format!("^[^{invisible}]*$"),
            _ => format!(r"^[^{invisible}]*[^{invisible}\s][^{invisible}]*$"),
        };
        json_schema!({
            "type": "string",
            "minLength": MIN,
            "maxLength": MAX,
            "pattern": pattern,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Short = Text<1, 3>;

    #[test]
    fn texts_are_trimmed_and_counted_in_characters() {
        for (text, taken) in [(" ab\n", "ab"), ("äöü", "äöü"), ("a\tb", "a\tb")] {
            assert_eq!(&*Short::try_from(text.to_owned()).unwrap(), taken);
        }
        for text in ["", "  ", "abcd", "a\0b", "a\u{9f}b"] {
            assert!(Short::try_from(text.to_owned()).is_err(), "{text:?}");
        }
        assert_eq!(&*Term::try_from("  ".to_owned()).unwrap(), "");
    }
}
