//! The plan: what is about to happen, before anything is written (R26).

use axum::Json;
use axum::extract::State;
use domain::directory::Licences;
use domain::ids::ImportId;
use domain::plan::mass_change::MassChange;
use domain::plan::{PlanChange, PlanSummary, changes};
use domain::problem::Problem;
use futures::{TryStreamExt, pin_mut};
use planning::{Digest, PlanningError};
use runtime::{Accepted, Api, ApiError, CallerWith, Limit, PageQuery, PathIds, Position, Services};
use schemars::JsonSchema;
use serde::Serialize;

use crate::scope;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Plan")]
pub(crate) struct PlanView {
    hash: String,
    summary: PlanSummary,
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
    change: PlanChange,
    /// What the reason says.
    detail: &'static str,
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
    Accepted(language): Accepted,
    PathIds(id): PathIds<ImportId>,
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
    let (mut digest, mut summary) = (Digest::default(), PlanSummary::default());
    let (mut items, mut seen) = (Vec::new(), 0);
    let plans = planning.plans();
    pin_mut!(plans);
    while let Some(plan) = plans.try_next().await.map_err(PlanningError::cause::<ApiError>)? {
        digest.add(&plan);
        let changes = changes(&plan);
        summary.add(changes.iter().map(|change| change.action));
        for item in changes {
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
            warning: pool.mode.warning(whole.licences, language),
            pool,
        },
        items,
        next,
    }))
}
