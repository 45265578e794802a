//! People of all companies of an import.

use serde::Deserialize;

use super::{MaybeNamed, Named};

/// A person imported before who is not in the snapshot.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonNotIn {
    pub address: String,
    pub contact: String,
    pub detail: String,
    pub action: String,
    /// The company of the import. The list of one company does not repeat it.
    pub imported_for: Option<Named>,
    /// The company of the PSA that the contact belongs to now, if it is another one.
    pub company: Option<MaybeNamed>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundAddress {
    pub address: String,
    pub contact: String,
    pub active: bool,
    pub company: Named,
}

impl FoundAddress {
    /// What finds the row again among those of its company.
    pub(crate) fn search(&self) -> &str {
        if self.address.is_empty() {
            &self.contact
        } else {
            &self.address
        }
    }
}
