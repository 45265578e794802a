//! What screens read of the directory: its companies, users and licences.

use domain::directory::{DirectoryKind, LicenceMode, UserState};
use serde::Deserialize;

/// Where managed companies and users are kept.
#[derive(Debug, Deserialize)]
pub(crate) struct Directory {
    kind: DirectoryKind,
}

impl Directory {
    /// Whether an import decides if people get a mail, and nothing is changed by hand here.
    pub(crate) const fn is_lastpass(&self) -> bool {
        matches!(self.kind, DirectoryKind::LastPass)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ManagedCompany {
    pub id: String,
    pub name: String,
    pub licence_limit: Option<u64>,
    pub mapped_to: Option<MappedTo>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct MappedTo {
    pub name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct User {
    pub id: String,
    pub name: String,
    pub address: String,
    pub state: UserState,
}

impl User {
    /// What a person knows the user by: not everybody has a name.
    pub(crate) fn shown(&self) -> &str {
        if self.name.is_empty() {
            &self.address
        } else {
            &self.name
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Licences {
    pub mode: LicenceMode,
    pub total: u64,
    pub used: u64,
    pub reserved: u64,
    pub available: u64,
}

impl Licences {
    /// Whether none are bought beforehand: then none can be free or missing.
    pub(crate) const fn is_billed_by_use(&self) -> bool {
        matches!(self.mode, LicenceMode::Consumption)
    }
}
