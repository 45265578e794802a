//! `/imports/{x}/plan`: what is about to happen, before anything is written (R26)

use std::ops::Range;

use api::{
    AcceptLanguage, Api, Call, CallerWith, Json, Limit, PageQuery, Path, PeopleView, Routes, State, SuspiciousView,
    find_integration,
};
use domain::directory::Licences;
use domain::ids::ImportId;
use domain::language::Language;
use domain::not_in::PeopleCounts;
use domain::plan::mass_change::MassChange;
use domain::plan::{PlanChange, PlanSummary, Step, changes};
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
            .computes_plan()
            .refuses(&[Code::WrongState, Code::IntegrationNotFound, Code::SnapshotExpired])
    })
}

fn example() -> Value {
    let mut summary = PlanSummary::default();
    summary.add([Step::CreateCompany, Step::CreateUser]);
    json!({
        "hash": "5f0c1a9be2d34786a1c0ffee5f0c1a9be2d34786a1c0ffee5f0c1a9be2d34786",
        "summary": summary,
        "licences": { "needed": 1, "mode": "pool", "total": 1000, "used": 274, "reserved": 0, "available": 726 },
        "peopleNotIn": { "count": 0, "reasons": PeopleCounts::NONE },
        "items": example_items(),
        "next": null,
    })
}

/// The items of the example, as the plan of one company shows them.
pub fn example_of_items() -> Value {
    let mut summary = PlanSummary::default();
    summary.add([Step::CreateCompany, Step::CreateUser]);
    json!({ "selected": true, "licences": 1, "summary": summary, "items": example_items() })
}

fn example_items() -> Value {
    json!([
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
    ])
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Plan")]
struct PlanView {
    /// There when so much is absent that the snapshot may not show all that the PSA has (R54).
    #[serde(skip_serializing_if = "Option::is_none")]
    suspicious: Option<SuspiciousView>,
    hash: String,
    summary: PlanSummary,
    licences: LicenceNeed,
    /// There when the plan must be confirmed as a mass change (R39).
    #[serde(skip_serializing_if = "Option::is_none")]
    mass_change: Option<MassChange>,
    /// People who were imported before and are not in, of companies that are selected or not. Nothing happens to their users.
    people_not_in: Option<PeopleView>,
    items: Vec<Item>,
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlanItem")]
pub struct Item {
    #[serde(flatten)]
    change: PlanChange,
    /// What the reason says.
    detail: &'static str,
}

impl Item {
    /// A change with the text of its reason.
    pub fn of(change: PlanChange, language: Language) -> Self {
        let detail = change.detail(language);
        Self { change, detail }
    }
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
    let (suspicious, people_not_in) = (SuspiciousView::of(&import, language), PeopleView::of(&import));
    let planning = review::planning_of_all(&services, import).await?;
    let (whole, read) = read(&planning, from..from + limit, language).await?;
    let pool = services.directory(&caller.msp).licences().await?;
    Ok(Json(PlanView {
        suspicious,
        people_not_in,
        mass_change: planning.mass_change(integration.policy.mass_change, whole.changes),
        hash: whole.hash,
        licences: LicenceNeed::of(whole.licences, pool, language),
        summary: read.summary,
        next: (read.seen > from + limit).then(|| (from + limit).to_string()),
        items: read.items,
    }))
}

impl LicenceNeed {
    fn of(needed: u64, pool: Licences, language: Language) -> Self {
        let warning = pool.mode.warning(needed, language);
        Self { needed, pool, warning }
    }
}

/// What is read of a plan: some of its items, and how many there are.
#[derive(Default)]
struct Read {
    summary: PlanSummary,
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
        let changes = changes(&plan);
        read.summary.add(changes.iter().map(|change| change.action));
        for item in changes {
            if page.contains(&read.seen) {
                read.items.push(Item::of(item, language));
            }
            read.seen += 1;
        }
    }
    Ok((digest.finish(), read))
}
