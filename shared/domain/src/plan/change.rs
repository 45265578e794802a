//! What happens to each row, as an administrator is shown it: in the plan before it happens, in the audit trail after.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reason::Reason;
use super::side::PlanSide;
use super::step::{Step, UserStep};
use super::{CompanyPlan, DroppedMapping, Mapped, UserPlan};
use crate::address::NoAddress;
use crate::ids::{AddressId, PsaCompanyId, UserId};
use crate::language::Language;

/// What happens to one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanChange {
    /// What the import does to the row.
    pub action: Step,
    /// The PSA company of the row.
    pub company: PlanCompany,
    /// The address row. Absent if the change is about the company itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<PlanAddress>,
    /// The managed company or user before the change; null if there is none.
    pub before: Option<PlanSide>,
    /// The managed company or user after the change; null if there is none, and for a skipped row.
    pub after: Option<PlanSide>,
    /// Why the import does this, or skips the row.
    pub reason: Reason,
}

impl PlanChange {
    /// What the reason says, in a sentence.
    pub fn detail(&self, language: Language) -> &'static str {
        let no_address = self.address.as_ref().and_then(|address| address.no_address.as_ref());
        self.reason.text(no_address, language).0
    }
}

/// A PSA company by its id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanCompany {
    /// The id of the company in the PSA.
    pub id: PsaCompanyId,
    /// The name of the company in the PSA.
    pub name: String,
}

/// The address row of a change.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanAddress {
    /// The id of the address row within its company.
    pub id: AddressId,
    /// The email address; null if the contact has none.
    pub address: Option<String>,
    /// The contact's name in the PSA.
    pub contact: String,
    /// The text in place of an address, and why it is not one. Absent if there is an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_address: Option<NoAddress>,
}

/// Says which row it is, and nobody's address.
impl std::fmt::Debug for PlanAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlanAddress")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The actions of a plan, in the order of its changes.
pub fn steps(plan: &CompanyPlan) -> impl Iterator<Item = Step> {
    let unmap = plan.unmap.iter().map(|_| Step::UnmapCompany);
    let dropped = plan.dropped.iter().map(|_| Step::UnmapUser);
    let users = plan.users.iter().map(|user| user.step.kind().0);
    unmap.chain([plan.kind().0]).chain(dropped).chain(users)
}

/// What a plan does to its company and each of its users.
pub fn changes(plan: &CompanyPlan) -> Vec<PlanChange> {
    let company = PlanCompany {
        id: plan.company.clone(),
        name: plan.name.clone(),
    };
    let change = |address, (action, reason), (before, after)| PlanChange {
        action,
        company: company.clone(),
        address,
        before,
        after,
        reason,
    };
    let unmap = plan.unmap.as_ref().map(|managed| {
        let before = Some(PlanSide::company(managed));
        change(None, (Step::UnmapCompany, Reason::AskedFor), (before, None))
    });
    let own = change(None, plan.kind(), plan.step.sides(&plan.name));
    let users = plan.users.iter().map(|row| {
        let address = PlanAddress {
            id: row.id.clone(),
            address: row.address.as_ref().map(|address| address.original().to_owned()),
            contact: row.name.clone(),
            no_address: row.no_address.clone(),
        };
        change(Some(address), row.step.kind(), sides(row))
    });
    let dropped = plan.dropped.iter().map(|dropped| unmapped(&company, dropped));
    unmap.into_iter().chain([own]).chain(dropped).chain(users).collect()
}

/// The change that drops an address mapping together with the mapping of its company.
pub fn unmapped(company: &PlanCompany, dropped: &DroppedMapping) -> PlanChange {
    let Mapped { id, user, address, .. } = &dropped.mapped;
    PlanChange {
        action: Step::UnmapUser,
        company: company.clone(),
        address: Some(PlanAddress {
            id: id.clone(),
            address: Some(address.original().to_owned()),
            contact: dropped.contact.clone(),
            no_address: None,
        }),
        before: Some(PlanSide::user(user, Some(address))),
        after: None,
        reason: dropped.reason,
    }
}

/// What there was of a user and what there will be.
fn sides(row: &UserPlan) -> (Option<PlanSide>, Option<PlanSide>) {
    let address = row.address.as_ref();
    let left = || row.leaves().map(|left| PlanSide::user(left, None));
    let same = |user| Some(PlanSide::user(user, address));
    match &row.step {
        UserStep::Create => (left(), Some(PlanSide::created_user(&row.name, address))),
        UserStep::Link(user) => (left(), same(user)),
        UserStep::ChangeAddress { user, from, .. } => (
            Some(PlanSide::person(user, Some(from), name_before(row, user))),
            Some(PlanSide::person(user, address, Some(&row.name))),
        ),
        UserStep::Unchanged(user) => (same(user), same(user)),
        // To decide, an administrator has to see who it was.
        UserStep::Skip(skip) if skip.reason == Reason::PossibleSuccessor => {
            let before = row.mapped.as_ref();
            let before = before.map(|it| PlanSide::person(&it.user, Some(&it.address), name_before(row, &it.user)));
            (before, None)
        }
        UserStep::Skip(_) => (None, None),
    }
}

/// The name that the user's contact had when it was last imported.
fn name_before<'a>(row: &'a UserPlan, user: &UserId) -> Option<&'a str> {
    let mapped = row.mapped.as_ref().filter(|mapped| mapped.user == *user)?;
    mapped.remembered.name.as_deref()
}
