//! The administrator confirms a plan by its hash (R35, R46).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use directory::Reservation;
use domain::ids::ImportId;
use domain::import::{Import, ImportState};
use domain::problem::Problem;
use planning::{Planning, PlanningError};
use runtime::{Api, ApiError, Body, Caller, ImportView, Services};
use serde::Deserialize;
use store::imports::Moved;

/// Other fields are let through: a caller may confirm more than is asked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Confirmation {
    plan_hash: String,
}

pub(crate) async fn execute(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<ImportId>,
    Body(confirmation): Body<Confirmation>,
) -> Api<(StatusCode, Json<ImportView>)> {
    let tenant = services.tenant(&caller.msp);
    let mut import = own_import(&services, &caller, &id).await?;
    if import.state != ImportState::Review {
        return Err(Problem::WrongState { state: import.state }.into());
    }
    let planning = Planning::open(tenant.clone(), services.directory(&caller.msp), import.clone())
        .await
        .map_err(failed)?;
    let (hash, needed, digests) = planning.digest().await.map_err(failed)?.finish();
    if hash != confirmation.plan_hash {
        return Err(Problem::PlanChanged { hash }.into());
    }
    reserve(&services, &import, needed).await?;
    import.state = ImportState::Executing;
    import.plan_hash = Some(hash);
    let agree = |tx: &mut _| tenant.agree(tx, &import, &digests);
    let moved = tenant
        .move_on(&import, ImportState::Review, services.clock.now(), agree)
        .await?;
    match moved {
        Moved::Yes => Ok((StatusCode::ACCEPTED, Json(ImportView::of(&services, import).await?))),
        Moved::LockLost | Moved::WrongState => Err(not_begun(&services, &import).await?),
    }
}

/// Sets the licences aside, all or none. Before refusing, gives back what imports left behind that ended without a worker.
async fn reserve(services: &Services, import: &Import, needed: u64) -> Api<()> {
    let directory = services.directory(&import.msp);
    if directory.reserve(&import.id, needed).await? == Reservation::Made {
        return Ok(());
    }
    let tenant = services.tenant(&import.msp);
    for other in directory.reservations().await? {
        let ended = tenant
            .import(&other)
            .await?
            .is_none_or(|import| import.state.is_final());
        if ended {
            directory.settle(&other, 0).await?;
        }
    }
    match directory.reserve(&import.id, needed).await? {
        Reservation::Made => Ok(()),
        Reservation::Insufficient { available } => Err(Problem::InsufficientLicences { needed, available }.into()),
    }
}

/// The import could not begin: it ended, or somebody confirmed it at the same moment. In the latter case the licences are
/// theirs.
async fn not_begun(services: &Services, import: &Import) -> Api<ApiError> {
    let now = services.tenant(&import.msp).import(&import.id).await?;
    match now.map(|import| import.state) {
        Some(state @ (ImportState::Executing | ImportState::Done)) => Ok(Problem::WrongState { state }.into()),
        state => {
            services.directory(&import.msp).settle(&import.id, 0).await?;
            Ok(state
                .filter(|state| state.is_final())
                .map_or(Problem::ImportAbandoned, |state| Problem::WrongState { state })
                .into())
        }
    }
}

/// The import, if it is this administrator's (R44).
pub(crate) async fn own_import(services: &Services, caller: &Caller, id: &ImportId) -> Api<Import> {
    let tenant = services.tenant(&caller.msp);
    let import = tenant.import(id).await?.ok_or_else(|| Problem::not_found("import"))?;
    if import.started_by.subject != caller.person.subject && !import.state.is_final() {
        let holder = tenant.holder(&import.integration, services.clock.now()).await?;
        return Err(holder
            .map_or(Problem::ImportAbandoned, Problem::IntegrationLocked)
            .into());
    }
    Ok(import)
}

fn failed(error: PlanningError) -> ApiError {
    match error {
        PlanningError::Store(error) => error.into(),
        PlanningError::Directory(error) => error.into(),
    }
}
