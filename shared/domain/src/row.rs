//! The rows an administrator reviews, and the decisions made on them (R13–R33).

use std::collections::HashSet;
use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::status::{AddressStatus, ImportStatus};

use crate::address::{self, Address, AddressKey, NoAddress};
use crate::directory::ManagedCompany;
use crate::exclusion::Exclusion;
use crate::ids::{AddressId, AddressSlot, ManagedCompanyId, PsaCompanyId, UserId};
use crate::moment::Moment;
use crate::psa::PsaContact;
use crate::suggestion::Suggestion;

/// A tab of the review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tab {
    /// Companies that are in the snapshot.
    In,
    /// Mapped companies that are not in the snapshot.
    NotIn,
}

/// Why a mapped company is absent from the snapshot (R14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// The PSA has the company, but the filter leaves it out.
    FilteredOut,
    /// The PSA has the company, but it is inactive, and the filter leaves it out.
    Inactive,
    /// The PSA has deleted the company.
    DeletedInPsa,
    /// The PSA has merged the company into another one, to which its contacts moved.
    MergedInPsa,
    /// The PSA gave no usable answer about the company.
    Unreadable,
}

impl Absence {
    /// Whether it is proved that the PSA does not have the company any more, so that its managed company can be handed over (R58).
    pub const fn is_gone(self) -> bool {
        matches!(self, Self::DeletedInPsa | Self::MergedInPsa)
    }
}

/// What an administrator wants a selected row to become.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Target<Id> {
    /// What the status suggests.
    #[default]
    Automatic,
    /// A new one, even if one is mapped or has the same name.
    Create,
    /// This existing one.
    Existing(Id),
}

/// The decision on a company row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyDecision {
    /// Whether this import touches the company (R18).
    pub selected: bool,
    /// Whether active people not imported before are ticked, where nobody decided otherwise.
    pub ticks_new: bool,
    /// What it becomes.
    pub target: Target<ManagedCompanyId>,
    /// Grows with every change; a change must name the version it was made on (R27).
    pub version: u64,
    /// It is excluded for good, and so not selected, whatever was decided (R96).
    pub excluded: Option<Exclusion>,
}

impl CompanyDecision {
    /// Nobody has decided yet.
    pub const fn none() -> Self {
        Self {
            selected: false,
            ticks_new: false,
            target: Target::Automatic,
            version: 1,
            excluded: None,
        }
    }
}

/// A company row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyRow {
    /// The PSA's id.
    pub id: PsaCompanyId,
    /// The name in the PSA; for an absent company the one it was imported under.
    pub name: String,
    /// The short name in the PSA, if it keeps one.
    pub identifier: Option<String>,
    /// The tab it stands in.
    pub tab: Tab,
    /// What the import knows of it.
    pub status: ImportStatus,
    /// The PSA's types.
    pub types: Vec<String>,
    /// The PSA's status.
    pub psa_status: String,
    /// Whether the PSA counts it as active.
    pub active: bool,
    /// The MSP's own company (R12).
    pub own: bool,
    /// When it or one of its addresses was last imported (R17).
    pub last_imported: Option<Timestamp>,
    /// The managed company it is mapped to.
    pub mapped: Option<ManagedCompany>,
    /// Managed companies of the same name.
    pub candidates: Vec<ManagedCompany>,
    /// Managed companies of another name that could be meant (R23), as of when the snapshot was taken.
    pub suggestions: Vec<Suggestion>,
    /// Whether the snapshot holds another company of this name.
    pub namesake_in_psa: bool,
    /// Why it stands in *not in*.
    pub reason: Option<Absence>,
    /// How many rows its addresses make.
    pub addresses: AddressCounts,
    /// How many of its people who were imported before are not in (R55).
    pub people_not_in: u32,
    /// The decision.
    pub decision: CompanyDecision,
}

impl CompanyRow {
    /// Whether somebody has to choose what it becomes, and nobody has: until then an import skips it.
    pub fn is_undecided(&self) -> bool {
        let asks = matches!(self.status, ImportStatus::Ambiguous | ImportStatus::Dangling);
        asks && self.tab == Tab::In && self.decision.target == Target::Automatic && self.decision.excluded.is_none()
    }
}

/// How many address rows a company has (R32).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(default)]
pub struct AddressCounts {
    /// How many address rows the company has. Contacts with the same address share one row.
    pub addresses: u32,
    /// How many of these rows have no valid email address.
    pub no_address: u32,
}

impl AddressCounts {
    /// Counts the rows that these make.
    pub fn of(addresses: &[SnapshotAddress]) -> Self {
        let valid: HashSet<&AddressKey> = addresses.iter().filter_map(SnapshotAddress::key).collect();
        let no_address = addresses.iter().filter(|row| row.address.is_err()).count();
        let count = |rows| u32::try_from(rows).unwrap_or(u32::MAX);
        Self {
            addresses: count(valid.len() + no_address),
            no_address: count(no_address),
        }
    }
}

/// One address of a contact as the snapshot holds it. A contact without any is one row with an empty text (R32).
#[derive(Clone)]
pub struct SnapshotAddress {
    /// Contact and slot.
    pub id: AddressId,
    /// The contact's name.
    pub name: String,
    /// The address that stands in the PSA, else the text. It is read once, where it comes from the PSA or from the store.
    pub address: Result<Address, NoAddress>,
    /// Whether the PSA counts the contact as active.
    pub active: bool,
}

impl SnapshotAddress {
    /// The rows that one contact makes.
    pub fn of(contact: PsaContact) -> Vec<Self> {
        let PsaContact {
            id,
            name,
            active,
            addresses,
            ..
        } = contact;
        if addresses.is_empty() {
            return vec![Self {
                id: AddressId::of(&id, &AddressSlot::new("none")),
                name,
                address: address::read(""),
                active,
            }];
        }
        addresses
            .into_iter()
            .map(|address| Self {
                id: AddressId::of(&id, &address.slot),
                name: name.clone(),
                address: address::read(&address.text),
                active,
            })
            .collect()
    }

    /// What stands in the PSA, cleaned.
    pub fn text(&self) -> &str {
        match &self.address {
            Ok(address) => address.original(),
            Err(none) => &none.text,
        }
    }

    /// The comparable form, if it is an address.
    pub fn key(&self) -> Option<&AddressKey> {
        self.address.as_ref().ok().map(Address::key)
    }
}

impl fmt::Debug for SnapshotAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnapshotAddress")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The decision on an address row, where one was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressDecision {
    /// Whether the person gets access; without a decision: imported before.
    pub selected: Option<bool>,
    /// Which user the address becomes.
    pub target: Target<UserId>,
    /// Grows with every change.
    pub version: u64,
    /// When whether it is selected was decided, among the rules.
    pub at: Moment,
    /// The contact is excluded for good, and so not selected, whatever was decided (R96).
    pub excluded: Option<Exclusion>,
}

impl AddressDecision {
    /// What was decided on this row alone, and when.
    pub fn selection(&self) -> Option<(Moment, bool)> {
        self.selected.map(|selected| (self.at, selected))
    }
}
