//! What an import would do (R26, R35). A plan is a value: computing it again from the same facts gives the same hash.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::address::{Address, AddressKey, NoAddress};
use crate::directory::ManagedCompany;
use crate::ids::{AddressId, ManagedCompanyId, PsaCompanyId, UserId};
use crate::name;

/// Everything an import would do to one selected company and its users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CompanyPlan {
    /// The PSA company.
    pub company: PsaCompanyId,
    /// Its name in the PSA.
    pub name: String,
    /// What happens to the company.
    pub step: CompanyStep,
    /// The managed company whose mapping is dropped; it stays, with its users (R25).
    pub unmap: Option<ManagedCompany>,
    /// Which token generation a creation uses.
    pub generation: u32,
    /// Whether the mapping is written anew although nothing happens: what it remembers of the PSA is out of date.
    #[serde(default)]
    pub refreshes: bool,
    /// What happens to its users, in the order of their ids.
    pub users: Vec<UserPlan>,
    /// Mappings of addresses that are gone, with the addresses of their contacts that are there and replace none of them.
    pub gone: Vec<(AddressId, Vec<AddressKey>)>,
}

/// What happens to a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CompanyStep {
    /// A managed company is created.
    Create,
    /// It is linked to an existing one.
    Link(ManagedCompany),
    /// It stays mapped and its managed company takes over the new name.
    Rename(ManagedCompany),
    /// It stays mapped and nothing differs.
    Unchanged(ManagedCompany),
    /// Nothing can be done before somebody decides.
    Skip(SkipReason),
}

/// What happens to one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserPlan {
    /// Contact and slot.
    pub id: AddressId,
    /// The contact's name.
    pub name: String,
    /// The address, if it is one.
    pub address: Option<Address>,
    /// The text in its place, if it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_address: Option<NoAddress>,
    /// What happens.
    pub step: UserStep,
    /// The mapping that the address has: its own, or that of one which it replaces (R30).
    #[serde(default)]
    pub mapped: Option<Mapped>,
    /// The contact's other addresses.
    #[serde(default)]
    pub beside: Vec<AddressKey>,
    /// Whether the mapping is written anew although nothing happens: what it remembers of the PSA is out of date.
    #[serde(default)]
    pub refreshes: bool,
}

/// A mapping as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapped {
    /// The row it was made for.
    #[serde(rename = "i")]
    pub id: AddressId,
    /// The user.
    #[serde(rename = "u")]
    pub user: UserId,
    /// The address as last imported.
    #[serde(rename = "a")]
    pub address: Address,
}

/// What happens to a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UserStep {
    /// A user is created; takes a licence.
    Create,
    /// The address is linked to the user that has it.
    Link(UserId),
    /// The mapped user gets the new address (R30).
    ChangeAddress {
        /// The mapped user.
        user: UserId,
        /// Its address so far.
        from: Address,
        /// Why.
        cause: AddressCause,
    },
    /// Nothing differs.
    Unchanged(UserId),
    /// Nothing is done.
    Skip(SkipReason),
}

impl UserPlan {
    /// The row whose mapping this one takes over.
    fn replaces(&self) -> Option<&AddressId> {
        let mapped = self.mapped.as_ref().map(|mapped| &mapped.id);
        mapped.filter(|id| **id != self.id)
    }

    /// The user that the address was mapped to and is to be no more; it stays (R29).
    pub fn leaves(&self) -> Option<&UserId> {
        let mapped = self.mapped.as_ref().map(|mapped| &mapped.user);
        mapped.filter(|user| self.step.leads_elsewhere_than(user))
    }
}

impl UserStep {
    /// Whether it leaves the address with another user than this one.
    fn leads_elsewhere_than(&self, user: &UserId) -> bool {
        match self {
            Self::Create => true,
            Self::Link(to) | Self::Unchanged(to) | Self::ChangeAddress { user: to, .. } => to != user,
            Self::Skip(_) => false,
        }
    }
}

/// Why a user gets another address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressCause {
    /// The PSA has another one for the contact, in the same place.
    ChangedInPsa,
    /// The PSA has another one in another place, and the one in the old place is gone.
    ReplacedInPsa,
    /// Somebody chose the user for this address (R29).
    Chosen,
    /// It is the same address, stored earlier with characters that nobody sees (R61).
    Corrected,
}

