//! The plan: what is about to happen, before anything is written (R26).

use api::{AcceptLanguage, Api, CallerWith, Cursor, Limit, PageQuery, Path};
use axum::Json;
use axum::extract::State;
use domain::change::{self, Action, Change};
use domain::directory::{LicenceMode, Licences};
use domain::ids::ImportId;
use domain::language::Language;
use domain::policy::MassChange;
use domain::problem::Problem;
use futures::{TryStreamExt, pin_mut};
use lambda::Services;
use planning::Digest;
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
    items: Vec<Item>,
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlanItem")]
struct Item {
    #[serde(flatten)]
    change: Change,
    /// What the reason says.
    detail: &'static str,
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

pub(crate) async fn show(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
    AcceptLanguage(language): AcceptLanguage,
    Path(id): Path<ImportId>,
) -> Api<Json<PlanView>> {
    let import = scope::with_rows(&services, &caller, &id).await?;
    let Limit(limit) = page.limit;
    let from = match &page.after {
        None => 0,
        // More items than this would not fit into any import.
        Some(after) => after.as_str().parse::<u32>().map_err(|_| Cursor::refused())? as usize,
    };
    let integration = services.tenant(&caller.msp).integration(&import.integration).await?;
    let integration = integration.ok_or(Problem::IntegrationNotFound)?;
    let planning = scope::planning(&services, import).await?;
    let (mut digest, mut summary) = (Digest::default(), Summary::default());
    let (mut items, mut seen) = (Vec::new(), 0);
    let plans = planning.plans();
    pin_mut!(plans);
    while let Some(plan) = plans.try_next().await? {
        digest.add(&plan);
        summary.companies += 1;
        for item in change::of(&plan) {
            summary.add(item.action);
            if (from..from + limit).contains(&seen) {
                let detail = item.detail(language);
                items.push(Item { change: item, detail });
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
