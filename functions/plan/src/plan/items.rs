//! The lines of a plan.

use domain::address::Address;
use domain::directory::ManagedCompany;
use domain::ids::{ManagedCompanyId, PsaCompanyId, UserId};
use domain::plan::{CompanyPlan, CompanyStep, SkipReason, UserPlan, UserStep};
use domain::row::AddressId;
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlanItem {
    pub(super) action: Action,
    company: CompanyName,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<PlanAddress>,
    /// What there is; null if there is nothing yet.
    before: Option<Side>,
    /// What there will be; null if nothing is done.
    after: Option<Side>,
    reason: &'static str,
}

#[derive(Clone, Serialize, JsonSchema)]
#[schemars(rename = "PlanCompany")]
struct CompanyName {
    id: PsaCompanyId,
    name: String,
}

#[derive(Serialize, JsonSchema)]
struct PlanAddress {
    id: AddressId,
    /// Null if the contact has none.
    address: Option<String>,
    contact: String,
}

/// A managed company or a user, as far as the plan is about it.
#[derive(Clone, Default, Serialize, JsonSchema)]
#[schemars(rename = "PlanSide")]
struct Side {
    /// The managed company.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<ManagedCompanyId>,
    /// The user.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl Side {
    fn company(company: &ManagedCompany) -> Self {
        Self {
            id: Some(company.id.clone()),
            ..Self::named(&company.name)
        }
    }

    fn named(name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            ..Self::default()
        }
    }

    fn user(user: &UserId, address: Option<&Address>) -> Self {
        Self {
            user: Some(user.clone()),
            address: address.map(|address| address.original().to_owned()),
            ..Self::default()
        }
    }
}

#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PlanAction")]
pub(super) enum Action {
    CreateCompany,
    LinkCompany,
    UpdateCompany,
    UnmapCompany,
    CreateUser,
    LinkUser,
    ChangeAddress,
    Unchanged,
    Skip,
}

/// What happens to a company and to its users.
pub(super) fn of(plan: &CompanyPlan) -> Vec<PlanItem> {
    let company = CompanyName {
        id: plan.company.clone(),
        name: plan.name.clone(),
    };
    let item = |action, before, after, reason| PlanItem {
        action,
        company: company.clone(),
        address: None,
        before,
        after,
        reason,
    };
    let mut items = Vec::with_capacity(plan.users.len() + 2);
    if let Some(managed) = &plan.unmap {
        items.push(item(
            Action::UnmapCompany,
            Some(Side::company(managed)),
            None,
            "asked_for",
        ));
    }
    items.push(match &plan.step {
        CompanyStep::Create => item(Action::CreateCompany, None, Some(Side::named(&plan.name)), "not_mapped"),
        CompanyStep::Link(managed) => item(
            Action::LinkCompany,
            None,
            Some(Side::company(managed)),
            "same_name_or_chosen",
        ),
        CompanyStep::Rename(managed) => item(
            Action::UpdateCompany,
            Some(Side::company(managed)),
            Some(Side {
                id: Some(managed.id.clone()),
                ..Side::named(&plan.name)
            }),
            "renamed_in_psa",
        ),
        CompanyStep::Unchanged(managed) => item(
            Action::Unchanged,
            Some(Side::company(managed)),
            Some(Side::company(managed)),
            "mapped",
        ),
        CompanyStep::Skip(reason) => item(Action::Skip, None, None, skip_reason(reason)),
    });
    items.extend(plan.users.iter().map(|user| user_item(&company, user)));
    items
}

fn user_item(company: &CompanyName, user: &UserPlan) -> PlanItem {
    let address = user.address.as_ref();
    let original = || address.map(|address| address.original().to_owned());
    let invited = Side {
        address: original(),
        ..Side::named(&user.name)
    };
    let (action, before, after, reason) = match &user.step {
        UserStep::Create => (Action::CreateUser, None, Some(invited), "ticked"),
        UserStep::Link(id) => (
            Action::LinkUser,
            None,
            Some(Side::user(id, address)),
            "same_address_or_chosen",
        ),
        UserStep::ChangeAddress { user: id, from } => {
            let reason = if user.replaces.is_some() {
                "replaced_in_psa"
            } else {
                "changed_in_psa"
            };
            (
                Action::ChangeAddress,
                Some(Side::user(id, Some(from))),
                Some(Side::user(id, address)),
                reason,
            )
        }
        UserStep::Unchanged(id) => {
            let same = Some(Side::user(id, address));
            (Action::Unchanged, same.clone(), same, "mapped")
        }
        UserStep::Skip(reason) => (Action::Skip, None, None, skip_reason(reason)),
    };
    let address = Some(PlanAddress {
        id: user.id.clone(),
        address: original(),
        contact: user.name.clone(),
    });
    PlanItem {
        action,
        company: company.clone(),
        address,
        before,
        after,
        reason,
    }
}

const fn skip_reason(reason: &SkipReason) -> &'static str {
    match reason {
        SkipReason::Dangling => "dangling",
        SkipReason::Ambiguous => "ambiguous",
        SkipReason::ManagedCompanyNotFound => "managed_company_not_found",
        SkipReason::AlreadyMapped(_) => "already_mapped",
        SkipReason::UserNotFound => "user_not_found",
        SkipReason::Unticked => "unticked",
        SkipReason::NoAddress => "no_address",
        SkipReason::AddressConflict(_) => "address_conflict",
        SkipReason::GivesWay(_) => "same_address_in_another_company",
        SkipReason::UserAlreadyMapped(_) => "user_already_mapped",
        SkipReason::CompanyNotImported => "company_not_imported",
    }
}
