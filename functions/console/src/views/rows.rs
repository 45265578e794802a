//! Companies and people of an import.

use std::collections::BTreeMap;

use domain::directory::UserState;
use domain::row::{Absence, AddressStatus, ImportStatus};
use jiff::Timestamp;
use serde::Deserialize;

use super::Named;

#[derive(Debug, Deserialize)]
pub(crate) struct Companies {
    pub items: Vec<Company>,
    pub next: Option<String>,
    pub counts: Option<CompanyRowCounts>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompanyRowCounts {
    pub selected: u64,
    /// Those that need a decision and have none.
    pub undecided_by_status: BTreeMap<ImportStatus, u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Company {
    pub id: String,
    pub name: String,
    pub status: ImportStatus,
    #[serde(rename = "type")]
    pub kind: String,
    pub psa_status: String,
    pub active: bool,
    pub own: bool,
    pub selected: bool,
    pub version: u64,
    pub target: Target,
    pub mapped: Option<Named>,
    pub candidates: Vec<Named>,
    pub suggestions: Vec<Suggestion>,
    pub addresses: u64,
    /// Contacts without a usable address.
    pub no_address: u64,
    pub people_not_in: u64,
    pub last_imported: Option<Timestamp>,
    pub reason: Option<Absence>,
    pub detail: Option<String>,
    pub excluded: Option<Excluded>,
    pub people: Option<Ticked>,
}

impl Company {
    /// Whether it needed a decision and has one.
    pub fn is_decided(&self) -> bool {
        self.needs_decision() && self.target != Target::Automatic {}
    }

    /// Whether an administrator has to decide on it before anything happens.
    pub fn needs_decision(&self) -> bool {
        matches!(self.status, ImportStatus::Ambiguous | ImportStatus::Dangling)
    }

    /// Whether a decision on many rows selects it (R69).
    pub fn is_selectable_by_rule(&self) -> bool {
        self.active && !self.own && self.excluded.is_none() && !self.needs_decision()
    }

    /// The managed company that was chosen, by its id.
    pub fn chosen(&self) -> Option<&str> {
        match &self.target {
            Target::Existing(id) => Some(id),
            Target::Automatic {} | Target::Create {} => None,
        }
    }

    /// The name of a managed company, if the row has it.
    pub fn name_of(&self, managed_company: &str) -> Option<&str> {
        let suggested = self.suggestions.iter().map(|one| &one.managed_company);
        let mut all = self.mapped.iter().chain(&self.candidates).chain(suggested);
        let found = all.find(|one| one.id == managed_company);
        found.map(|one| one.name.as_str())
    }

    /// Whether a managed company can be chosen without a search.
    pub fn offers(&self, managed_company: &str) -> bool {
        let suggested = self.suggestions.iter().map(|one| &one.managed_company);
        let mut all = self.candidates.iter().chain(suggested);
        all.any(|one| one.id == managed_company)
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Ticked {
    pub ticked: u64,
    pub conflicts: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Excluded {
    pub at: Timestamp,
    pub by: String,
    pub why: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Suggestion {
    pub managed_company: Named,
    pub score: u64,
    pub reasons: Vec<Text>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Text {
    pub text: String,
}

/// What a row becomes by decision.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Target {
    Automatic {},
    Create {},
    Existing(String),
}

#[derive(Debug, Deserialize)]
pub(crate) struct Addresses {
    pub items: Vec<AddressRow>,
    pub next: Option<String>,
    pub counts: Option<AddressCounts>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddressCounts {
    pub total: u64,
    pub selected: u64,
    pub excluded: u64,
    by_status: BTreeMap<AddressStatus, u64>,
}

impl AddressCounts {
    fn of(&self, status: &AddressStatus) -> u64 {
        self.by_status.get(status).copied().unwrap_or_default()
    }

    /// Rows whose address belongs to another company.
    pub fn conflicts(&self) -> u64 {
        self.of(&AddressStatus::AddressConflict)
    }

    pub fn no_address(&self) -> u64 {
        self.of(&AddressStatus::NoAddress)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddressRow {
    pub id: String,
    pub address: String,
    pub contact: String,
    pub active: bool,
    pub status: AddressStatus,
    pub selected: bool,
    pub version: u64,
    pub target: Target,
    pub before: Option<Before>,
    pub conflict: Option<Conflict>,
    pub no_address: Option<NoAddress>,
    pub excluded: Option<Excluded>,
    /// The user that the row is mapped to.
    user: Option<RowUser>,
}

/// The user of a row.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RowUser {
    pub state: UserState,
    /// The address that the user was asked to agree to.
    pub asked_for: Option<String>,
}

impl AddressRow {
    /// The user, if there is something to say: another address is waited for, or the directory's own word for how far the user is.
    pub fn user_to_know(&self) -> Option<&RowUser> {
        let is_usual = |user: &RowUser| user.asked_for.is_none() && user.state == UserState::Enrolled;
        self.user.as_ref().filter(|user| !is_usual(user))
    }

    /// Whether there is a user who stays, though nobody is ticked.
    pub fn keeps_access(&self) -> bool {
        self.status == AddressStatus::Mapped && !self.selected
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Before {
    pub address: String,
    pub contact: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Conflict {
    pub managed_company: String,
    pub name: Option<String>,
    pub former: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct NoAddress {
    pub reason: String,
    pub text: String,
}
