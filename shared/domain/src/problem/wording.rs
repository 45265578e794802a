//! A sentence in every language that administrators read.

use std::borrow::Cow;
use std::fmt;

use crate::language::Language;

/// The same sentence in English and in Dutch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    english: Cow<'static, str>,
    dutch: Cow<'static, str>,
}

impl Wording {
    /// A sentence in both languages.
    pub fn new(english: impl Into<Cow<'static, str>>, dutch: impl Into<Cow<'static, str>>) -> Self {
        Self {
            english: english.into(),
            dutch: dutch.into(),
        }
    }

    /// The sentence in one of them.
    pub fn text(&self, language: Language) -> &str {
        language.pick(&self.english, &self.dutch)
    }
}

/// English, and Dutch in the alternate form (`{:#}`): so an error of a type that checks itself says both.
impl fmt::Display for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if f.alternate() { &self.dutch } else { &self.english })
    }
}
