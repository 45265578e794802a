//! A field with what was typed into it.

use super::field::{Field, Input};
use crate::api::Problem;
use crate::fields::Fields;

/// A field as a page shows it.
pub(crate) struct Filled<'a> {
    pub field: &'static Field,
    pub value: &'a str,
    /// What is wrong with it, if it was refused.
    pub wrong: Option<&'a str>,
}

impl<'a> Filled<'a> {
    pub(crate) fn new(field: &'static Field, entered: &'a Fields, problem: Option<&'a Problem>) -> Self {
        Self {
            field,
            value: if field.input == Input::Secret {
                ""
            } else {
                entered.text(field.name)
            },
            wrong: problem.and_then(|problem| problem.wrong(field)),
        }
    }

    /// The ids of the texts that describe it: its hint, and what is wrong with it. Blank if it has neither.
    pub(crate) fn described_by(&self) -> String {
        let hint = self.field.hint.map(|_| format!("h-{}", self.field.name));
        let wrong = self.wrong.map(|_| format!("e-{}", self.field.name));
        hint.into_iter().chain(wrong).collect::<Vec<_>>().join(" ")
    }
}
