//! Searching in names.

use domain::name::NameKey;
use domain::text::Term;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
pub struct Search {
    /// Only what holds this, however either is spelled.
    search: Option<Term>,
}

impl Search {
    pub fn accepts(&self, text: &str) -> bool {
        self.search.as_ref().is_none_or(|search| contains(text, search))
    }
}

/// Whether a name holds what is searched for, however either is spelled.
pub fn contains(name: &str, search: &str) -> bool {
    NameKey::of(name).as_str().contains(NameKey::of(search).as_str())
}
