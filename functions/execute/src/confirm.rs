//! An administrator confirms a plan by its hash (R35, R39, R46).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::directory::ReservationId;
use domain::ids::ImportId;
use domain::import::{Import, ImportState};
use domain::problem::Problem;
use domain::text::Text;
use futures::FutureExt;
use planning::{Planning, PlanningError};
use runtime::{Api, ApiError, Body, Caller, ImportView, PathIds, Services, authorize, find_import, trace};
use schemars::JsonSchema;
use serde::Deserialize;
use store::imports::Moved;
use store::retry::Attempts;

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
    let mut attempts = Attempts::at("plan under confirmation");
    loop {
        let import = find_import(&services, &caller, &id).await?;
        let import = authorize(&services, &caller, import).await?;
        if let Some(begun) = confirm(&services, import, &confirmation).await? {
            return Ok((StatusCode::ACCEPTED, Json(ImportView::of(&services, begun).await?)));
        }
        attempts.again().await?;
    }
}

/// Begins the import if its plan is the one that is agreed to; `None` if somebody decided on a row meanwhile.
async fn confirm(services: &Services, mut import: Import, confirmation: &Confirmation) -> Api<Option<Import>> {
    if import.state != ImportState::Review {
        return Err(Problem::WrongState { state: import.state }.into());
    }
    let tenant = services.tenant(&import.msp);
    // Before any row is read: a decision that comes later is not in the plan.
    let decisions = tenant.decisions(&import.integration).await?;
    let integration = tenant.integration(&import.integration).await?;
    let integration = integration.ok_or(Problem::IntegrationNotFound)?;
    let planning = Planning::open(tenant.clone(), services.directory(&import.msp), import.clone())
        .await
        .map_err(PlanningError::cause::<ApiError>)?;
    let plan = planning.whole().await.map_err(PlanningError::cause::<ApiError>)?;
    if plan.hash != *confirmation.plan_hash {
        return Err(Problem::PlanChanged { hash: plan.hash }.into());
    }
    if !confirmation.confirm_mass_change
        && let Some(change) = planning.mass_change(integration.policy.mass_change, plan.changes)
    {
        return Err(Problem::MassChange(change).into());
    }
    let has_others = import.reservation.is_some();
    let own = ReservationId::of(&import.id, &services.ids.next());
    import.reservation = Some(own.clone());
    import.state = ImportState::Executing;
    import.trace = trace().or(import.trace);
    import.plan_hash = Some(plan.hash);
    let invalidate_others = || invalidate_others(services, &import).boxed();
    if has_others {
        invalidate_others().await?;
    }
    licences::reserve(services, &import, &own, plan.licences, invalidate_others).await?;
    let confirmation = tenant.confirmation(&import, &plan.confirmed)?;
    let confirmation = tenant.write_ahead(confirmation).await?;
    let moved = tenant
        .begin(&import, decisions, services.clock.now(), confirmation)
        .await?;
    if let Some(Moved::Committed) = moved {
        return Ok(Some(import));
    }
    licences::give_back(services, &import, &own).await?;
    match moved {
        Some(refused) => Err(not_moved(services, &import, refused).await?),
        None => Ok(None),
    }
}

/// Makes sure that no other confirmation succeeds from here on.
async fn invalidate_others(services: &Services, import: &Import) -> Api<()> {
    match services
        .tenant(&import.msp)
        .set_only_confirmation(import, services.clock.now())
        .await?
    {
        Moved::Committed => Ok(()),
        refused => Err(not_moved(services, import, refused).await?),
    }
}

async fn not_moved(services: &Services, import: &Import, moved: Moved) -> Api<ApiError> {
    let now = services.tenant(&import.msp).import(&import.id).await?;
    Ok(match (moved, now) {
        (Moved::WrongState, Some(now)) if now.state != ImportState::Review => {
            Problem::WrongState { state: now.state }.into()
        }
        // It was confirmed once more at the same moment.
        (Moved::WrongState, Some(_)) => Problem::PlanChanged {
            hash: import.plan_hash.clone().unwrap_or_default(),
        }
        .into(),
        _ => Problem::ImportAbandoned.into(),
    })
}
