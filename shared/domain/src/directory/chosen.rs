//! Which directory an MSP has chosen (R81).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ManagedCompanyId, SecretId};

/// A kind of directory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DirectoryKind {
    /// The directory built into this service.
    #[default]
    BuiltIn,
    /// The directory of a `LastPass` account.
    #[serde(rename = "lastpass")]
    LastPass,
}

/// What the ids of companies in `LastPass` begin with: so a mapping says which directory it leads to.
pub const LASTPASS_COMPANY: &str = "lastpass-";

impl DirectoryKind {
    /// The directory that a managed company is in.
    pub fn of(company: &ManagedCompanyId) -> Self {
        if company.as_str().starts_with(LASTPASS_COMPANY) {
            Self::LastPass
        } else {
            Self::BuiltIn
        }
    }
}

/// The directory that an MSP has chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChosenDirectory {
    /// Of which kind it is.
    pub kind: DirectoryKind,
    /// The secret with its key, if it needs one.
    pub secret: Option<SecretId>,
    /// Grows with every choice; 0 before the first.
    pub version: u64,
}
