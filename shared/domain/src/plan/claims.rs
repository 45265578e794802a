//! Who gets what within one plan (R24, R32).

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{CompanyPlan, CompanyStep, Reason, Skip, UserStep};
use crate::address::AddressKey;
use crate::ids::{ManagedCompanyId, PsaCompanyId};

/// Managed companies and addresses that earlier companies of this plan already claim; later duplicates are skipped up front.
#[derive(Default)]
pub struct ClaimedInPlan {
    managed: HashMap<ManagedCompanyId, PsaCompanyId>,
    addresses: HashMap<AddressKey, PsaCompanyId>,
}

impl ClaimedInPlan {
    /// Skips the company if an earlier one gets its managed company, and its rows whose address an earlier one gets. Plans come in
    /// the order of their rows.
    pub fn skip_conflicts(&mut self, plan: &mut CompanyPlan) {
        if let CompanyStep::Link(managed) | CompanyStep::HandOver { managed, .. } = &plan.step {
            match self.managed.entry(managed.id.clone()) {
                // One company gets it (R24).
                Entry::Occupied(first) => return plan.skip(Skip::because_of(Reason::AlreadyMapped, first.get())),
                Entry::Vacant(free) => free.insert(plan.company.clone()),
            };
        }
        for user in &mut plan.users {
            let (UserStep::Create | UserStep::ChangeAddress { .. }, Some(address)) = (&user.step, &user.address) else {
                continue;
            };
            match self.addresses.entry(address.key().clone()) {
                Entry::Occupied(first) => {
                    user.step = UserStep::Skip(Skip::because_of(Reason::SameAddressInAnotherCompany, first.get()));
                }
                Entry::Vacant(free) => {
                    free.insert(plan.company.clone());
                }
            }
        }
    }
}
