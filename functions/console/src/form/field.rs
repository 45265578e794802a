//! A field of a form, described once: pages show it by this, and name it by this where the API says that it is wrong.

use crate::language::Pair;

/// How browsers help to fill in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    Text,
    Url,
    Number,
    /// A time of the day, such as `03:00`.
    Time,
    /// A text that browsers must not remember.
    Private,
    /// A secret: never sent back to the browser.
    Secret,
    /// One of a list. Its template has the list.
    Choice,
}

/// A field of a form.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its name and id on the page.
    pub name: &'static str,
    /// Where the body of the API's call has it.
    pub pointer: &'static str,
    pub label: Pair,
    pub hint: Option<Pair>,
    pub input: Input,
    pub required: bool,
    /// The most characters that it takes, if browsers are to know.
    pub most: Option<u16>,
}

impl Field {
    pub(crate) const fn new(name: &'static str, pointer: &'static str, label: Pair, input: Input) -> Self {
        Self {
            name,
            pointer,
            label,
            hint: None,
            input,
            required: false,
            most: None,
        }
    }

    #[must_use]
    pub(crate) const fn hint(self, english: &'static str, dutch: &'static str) -> Self {
        Self {
            hint: Some((english, dutch)),
            ..self
        }
    }

    #[must_use]
    pub(crate) const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    #[must_use]
    pub(crate) const fn at_most(self, characters: u16) -> Self {
        Self {
            most: Some(characters),
            ..self
        }
    }
}
