//! Cancelling an import, and the list of those there were.

use api::{Api, ApiError, Caller, CallerWith, Cursor, ImportView, List, PageQuery, Path, authorize, find_import};
use axum::Json;
use axum::extract::State;
use domain::ids::{ImportId, IntegrationId};
use domain::import::{Import, ImportState};
use domain::problem::Problem;
use lambda::Services;
use lambda::metrics::listed;
use store::imports::Moved;
use store::retry::Attempts;

use crate::licences;

/// Ends the import and sets the integration free; one that executes stops after the row at hand.
pub(crate) async fn cancel(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<ImportId>,
) -> Api<Json<ImportView>> {
    let tenant = services.tenant(&caller.msp);
    let mut attempts = Attempts::at("end of the import");
    loop {
        let import = find_import(&services, &caller, &id).await?;
        let mut import = cancellable(&services, &caller, import).await?;
        let seen = import.state;
        let moved = match seen {
            ImportState::Executing if import.cancelling => return Ok(Json(ImportView::of(&services, import).await?)),
            ImportState::Executing => {
                import.cancelling = true;
                tenant.move_on(&import, seen, services.clock.now()).await?
            }
            ImportState::Fetching | ImportState::Review => {
                import.state = ImportState::Cancelled;
                import.ended_at = Some(services.clock.now());
                tenant.end(&import, seen, services.clock.now()).await?
            }
            _ => return Err(Problem::WrongState { state: seen }.into()),
        };
        match moved {
            Moved::Committed => {
                if import.state == ImportState::Cancelled {
                    // Of a confirmation that died half-way.
                    licences::release::<ApiError>(
                        &tenant,
                        &*services.directory(&caller.msp),
                        &import,
                        0,
                        services.clock.now(),
                    )
                    .await?;
                }
                return Ok(Json(ImportView::of(&services, import).await?));
            }
            Moved::LockLost => return Err(Problem::ImportAbandoned.into()),
            // It moved on by itself: look again.
            Moved::WrongState => attempts.again().await?,
        }
    }
}

/// An unattended import is nobody's: every administrator may stop it.
async fn cancellable(services: &Services, caller: &Caller, mut import: Import) -> Api<Import> {
    if import.is_nobodys() {
        import.taken_over_by = Some(caller.person.clone());
        return Ok(import);
    }
    authorize(services, caller, import).await
}

pub(crate) async fn history(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
    Path(id): Path<IntegrationId>,
) -> Api<Json<List<ImportView>>> {
    let tenant = services.tenant(&caller.msp);
    if tenant.integration(&id).await?.is_none() {
        return Err(Problem::IntegrationNotFound.into());
    }
    let limit = i32::try_from(page.limit.0).unwrap_or(i32::MAX);
    let (imports, next) = tenant
        .history(&id, page.after.as_ref().map(Cursor::as_str), limit)
        .await?;
    Ok(Json(List {
        items: listed(imports).into_iter().map(ImportView::line).collect(),
        next,
    }))
}
