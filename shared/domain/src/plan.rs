//! What an import would do (R26, R35). A plan is a value: computing it again from the same facts gives the same plan.

mod absent;
mod addresses;
mod breakdown;
mod change;
mod claims;
mod directory_limits;
pub mod hand_over;
mod links;
pub mod mass_change;
mod outcome;
pub mod planner;
mod price;
mod reason;
pub mod related;
mod rewrites;
mod side;
mod snapshot;
mod step;
mod successor;
mod users;
mod waiting;

use std::collections::HashMap;

use crate::address::{Address, AddressKey, NoAddress};
use crate::directory::ManagedCompany;
use crate::ids::{AddressId, PsaCompanyId, UserId};
use crate::remembered::Remembered;
use crate::status::{AddressStatus, ImportStatus};

pub use absent::{absent, may_be_absent};
pub use breakdown::PlanBreakdown;
pub use change::{PlanAddress, PlanChange, PlanCompany, changes, steps, unmapped};
pub use claims::ClaimedInPlan;
pub use outcome::{CompanyCounts, Counts, Effect, Outcome, RowOutcome, UserCounts};
pub use reason::{Reason, RowCode, Skip};
pub use side::PlanSide;
pub use step::{CompanyStep, PlanSummary, Step, UserStep};

/// Everything an import would do to one selected company and its users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyPlan {
    /// The PSA company.
    pub company: PsaCompanyId,
    /// Its name in the PSA.
    pub name: String,
    /// Its short name in the PSA, if that keeps one.
    pub identifier: Option<String>,
    /// What happens to the company.
    pub step: CompanyStep,
    /// The managed company whose mapping is dropped; it stays, with its users (R25).
    pub unmap: Option<ManagedCompany>,
    /// The generation in the idempotency key of a creation.
    pub generation: u32,
    /// Rewrite the mapping although nothing else changes: its copy of the PSA's data is stale.
    pub rewrite_mapping: bool,
    /// What happens to its users, in the order of their ids.
    pub users: Vec<UserPlan>,
    /// Mapped addresses that left the PSA, each with its contact's remaining addresses (none of which replaces it).
    pub orphaned: Vec<(AddressId, Vec<AddressKey>)>,
    /// Address mappings that are dropped together with the company's, or that do not follow it. They are shown; applying needs nothing
    /// of them, and neither the journal nor the digest has them.
    pub dropped: Vec<DroppedMapping>,
    /// What the review shows of its row. Only sums need it; neither the journal nor the digest has it.
    pub status: Option<ImportStatus>,
}

/// An address mapping that a plan drops. Its user stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedMapping {
    /// The mapping.
    pub mapped: Mapped,
    /// The contact's name, if the snapshot has the contact.
    pub contact: String,
    /// Why.
    pub reason: Reason,
}

/// What happens to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPlan {
    /// Contact and slot.
    pub id: AddressId,
    /// The contact's name.
    pub name: String,
    /// The address, if it is one.
    pub address: Option<Address>,
    /// The text in its place, if it is none.
    pub no_address: Option<NoAddress>,
    /// What happens.
    pub step: UserStep,
    /// The mapping that the address has: its own, or that of one which it replaces (R30).
    pub mapped: Option<Mapped>,
    /// The other addresses of the contact and of those who share this one.
    pub other_addresses: Vec<AddressKey>,
    /// The user whose mapping was made for this row and leads elsewhere by now, or nowhere.
    pub displaces: Option<UserId>,
    /// What the mapping will remember if the step succeeds.
    pub remembered: Remembered,
    /// Rewrite the mapping although nothing else changes: its copy of the PSA's data is stale.
    pub rewrite_mapping: bool,
    /// What the review shows of the row. Only sums need it; neither the journal nor the digest has it.
    pub status: Option<AddressStatus>,
}

/// A mapping as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// The row it was made for.
    pub id: AddressId,
    /// The user.
    pub user: UserId,
    /// The address as last imported.
    pub address: Address,
    /// What it remembers, brought up to date as far as that does not depend on the step.
    pub remembered: Remembered,
}

impl UserPlan {
    /// The row whose mapping this one takes over.
    fn replaces(&self) -> Option<&AddressId> {
        let mapped = self.mapped.as_ref().map(|mapped| &mapped.id);
        mapped.filter(|id| **id != self.id)
    }

