//! Searching in names.

use domain::name::Searched;
use domain::text::Term;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
pub struct Search {
    /// Only what holds this, whatever the case and the accents of either.
    search: Option<Term>,
}

impl Search {
    pub fn accepts(&self, text: &str) -> bool {
        self.search
            .as_ref()
            .is_none_or(|search| Searched::of(search).is_in(text))
    }
}
