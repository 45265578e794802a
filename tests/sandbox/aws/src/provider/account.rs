//! The accounts of the provider.

use crate::Person;

/// Somebody whom the page offers.
#[derive(Debug, Clone)]
pub struct Account {
    /// What the button says.
    pub label: String,
    /// Who it is.
    pub person: Person,
}
