//! How each planned row ended (R36, R40).

mod text;

use std::ops::AddAssign;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::AddressId;

/// How a row ended. Every planned row ends in exactly one of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Created.
    Created,
    /// Linked to an existing one.
    Linked,
    /// A managed company took over a new name.
    Updated,
    /// A user got a new address.
    ChangedAddress,
    /// Nothing differed.
    Unchanged,
    /// Passed over, for a reason an administrator can do something about.
    Skipped(RowCode),
    /// Tried and failed.
    Failed(RowCode),
}

/// Why a row was passed over or failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowCode {
    /// Its managed company no longer exists.
    Dangling,
    /// Several companies could be meant.
    Ambiguous,
    /// The managed company does not exist.
    ManagedCompanyNotFound,
    /// The managed company is mapped to another PSA company.
    AlreadyMapped,
    /// The user does not exist.
    UserNotFound,
    /// The user is mapped to another contact.
    UserAlreadyMapped,
    /// Imported before and unticked.
    Unticked,
    /// The contact has no valid address.
    NoAddress,
    /// A user of another managed company has the address.
    AddressConflict,
    /// The company itself was passed over or failed.
    CompanyNotImported,
    /// What the row rests on changed after the plan was agreed to.
    PlanChanged,
    /// The import was cancelled before it reached the row.
    Cancelled,
    /// The import was given up before it reached the row.
    GivenUp,
    /// The directory refused the row.
    DirectoryRefused,
    /// The directory did not answer, still after retries.
    DirectoryUnavailable,
}

impl RowCode {
    /// The stable code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dangling => "dangling",
            Self::Ambiguous => "ambiguous",
            Self::ManagedCompanyNotFound => "managed_company_not_found",
            Self::AlreadyMapped => "already_mapped",
            Self::UserNotFound => "user_not_found",
            Self::UserAlreadyMapped => "user_already_mapped",
            Self::Unticked => "unticked",
            Self::NoAddress => "no_address",
            Self::AddressConflict => "address_conflict",
            Self::CompanyNotImported => "company_not_imported",
            Self::PlanChanged => "plan_changed",
            Self::Cancelled => "cancelled",
            Self::GivenUp => "given_up",
            Self::DirectoryRefused => "directory_refused",
            Self::DirectoryUnavailable => "directory_unavailable",
        }
    }
}

/// The outcome of one row: of the company itself when there is no address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowOutcome {
    /// The address row.
    #[serde(rename = "i")]
    pub address: Option<AddressId>,
    /// How it ended.
    #[serde(rename = "o")]
    pub outcome: Outcome,
}

/// Outcomes of companies, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CompanyCounts {
    /// Created.
    pub created: u64,
    /// Linked to an existing managed company.
    pub linked: u64,
    /// Renamed.
    pub updated: u64,
    /// Nothing differed.
    pub unchanged: u64,
    /// Passed over.
    pub skipped: u64,
    /// Failed.
    pub failed: u64,
}

/// Outcomes of users, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserCounts {
    /// Created.
    pub created: u64,
    /// Linked to an existing user.
    pub linked: u64,
    /// Got a new address.
    pub changed_address: u64,
    /// Nothing differed.
    pub unchanged: u64,
    /// Passed over.
    pub skipped: u64,
    /// Failed.
    pub failed: u64,
}

/// All outcomes, counted; they add up to the number of planned rows (R40).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Of companies.
    pub companies: CompanyCounts,
    /// Of users.
    pub users: UserCounts,
}

impl Counts {
    /// Counts the outcome of one row.
    pub const fn add(&mut self, row: &RowOutcome) {
        let (companies, users) = (&mut self.companies, &mut self.users);
        let of_company = row.address.is_none();
        *match (&row.outcome, of_company) {
            (Outcome::Created, true) => &mut companies.created,
            (Outcome::Linked, true) => &mut companies.linked,
            (Outcome::Updated | Outcome::ChangedAddress, true) => &mut companies.updated,
            (Outcome::Unchanged, true) => &mut companies.unchanged,
            (Outcome::Skipped(_), true) => &mut companies.skipped,
            (Outcome::Failed(_), true) => &mut companies.failed,
            (Outcome::Created, false) => &mut users.created,
            (Outcome::Linked, false) => &mut users.linked,
            (Outcome::ChangedAddress | Outcome::Updated, false) => &mut users.changed_address,
            (Outcome::Unchanged, false) => &mut users.unchanged,
            (Outcome::Skipped(_), false) => &mut users.skipped,
            (Outcome::Failed(_), false) => &mut users.failed,
        } += 1;
    }

    /// All rows counted.
    pub const fn rows(&self) -> u64 {
        let (c, u) = (&self.companies, &self.users);
        c.created
            + c.linked
            + c.updated
            + c.unchanged
            + c.skipped
            + c.failed
            + u.created
            + u.linked
            + u.changed_address
            + u.unchanged
            + u.skipped
            + u.failed
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        let (c, o) = (&mut self.companies, other.companies);
        c.created += o.created;
        c.linked += o.linked;
        c.updated += o.updated;
        c.unchanged += o.unchanged;
        c.skipped += o.skipped;
        c.failed += o.failed;
        let (u, o) = (&mut self.users, other.users);
        u.created += o.created;
        u.linked += o.linked;
        u.changed_address += o.changed_address;
        u.unchanged += o.unchanged;
        u.skipped += o.skipped;
        u.failed += o.failed;
    }
}
