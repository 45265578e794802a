//! Cancelling an import, and the list of those there were.

use axum::Json;
use axum::extract::State;
use domain::ids::{ImportId, IntegrationId};
use domain::import::{Event, Import, ImportState};
use domain::problem::Problem;
use runtime::metrics::listed;
use runtime::{
    Api, ApiError, Caller, CallerWith, ImportView, List, PageQuery, PathIds, Position, Services, authorize, find_import,
};
use store::imports::Moved;
use store::retry::Attempts;

use crate::licences;

/// Ends the import and sets the integration free; one that executes stops after the row at hand.
pub(crate) async fn cancel(
    State(services): State<Services>,
    caller: Caller,
    PathIds(id): PathIds<ImportId>,
) -> Api<Json<ImportView>> {
    let tenant = services.tenant(&caller.msp);
    let mut attempts = Attempts::at("end of the import");
    loop {
        let import = find_import(&services, &caller, &id).await?;
        // An import that no administrator has may be stopped by any.
        let import = if import.has_no_administrator() {
            import
        } else {
            authorize(&services, &caller, import).await?
        };
        if import.cancelling && import.state == ImportState::Executing {
            return Ok(Json(ImportView::of(&services, import).await?));
        }
        let now = services.clock.now();
        let cancelled = import
            .apply(Event::CancelRequested(caller.person.clone()), now)
            .map_err(Problem::from)?;
        match tenant.transition(&cancelled, now).await? {
            Moved::Committed => return Ok(Json(show_cancelled(&services, cancelled.into_import()).await?)),
            Moved::LockLost => return Err(Problem::ImportAbandoned.into()),
            // It moved on by itself: look again.
            Moved::WrongState => attempts.again().await?,
        }
    }
}

async fn show_cancelled(services: &Services, import: Import) -> Api<ImportView> {
    if import.state == ImportState::Cancelled {
        // Of a confirmation that died half-way.
        let (tenant, directory) = (services.tenant(&import.msp), services.directory(&import.msp));
        licences::release::<ApiError>(&tenant, &*directory, &import, 0, services.clock.now()).await?;
    }
    ImportView::of(services, import).await
}

pub(crate) async fn history(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
    PathIds(id): PathIds<IntegrationId>,
) -> Api<Json<List<ImportView>>> {
    let tenant = services.tenant(&caller.msp);
    if tenant.integration(&id).await?.is_none() {
        return Err(Problem::IntegrationNotFound.into());
    }
    let limit = i32::try_from(page.limit.0).unwrap_or(i32::MAX);
    let (imports, next) = tenant
        .history(&id, page.after.as_ref().map(Position::as_str), limit)
        .await?;
    Ok(Json(List {
        items: listed(imports).into_iter().map(ImportView::line).collect(),
        next,
    }))
}
