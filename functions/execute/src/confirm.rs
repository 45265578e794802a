//! An administrator confirms a plan by its hash (R35, R39, R46).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::directory::ReservationId;
use domain::ids::ImportId;
use domain::import::{Event, Import, ImportState};
use domain::problem::Problem;
use domain::text::Text;
use futures::FutureExt;
use planning::{Planning, PlanningError};
use runtime::{Api, ApiError, Body, Caller, ImportView, PathIds, Services, authorize, find_import, trace};
use schemars::JsonSchema;
use serde::Deserialize;
use store::imports::{Confirmed, Moved};
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

/// Confirms the import if its plan is the one that is agreed to; `None` if a row was decided on meanwhile.
async fn confirm(services: &Services, import: Import, confirmation: &Confirmation) -> Api<Option<Import>> {
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
    let own = ReservationId::of(&import.id, &services.ids.next());
    let event = Event::Confirmed {
        plan_hash: plan.hash.clone(),
        reservation: own.clone(),
        trace: trace(),
    };
    let confirmed = import.apply(event, services.clock.now()).map_err(Problem::from)?;
    let invalidate_others = || invalidate_others(services, &import, &own, &plan.hash).boxed();
    if import.reservation.is_some() {
        invalidate_others().await?;
    }
    licences::reserve(services, &import, &own, plan.licences, invalidate_others).await?;
    let agreement = tenant.agreement(&import, &own, &plan.agreed)?;
    let agree = tenant.write_ahead(agreement).await?;
    let outcome = tenant
        .confirm(&confirmed, decisions, services.clock.now(), agree)
        .await?;
    if let Confirmed::Committed = outcome {
        return Ok(Some(confirmed.into_import()));
    }
    licences::give_back(services, &import, &own).await?;
    match outcome {
        Confirmed::Refused(refused) => Err(not_moved(services, &import, &plan.hash, refused).await?),
        Confirmed::Committed | Confirmed::DecidedMeanwhile => Ok(None),
    }
}

/// Makes sure that no other confirmation succeeds from now on.
async fn invalidate_others(services: &Services, import: &Import, own: &ReservationId, hash: &str) -> Api<()> {
    let tenant = services.tenant(&import.msp);
    match tenant.set_only_confirmation(import, own, services.clock.now()).await? {
        Moved::Committed => Ok(()),
        refused => Err(not_moved(services, import, hash, refused).await?),
    }
}

async fn not_moved(services: &Services, import: &Import, hash: &str, moved: Moved) -> Api<ApiError> {
    let now = services.tenant(&import.msp).import(&import.id).await?;
    Ok(match (moved, now) {
        (Moved::WrongState, Some(now)) if now.state != ImportState::Review => {
            Problem::WrongState { state: now.state }.into()
        }
        // It was confirmed once more at the same moment.
        (Moved::WrongState, Some(_)) => Problem::PlanChanged { hash: hash.to_owned() }.into(),
        _ => Problem::ImportAbandoned.into(),
    })
}