/// Why a row of the plan is passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The mapped managed company no longer exists (R15).
    Dangling,
    /// Several companies could be meant (R22).
    Ambiguous,
    /// The chosen managed company does not exist.
    ManagedCompanyNotFound,
    /// The managed company is mapped to another PSA company, or will be by this plan (R24).
    AlreadyMapped(PsaCompanyId),
    /// The chosen user does not exist in this managed company.
    UserNotFound,
    /// Imported before and unticked in this import (R31).
    Unticked,
    /// The contact has no valid address (R32).
    NoAddress,
    /// A user of this managed company has the address (R32).
    AddressConflict(ManagedCompanyId),
    /// Another company of this plan gets the address first (R32).
    GivesWay(PsaCompanyId),
    /// The user that has the address is mapped to another contact.
    UserAlreadyMapped(AddressId),
    /// The company itself was passed over or failed.
    CompanyNotImported,
}

impl CompanyPlan {
    /// Licences needed: users that will be created (R46).
    pub fn licences_needed(&self) -> u64 {
        self.users.iter().filter(|user| user.step == UserStep::Create).count() as u64
    }

    /// Companies and users that will be created or changed (R39); a corrected spelling is no change (R61).
    pub fn changes(&self) -> u64 {
        let company = match &self.step {
            CompanyStep::Create => true,
            CompanyStep::Rename(managed) => !self.corrects(managed),
            _ => false,
        };
        let users = self.users.iter().filter(|user| match &user.step {
            UserStep::Create => true,
            UserStep::ChangeAddress { cause, .. } => *cause != AddressCause::Corrected,
            _ => false,
        });
        u64::from(company) + users.count() as u64
    }

    /// Whether renaming a managed company to the company's name drops nothing but what cannot be seen (R60).
    pub fn corrects(&self, managed: &ManagedCompany) -> bool {
        is_misspelled(managed, &self.name)
    }

    /// Whether carrying it out would change nothing anywhere, so that nothing needs to be written for it either (R38). Its rows may
    /// be passed over.
    pub fn is_unchanged(&self) -> bool {
        matches!(self.step, CompanyStep::Unchanged(_))
            && !self.refreshes
            && self.gone.is_empty()
            && self.users.iter().all(|user| {
                let is_passive = matches!(user.step, UserStep::Unchanged(_) | UserStep::Skip(_));
                is_passive && user.replaces().is_none() && !user.refreshes
            })
    }

    /// Passes over the company; nothing is done for it or its users.
    pub fn pass_over(&mut self, reason: SkipReason) {
        self.step = CompanyStep::Skip(reason);
        self.unmap = None;
        for user in &mut self.users {
            user.step = UserStep::Skip(SkipReason::CompanyNotImported);
        }
    }

    /// Why the company is passed over, if it is.
    pub const fn passed_over(&self) -> Option<&SkipReason> {
        match &self.step {
            CompanyStep::Skip(reason) => Some(reason),
            _ => None,
        }
    }

    /// The rows that are passed over for somebody else's sake, with the reason.
    pub fn passed_for_others(&self) -> Vec<(AddressId, SkipReason)> {
        let rows = self.users.iter().filter_map(|user| match &user.step {
            UserStep::Skip(reason @ (SkipReason::AddressConflict(_) | SkipReason::GivesWay(_))) => {
                Some((user.id.clone(), reason.clone()))
            }
            _ => None,
        });
        rows.collect()
    }

    /// Passes over these rows for these reasons, as was agreed: by now another company of the plan may have set their addresses
    /// free, or have got them.
    pub fn pass_for_others(&mut self, rows: &[(AddressId, SkipReason)]) {
        for (row, reason) in rows {
            for user in self.users.iter_mut().filter(|user| user.id == *row) {
                user.step = UserStep::Skip(reason.clone());
            }
        }
    }

    /// The same plan for some of its users.
    #[must_use]
    pub fn with_users(&self, users: &[UserPlan]) -> Self {
        Self {
            company: self.company.clone(),
            name: self.name.clone(),
            step: self.step.clone(),
            unmap: self.unmap.clone(),
            generation: self.generation,
            refreshes: self.refreshes,
            users: users.to_vec(),
            gone: self.gone.clone(),
        }
    }