    /// Whether the user and its mapping are as they should be, so that nothing is to be done and nothing to be written.
    pub fn is_unchanged(&self) -> bool {
        let is_kept = self.replaces().is_none() && self.displaces.is_none() && !self.rewrite_mapping;
        is_kept && matches!(self.step, UserStep::Unchanged(_))
    }

    /// The user that the address was mapped to and is to be no more; it stays (R29).
    pub fn leaves(&self) -> Option<&UserId> {
        let mapped = self.mapped.as_ref().map(|mapped| &mapped.user);
        mapped.filter(|user| self.step.leads_elsewhere_than(user))
    }
}

impl CompanyPlan {
    /// Lets the mappings of rows remember that their users were asked for the new address (R84).
    pub fn remember_asked(&mut self, is_asked: impl Fn(usize) -> bool) {
        let rows = self.users.iter_mut().enumerate().filter(|(place, _)| is_asked(*place));
        for (_, row) in rows {
            if let Some(mapped) = &mut row.mapped {
                mapped.remembered.asked_for.clone_from(&row.address);
            }
        }
    }

    /// What is done to the company itself, and why.
    pub fn kind(&self) -> (Step, Reason) {
        self.step.kind(&self.name)
    }

    /// How the row of the company itself ends if its step succeeds.
    pub fn outcome(&self) -> Outcome {
        let (step, reason) = self.kind();
        step.outcome(reason)
    }

    /// Licences needed: users that will be created (R46).
    pub fn licences_needed(&self) -> u64 {
        self.users.iter().filter(|user| user.step == UserStep::Create).count() as u64
    }

    /// Whether applying it would change nothing anywhere, so that nothing needs to be written for it either (R38). Its rows may
    /// be skipped.
    pub fn is_unchanged(&self) -> bool {
        self.step.is_passive()
            && !self.rewrite_mapping
            && self.orphaned.is_empty()
            && self.users.iter().all(|user| {
                let is_passive = matches!(user.step, UserStep::Unchanged(_) | UserStep::Skip(_));
                is_passive && user.replaces().is_none() && !user.rewrite_mapping
            })
    }

    /// Skips the company: nothing is done for it or its users.
    pub fn skip(&mut self, skip: Skip) {
        self.step = CompanyStep::Skip(skip);
        self.unmap = None;
        self.dropped = Vec::new();
        for user in &mut self.users {
            user.step = UserStep::Skip(Reason::CompanyNotImported.into());
        }
    }

    /// Why the company is skipped, if it is.
    pub const fn skipped(&self) -> Option<&Skip> {
        match &self.step {
            CompanyStep::Skip(skip) => Some(skip),
            _ => None,
        }
    }

    /// The rows that are skipped since somebody else has the address, or gets it first.
    pub fn skipped_conflicting(&self) -> Vec<(AddressId, Skip)> {
        let rows = self.users.iter().filter_map(|user| match &user.step {
            UserStep::Skip(skip) if skip.reason.is_conflict() => Some((user.id.clone(), skip.clone())),
            _ => None,
        });
        rows.collect()
    }

    /// Whether rows are skipped since somebody else has the address, or gets it first.
    pub fn has_conflicts(&self) -> bool {
        let is_conflict = |user: &UserPlan| matches!(&user.step, UserStep::Skip(skip) if skip.reason.is_conflict());
        self.users.iter().any(is_conflict)
    }

    /// Skips these rows for these reasons, as was confirmed: by now another company of the plan may have freed their addresses, or
    /// got them.
    pub fn skip_conflicting(&mut self, rows: &[(AddressId, Skip)]) {
        let rows: HashMap<&AddressId, &Skip> = rows.iter().map(|(row, skip)| (row, skip)).collect();
        for user in &mut self.users {
            if let Some(skip) = rows.get(&user.id) {
                user.step = UserStep::Skip((*skip).clone());
            }
        }
    }

    /// The same plan for some of its users.
    #[must_use]
    pub fn with_users(&self, users: &[UserPlan]) -> Self {
        Self {
            company: self.company.clone(),
            name: self.name.clone(),
            identifier: self.identifier.clone(),
            step: self.step.clone(),
            unmap: self.unmap.clone(),
            generation: self.generation,
            rewrite_mapping: self.rewrite_mapping,
            users: users.to_vec(),
            orphaned: self.orphaned.clone(),
            dropped: Vec::new(),
            status: self.status,
        }
    }
}
