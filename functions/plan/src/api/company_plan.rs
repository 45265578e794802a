//! `GET /imports/{x}/companies/{p}/plan`: what would happen to one company and its people (R71)

use api::{AcceptLanguage, Api, Call, Caller, Json, Path, Routes, State};
use domain::ids::{ImportId, PsaCompanyId};
use domain::plan::{PlanSummary, changes, planner};
use domain::problem::Code;
use lambda::Services;
use planning::Asked;
use schemars::JsonSchema;
use serde::Serialize;

use super::plan::{Item, example_of_items};
use crate::review;

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/imports/{x}/companies/{p}/plan", show, || {
        Call::new(
            "showCompanyPlan",
            "Shows the plan of one company, without regard to the other companies",
        )
        .answers::<CompanyPlanView>(200, example_of_items())
        .refuses(&[Code::WrongState, Code::SnapshotExpired])
    })
}

/// The plan of one company. Another company of the import may still claim the same address; only the whole plan shows that.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CompanyPlan")]
struct CompanyPlanView {
    /// Whether the company is selected. If it is not, the import does nothing of this plan.
    selected: bool,
    /// How many licences the plan needs.
    licences: u64,
    /// How many items the plan has for each action.
    summary: PlanSummary,
    /// What the import would do to the company and to each of its addresses.
    items: Vec<Item>,
}

async fn show(
    State(services): State<Services>,
    caller: Caller,
    Path((id, company)): Path<(ImportId, PsaCompanyId)>,
    AcceptLanguage(language): AcceptLanguage,
) -> Api<Json<CompanyPlanView>> {
    let import = review::with_rows(&services, &caller, &id).await?;
    let (context, facts) = review::facts(&services, &import, &company, Asked::Ticked).await?;
    let plan = planner::plan_company(&facts, &context.companies);
    let changes = changes(&plan);
    let mut summary = PlanSummary::default();
    summary.add(changes.iter().map(|change| change.action));
    Ok(Json(CompanyPlanView {
        selected: facts.row.decision.selected,
        licences: plan.licences_needed(),
        summary,
        items: changes.into_iter().map(|change| Item::of(change, language)).collect(),
    }))
}
