//! The import that a call is about, and what may be done with it.

use api::{Api, ApiError, Caller, ImportView, Path, authorize, find_import};
use axum::Json;
use axum::extract::State;
use domain::ids::ImportId;
use domain::import::{Import, ImportState};
use domain::problem::Problem;
use lambda::Services;
use planning::Planning;

pub(crate) async fn show(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<ImportId>,
) -> Api<Json<ImportView>> {
    let import = find_import(&services, &caller, &id).await?;
    Ok(Json(ImportView::of(&services, import).await?))
}

/// The import with its tabs, which appear only when the snapshot is complete (R8).
pub(crate) async fn with_rows(services: &Services, caller: &Caller, id: &ImportId) -> Api<Import> {
    let import = find_import(services, caller, id).await?;
    if import.fetched_at.is_some() {
        Ok(import)
    } else {
        Err(Problem::WrongState { state: import.state }.into())
    }
}

/// The import for a decision by this caller: in review, and not another administrator's (R44).
pub(crate) async fn in_review(services: &Services, caller: &Caller, id: &ImportId) -> Api<Import> {
    let import = find_import(services, caller, id).await?;
    if import.state != ImportState::Review {
        return Err(Problem::WrongState { state: import.state }.into());
    }
    authorize(services, caller, import).await
}

/// What a refused proof of the review means: the import has ended, or lost its lock.
pub(crate) async fn not_in_review(services: &Services, import: &Import) -> ApiError {
    let now = services.tenant(&import.msp).import(&import.id).await;
    match now {
        Ok(Some(now)) if now.state != ImportState::Review => Problem::WrongState { state: now.state }.into(),
        Ok(_) => Problem::ImportAbandoned.into(),
        Err(error) => error.into(),
    }
}

pub(crate) async fn planning(services: &Services, import: Import) -> Api<Planning> {
    let (tenant, directory) = (services.tenant(&import.msp), services.directory(&import.msp));
    Ok(Planning::open(tenant, directory, import).await?)
}
