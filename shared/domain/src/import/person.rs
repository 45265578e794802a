//! Who starts imports and holds integrations.

use jiff::Timestamp;

use crate::ids::{ImportId, IntegrationId};

/// Who acts: an administrator, or the integration's own principal for schedules and events (R48).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The identity provider's subject.
    pub subject: String,
    /// What other administrators know the person by.
    pub name: String,
}

/// What the subject of a principal begins with.
const PRINCIPAL: &str = "integration:";

impl Person {
    /// The integration's own principal.
    pub fn principal(integration: &IntegrationId, name: &str) -> Self {
        Self {
            subject: format!("{PRINCIPAL}{integration}"),
            name: name.to_owned(),
        }
    }

    /// Whether this is an integration's own principal, and nobody who could be asked.
    pub fn is_principal(&self) -> bool {
        self.subject.starts_with(PRINCIPAL)
    }
}

/// Who holds an integration, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The administrator.
    pub person: Person,
    /// The import the lock was taken for.
    pub import: ImportId,
    /// Since when.
    pub since: Timestamp,
    /// Until when, unless renewed by use.
    pub until: Timestamp,
}
