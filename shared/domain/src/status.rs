//! What an import knows of a row.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an import knows of a PSA company (R15, R19–R22).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    /// Imported before.
    Mapped,
    /// Imported before, but its managed company no longer exists.
    Dangling,
    /// Selecting it creates a managed company.
    Unmapped,
    /// One managed company of the same name exists; selecting links to it.
    UnmappedPossibleDuplicate,
    /// Several could be meant; never linked by itself.
    Ambiguous,
}

impl ImportStatus {
    /// Whether there is no managed company that the row leads to by itself, so that suggestions help (R23).
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Unmapped | Self::Ambiguous | Self::Dangling)
    }
}

/// What an import knows of an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddressStatus {
    /// Imported before.
    Mapped,
    /// Ticking it creates a user.
    Unmapped,
    /// A user of this managed company has the address; ticking links to it.
    UnmappedPossibleDuplicate,
    /// Imported before, but name and address both changed: it may be another person (R57). Ticked one by one.
    PossibleSuccessor,
    /// A user of another managed company has the address (R32).
    AddressConflict,
    /// The contact has no valid address (R32).
    NoAddress,
    /// Imported before, but its user no longer exists (R85). Ticking it creates another one.
    Dangling,
}
