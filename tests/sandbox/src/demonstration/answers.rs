//! What the API answers, as far as the demonstration looks at it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sandbox::Error;
use sandbox::api::Api;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A row of one of the two tabs.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CompanyRow {
    pub id: String,
    pub name: String,
    pub status: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub psa_status: String,
    pub own: bool,
    pub last_imported: Option<Timestamp>,
    pub reason: Option<String>,
    pub version: u64,
}

/// A user of a managed company.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct User {
    pub id: String,
    pub address: String,
}

/// One address of one contact.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct AddressRow {
    pub id: String,
    pub address: String,
    pub version: u64,
}

/// A company by the PSA's id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Company {
    pub id: String,
    #[serde(default)]
    pub name: String,
}

/// What a plan does to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Action {
    CreateCompany,
    LinkCompany,
    UpdateCompany,
    CreateUser,
    LinkUser,
    ChangeAddress,
    Unchanged,
    Skip,
    UnmapCompany,
}

/// One line of a plan.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Item {
    pub action: Action,
    pub company: Company,
    pub address: Option<PlannedAddress>,
    pub before: Option<Side>,
    pub after: Option<Side>,
    pub reason: String,
}

/// The address that a line is about; null if the contact has no valid one.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct PlannedAddress {
    pub id: String,
    pub address: Option<String>,
    pub contact: String,
}

/// How a row stands before or after.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Side {
    pub id: Option<String>,
    pub name: Option<String>,
    pub user: Option<String>,
    pub address: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Plan {
    pub hash: String,
    pub licences: LicenceNeed,
    pub items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
pub(super) struct LicenceNeed {
    pub mode: LicenceMode,
    pub needed: u64,
    pub available: u64,
}

/// How the directory charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum LicenceMode {
    /// From a number that was bought.
    Pool,
    /// By use.
    Consumption,
}

/// Rows by outcome.
pub(super) type Counts = BTreeMap<String, u64>;

#[derive(Debug, Deserialize)]
pub(super) struct Outcome {
    pub companies: Counts,
    pub users: Counts,
    pub errors: Vec<Passed>,
    pub skipped: Vec<Passed>,
}

/// A row that failed or was passed over.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Passed {
    pub code: String,
    pub company: Company,
    pub address: Option<PassedAddress>,
    pub detail: String,
    pub action: String,
}

/// The address that such a row is about; there is none if the contact has no valid one.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct PassedAddress {
    pub address: Option<String>,
}

impl Plan {
    /// Items that end in one outcome each. Dropping a mapping is part of what its company's other item does.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.action != Action::UnmapCompany)
    }

    /// How many companies it is about.
    pub(super) fn companies(&self) -> u64 {
        self.rows().map(|item| u64::from(item.address.is_none())).sum()
    }

    /// The item of a company itself.
    pub(super) fn company(&self, id: &str) -> Option<&Item> {
        self.rows().find(|item| item.company.id == id && item.address.is_none())
    }
}

/// Reads an answer.
pub(super) fn read<T: DeserializeOwned>(answer: Value) -> Result<T, Error> {
    serde_json::from_value(answer).map_err(|error| Error::Unexpected(format!("an answer of another shape: {error}")))
}

/// Reads all pages of a list.
pub(super) async fn list<T: DeserializeOwned>(api: &Api, path: &str) -> Result<Vec<T>, Error> {
    read(Value::Array(api.list(path).await?))
}