    /// The fingerprint of this company's part of the plan.
    pub fn digest(&self) -> PlanDigest {
        PlanDigest::of(self)
    }
}

/// Whether a managed company has this cleaned name, stored earlier with characters that nobody sees.
pub(crate) fn is_misspelled(managed: &ManagedCompany, name: &str) -> bool {
    managed.name != name && name::clean(&managed.name) == name
}

/// The number of the form of plans. Digests are made of the form, so a change of what is serialised of a [`CompanyPlan`] gets the next
/// number: then an import that was confirmed by another version, and is executing during a deployment, is told apart from one
/// whose facts have changed. Its companies that are not begun end as `plan_changed` all the same, since nobody can tell whether
/// they are planned as they were; the log says why.
pub const PLAN_SCHEMA: u32 = 1;

/// The fingerprint of one company's part of a plan. 8 bytes suffice: it guards against change, not against an adversary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanDigest(u64);

impl PlanDigest {
    fn of(plan: &CompanyPlan) -> Self {
        // Serialising a plan cannot fail: it has no maps with odd keys and no floats.
        let hash = Sha256::digest(serde_json::to_vec(&(PLAN_SCHEMA, plan)).unwrap_or_default());
        let mut digest = [0; size_of::<u64>()];
        digest.copy_from_slice(&hash[..size_of::<u64>()]);
        Self(u64::from_be_bytes(digest))
    }
}

/// What companies of a plan will get, so that a later one gives way instead of failing half-way (R24, R32).
#[derive(Default)]
pub struct ClaimedInPlan {
    managed: HashMap<ManagedCompanyId, PsaCompanyId>,
    addresses: HashMap<AddressKey, PsaCompanyId>,
}

impl ClaimedInPlan {
    /// Lets a company give way whose managed company an earlier one gets, and rows whose address an earlier one gets.
    /// Plans come in the order of their rows.
    pub fn skip_conflicts(&mut self, plan: &mut CompanyPlan) {
        if let CompanyStep::Link(managed) = &plan.step {
            match self.managed.get(&managed.id) {
                // One company gets it (R24).
                Some(company) => return plan.pass_over(SkipReason::AlreadyMapped(company.clone())),
                None => drop(self.managed.insert(managed.id.clone(), plan.company.clone())),
            }
        }
        for user in &mut plan.users {
            let (UserStep::Create | UserStep::ChangeAddress { .. }, Some(address)) = (&user.step, &user.address) else {
                continue;
            };
            match self.addresses.get(address.key()) {
                Some(company) => user.step = UserStep::Skip(SkipReason::GivesWay(company.clone())),
                None => drop(self.addresses.insert(address.key().clone(), plan.company.clone())),
            }
        }
    }
}

/// The hash of a whole plan, fed with its companies in the order of their rows.
#[derive(Default)]
pub struct PlanHasher(Sha256);

impl PlanHasher {
    /// Adds the next company.
    pub fn add(&mut self, company: &PsaCompanyId, digest: PlanDigest) {
        self.0.update(company.as_str().len().to_be_bytes());
        self.0.update(company.as_str());
        self.0.update(digest.0.to_be_bytes());
    }

    /// The hash, 64 hexadecimal digits.
    pub fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }
}

impl From<&SkipReason> for crate::outcome::RowCode {
    fn from(reason: &SkipReason) -> Self {
        match reason {
            SkipReason::Dangling => Self::Dangling,
            SkipReason::Ambiguous => Self::Ambiguous,
            SkipReason::ManagedCompanyNotFound => Self::ManagedCompanyNotFound,
            SkipReason::AlreadyMapped(_) => Self::AlreadyMapped,
            SkipReason::UserNotFound => Self::UserNotFound,
            SkipReason::Unticked => Self::Unticked,
            SkipReason::NoAddress => Self::NoAddress,
            SkipReason::AddressConflict(_) | SkipReason::GivesWay(_) => Self::AddressConflict,
            SkipReason::UserAlreadyMapped(_) => Self::UserAlreadyMapped,
            SkipReason::CompanyNotImported => Self::CompanyNotImported,
        }
    }
}
