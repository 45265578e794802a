//! The plan: what is about to happen, before anything is written (R26).

use axum::Json;
use axum::extract::State;
use domain::address::Address;
use domain::directory::{LicenceMode, Licences, ManagedCompany};
use domain::ids::{ImportId, ManagedCompanyId, PsaCompanyId, UserId};
use domain::plan::{CompanyPlan, CompanyStep, SkipReason, UserPlan, UserStep};
use domain::policy::MassChange;
use domain::problem::{Language, Problem};
use domain::row::AddressId;
use futures::{TryStreamExt, pin_mut};
use planning::Digest;
use runtime::{Accepted, Api, Caller, Limit, PageQuery, Parameters, PathIds, Position, Services};
use schemars::JsonSchema;
use serde::Serialize;

use crate::scope;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Plan")]
pub(crate) struct PlanView {
    hash: String,
    summary: Summary,
    licences: LicenceNeed,
    /// There when the plan must be confirmed as a mass change (R39).
    #[serde(skip_serializing_if = "Option::is_none")]
    mass_change: Option<MassChange>,
    items: Vec<PlanItem>,
    next: Option<String>,
}

/// How many items of each action.
#[derive(Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PlanSummary")]
struct Summary {
    companies: u64,
    create_company: u64,
    link_company: u64,
    update_company: u64,
    unmap_company: u64,
    create_user: u64,
    link_user: u64,
    change_address: u64,
    unchanged: u64,
    skip: u64,
}

#[derive(Serialize, JsonSchema)]
struct LicenceNeed {
    needed: u64,
    #[serde(flatten)]
    pool: Licences,
    /// What an administrator should know before confirming.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<&'static str>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PlanItem {
    action: Action,
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
    fn company(company: &ManagedCompany) -> Option<Self> {
        Some(Self {
            id: Some(company.id.clone()),
            name: Some(company.name.clone()),
            ..Self::default()
        })
    }

    fn user(user: &UserId, address: Option<&Address>) -> Option<Self> {
        Some(Self {
            user: Some(user.clone()),
            address: address.map(|address| address.original().to_owned()),
            ..Self::default()
        })
    }
}

#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PlanAction")]
enum Action {
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

pub(crate) async fn show(
    State(services): State<Services>,
    caller: Caller,
    Accepted(language): Accepted,
    PathIds(id): PathIds<ImportId>,
    Parameters(page): Parameters<PageQuery>,
) -> Api<Json<PlanView>> {
    let import = scope::with_rows(&services, &caller, &id).await?;
    let Limit(limit) = page.limit;
    let from = match &page.after {
        None => 0,
        // More items than this would not fit into any import.
        Some(after) => after.as_str().parse::<u32>().map_err(|_| Position::refused())? as usize,
    };
    let integration = services.tenant(&caller.msp).integration(&import.integration).await?;
    let integration = integration.ok_or(Problem::IntegrationNotFound)?;
    let planning = scope::planning(&services, import).await?;
    let (mut digest, mut summary) = (Digest::default(), Summary::default());
    let (mut items, mut seen) = (Vec::new(), 0);
    let plans = planning.plans();
    pin_mut!(plans);
    while let Some(plan) = plans.try_next().await.map_err(scope::failed)? {
        digest.add(&plan);
        summary.companies += 1;
        for item in plan_items(&plan) {
            summary.add(item.action);
            if (from..from + limit).contains(&seen) {
                items.push(item);
            }
            seen += 1;
        }
    }
    let whole = digest.finish();
    let pool = services.directory(&caller.msp).licences().await?;
    let mass_change = planning.mass_change(integration.policy.mass_change, whole.changes);
    let next = (seen > from + limit).then(|| (from + limit).to_string());
    Ok(Json(PlanView {
        hash: whole.hash,
        summary,
        mass_change,
        licences: LicenceNeed {
            needed: whole.licences,
            warning: licence_warning(pool.mode, whole.licences, language),
            pool,
        },
        items,
        next,
    }))
}

/// Where use is billed, too few licences refuse nothing (R47).
const fn licence_warning(mode: LicenceMode, needed: u64, language: Language) -> Option<&'static str> {
    match (mode, needed, language) {
        (LicenceMode::Pool, ..) | (_, 0, _) => None,
        (LicenceMode::Consumption, _, Language::English) => Some("Each user that is created will be billed."),
        (LicenceMode::Consumption, _, Language::Dutch) => {
            Some("Elke gebruiker die wordt aangemaakt, wordt in rekening gebracht.")
        }
    }
}

impl Summary {
    const fn add(&mut self, action: Action) {
        *match action {
            Action::CreateCompany => &mut self.create_company,
            Action::LinkCompany => &mut self.link_company,
            Action::UpdateCompany => &mut self.update_company,
            Action::UnmapCompany => &mut self.unmap_company,
            Action::CreateUser => &mut self.create_user,
            Action::LinkUser => &mut self.link_user,
            Action::ChangeAddress => &mut self.change_address,
            Action::Unchanged => &mut self.unchanged,
            Action::Skip => &mut self.skip,
        } += 1;
    }
}

fn plan_items(plan: &CompanyPlan) -> Vec<PlanItem> {
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
        items.push(item(Action::UnmapCompany, Side::company(managed), None, "asked_for"));
    }
    items.push(match &plan.step {
        CompanyStep::Create => item(
            Action::CreateCompany,
            None,
            Some(Side {
                name: Some(plan.name.clone()),
                ..Side::default()
            }),
            "not_mapped",
        ),
        CompanyStep::Link(managed) => item(Action::LinkCompany, None, Side::company(managed), "same_name_or_chosen"),
        CompanyStep::Rename(managed) => item(
            Action::UpdateCompany,
            Side::company(managed),
            Some(Side {
                id: Some(managed.id.clone()),
                name: Some(plan.name.clone()),
                ..Side::default()
            }),
            "renamed_in_psa",
        ),
        CompanyStep::Unchanged(managed) => item(
            Action::Unchanged,
            Side::company(managed),
            Side::company(managed),
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
        name: Some(user.name.clone()),
        ..Side::default()
    };
    let (action, before, after, reason) = match &user.step {
        UserStep::Create => (Action::CreateUser, None, Some(invited), "ticked"),
        UserStep::Link(id) => (
            Action::LinkUser,
            None,
            Side::user(id, address),
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
                Side::user(id, Some(from)),
                Side::user(id, address),
                reason,
            )
        }
        UserStep::Unchanged(id) => {
            let same = Side::user(id, address);
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
