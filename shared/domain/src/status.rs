//! What an import knows of a row.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an import knows of a PSA company (R15, R19–R22).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    /// The company was imported before.
    Mapped,
    /// The company was imported before, but its managed company no longer exists.
    Dangling,
    /// The company was not imported before. If it is selected, the import creates a managed company.
    Unmapped,
    /// One managed company of the same name exists. If the company is selected, the import links it to that one.
    UnmappedPossibleDuplicate,
    /// Several managed companies may be the same company. An administrator has to choose.
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
    /// The address was imported before.
    Mapped,
    /// The address was not imported before. If it is ticked, the import creates a user.
    Unmapped,
    /// A user of this managed company has the address. If it is ticked, the import links it to that user.
    UnmappedPossibleDuplicate,
    /// The row was imported before, but both name and address have changed: it may be another person (R57). Only a single decision ticks it.
    PossibleSuccessor,
    /// A user of another managed company has the address (R32).
    AddressConflict,
    /// The contact has no valid address (R32).
    NoAddress,
    /// The address was imported before, but its user no longer exists (R85). If it is ticked, the import creates another one.
    Dangling,
}
