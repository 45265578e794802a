//! Searching in names.

use domain::name::Searched;
use domain::text::Term;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
pub struct Search {
    /// Only users whose name or address contains this text, in any case and with or without accents.
    search: Option<Term>,
}

impl Search {
    pub fn accepts(&self, text: &str) -> bool {
        self.search
            .as_ref()
            .is_none_or(|search| Searched::of(search).is_in(text))
    }
}
