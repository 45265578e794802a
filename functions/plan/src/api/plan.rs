//! `/imports/{x}/plan`: what is about to happen, before anything is written (R26)

use std::ops::Range;

use api::{AcceptLanguage, Api, Call, CallerWith, Json, Limit, PageQuery, Path, Routes, State, find_integration};
use domain::change::{self, Action, Change};
use domain::directory::{LicenceMode, Licences};
use domain::ids::ImportId;
use domain::language::Language;
use domain::policy::MassChange;
use domain::problem::Code;
use futures::{TryStreamExt, pin_mut};
use lambda::Services;
use planning::{Digest, Planning, WholePlan};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::review;

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/imports/{x}/plan", show, || {
        Call::new("showPlan", "What would happen; nothing has been written yet")
            .query::<PageQuery>()
            .answers::<PlanView>(200, example())
            .refuses(&[Code::WrongState, Code::IntegrationNotFound])
    })
}

fn example() -> Value {
    json!({
        "hash": "5f0c1a9be2d34786a1c0ffee5f0c1a9be2d34786a1c0ffee5f0c1a9be2d34786",
        "summary": {
            "companies": 1, "createCompany": 1, "linkCompany": 0, "updateCompany": 0, "unmapCompany": 0, "createUser": 1,
            "linkUser": 0, "changeAddress": 0, "unchanged": 0, "skip": 0,
        },
        "licences": { "needed": 1, "mode": "pool", "total": 1000, "used": 274, "reserved": 0, "available": 726 },
        "items": [
            {
                "action": "createCompany", "company": { "id": "251", "name": "Bakkerij Postma" }, "before": null,
                "after": { "name": "Bakkerij Postma" }, "reason": "not_mapped", "detail": "It was not imported before.",
            },
            {
                "action": "createUser", "company": { "id": "251", "name": "Bakkerij Postma" },
                "address": { "id": "1204~7781", "address": "sanne@postma.example", "contact": "Sanne Postma" },
                "before": null, "after": { "address": "sanne@postma.example", "name": "Sanne Postma" }, "reason": "ticked",
                "detail": "It is ticked, and nobody has this address yet.",
            },
        ],
        "next": null,
    })
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Plan")]
struct PlanView {
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

async fn show(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
    AcceptLanguage(language): AcceptLanguage,
    Path(id): Path<ImportId>,
) -> Api<Json<PlanView>> {
    let import = review::with_rows(&services, &caller, &id).await?;
    let (from, Limit(limit)) = (page.offset()?, page.limit);
    let integration = find_integration(&services.tenant(&caller.msp), &import.integration).await?;
    let planning = review::planning(&services, import).await?;
    let (whole, read) = read(&planning, from..from + limit, language).await?;
    let pool = services.directory(&caller.msp).licences().await?;
    Ok(Json(PlanView {
        mass_change: planning.mass_change(integration.policy.mass_change, whole.changes),
        hash: whole.hash,
        licences: LicenceNeed {
            needed: whole.licences,
            warning: licence_warning(pool.mode, whole.licences, language),
            pool,
        },
        summary: read.summary,
        next: (read.seen > from + limit).then(|| (from + limit).to_string()),
        items: read.items,
    }))
}

/// What is read of a plan: some of its items, and how many there are.
#[derive(Default)]
struct Read {
    summary: Summary,
    items: Vec<Item>,
    seen: usize,
}

/// Reads a plan as a whole, and keeps the items of one page.
async fn read(planning: &Planning, page: Range<usize>, language: Language) -> Api<(WholePlan, Read)> {
    let (mut digest, mut read) = (Digest::default(), Read::default());
    let plans = planning.plans();
    pin_mut!(plans);
    while let Some(plan) = plans.try_next().await? {
        digest.add(&plan);
        read.summary.companies += 1;
        for item in change::of(&plan) {
            read.summary.add(item.action);
            if page.contains(&read.seen) {
                let detail = item.detail(language);
                read.items.push(Item { change: item, detail });
            }
            read.seen += 1;
        }
    }
    Ok((digest.finish(), read))
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
