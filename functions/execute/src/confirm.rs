//! An administrator confirms a plan by its hash (R35, R39, R46).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::ids::ImportId;
use domain::import::{Import, ImportState};
use domain::problem::Problem;
use domain::text::Text;
use planning::{Planning, PlanningError};
use runtime::{Api, ApiError, Body, Caller, ImportView, PathIds, Services, find_import, own_import, trace};
use schemars::JsonSchema;
use serde::Deserialize;
use store::imports::Moved;

use crate::licences;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Confirmation {
    /// The hash of the plan that is agreed to.
    plan_hash: Text<0, 128>,
    /// Whether a mass change is meant.
    #[serde(default)]
    confirm_mass_change: bool,
}

pub(crate) async fn execute(
    State(services): State<Services>,
    caller: Caller,
    PathIds(id): PathIds<ImportId>,
    Body(confirmation): Body<Confirmation>,
) -> Api<(StatusCode, Json<ImportView>)> {
    let tenant = services.tenant(&caller.msp);
    let import = find_import(&services, &caller, &id).await?;
    let mut import = own_import(&services, &caller, import).await?;
    if import.state != ImportState::Review {
        return Err(Problem::WrongState { state: import.state }.into());
    }
    let integration = tenant.integration(&import.integration).await?;
    let integration = integration.ok_or(Problem::IntegrationNotFound)?;
    let planning = Planning::open(tenant.clone(), services.directory(&caller.msp), import.clone())
        .await
        .map_err(failed)?;
    let plan = planning.whole().await.map_err(failed)?;
    if plan.hash != *confirmation.plan_hash {
        return Err(Problem::PlanChanged { hash: plan.hash }.into());
    }
    if !confirmation.confirm_mass_change
        && let Some(change) = planning.mass_change(integration.policy.mass_change, plan.changes)
    {
        return Err(Problem::MassChange(change).into());
    }
    import.state = ImportState::Executing;
    import.trace = trace().or(import.trace);
    import.plan_hash = Some(plan.hash);
    licences::reserve(&services, &import, plan.licences).await?;
    let agree = |tx: &mut _| tenant.agree(tx, &import, &plan.agreed);
    let moved = tenant
        .move_on(&import, ImportState::Review, services.clock.now(), agree)
        .await?;
    match moved {
        Moved::Yes => Ok((StatusCode::ACCEPTED, Json(ImportView::of(&services, import).await?))),
        Moved::LockLost => Err(not_begun(&services, &import, Problem::ImportAbandoned).await?),
        Moved::WrongState => {
            let now = find_import(&services, &caller, &id).await?.state;
            Err(not_begun(&services, &import, Problem::WrongState { state: now }).await?)
        }
    }
}

/// The import could not begin: it ended, or somebody confirmed it at the same moment. If that was the very same plan, the
/// licences are what it is being carried out with.
async fn not_begun(services: &Services, import: &Import, why: Problem) -> Api<ApiError> {
    let now = services.tenant(&import.msp).import(&import.id).await?;
    let is_at_work = |now: Import| now.state == ImportState::Executing && now.plan_hash == import.plan_hash;
    if !now.is_some_and(is_at_work) {
        licences::give_back(services, import).await?;
    }
    Ok(why.into())
}

pub(crate) fn failed(error: PlanningError) -> ApiError {
    match error {
        PlanningError::Store(error) => error.into(),
        PlanningError::Directory(error) => error.into(),
    }
}
