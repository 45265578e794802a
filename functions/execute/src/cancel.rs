//! Cancelling an import.

use api::{Api, ApiError, Caller, authorize, find_import};
use domain::ids::ImportId;
use domain::import::{Import, ImportState};
use domain::problem::Problem;
use lambda::Services;
use store::imports::Moved;
use store::retry::Attempts;

use crate::licences;

/// Ends the import and sets the integration free; one that executes stops after the row at hand.
pub async fn cancel(services: &Services, caller: &Caller, id: &ImportId) -> Api<Import> {
    let mut attempts = Attempts::at("end of the import");
    loop {
        let import = find_import(services, caller, id).await?;
        let mut import = cancellable(services, caller, import).await?;
        if import.state == ImportState::Executing && import.cancelling {
            return Ok(import);
        }
        match request(services, &mut import).await? {
            Moved::Committed => {
                if import.state == ImportState::Cancelled {
                    // Of a confirmation that died half-way.
                    let (tenant, directory) = (services.tenant(&import.msp), services.directory(&import.msp));
                    licences::release::<ApiError>(&tenant, &*directory, &import, 0, services.clock.now()).await?;
                }
                return Ok(import);
            }
            Moved::LockLost => return Err(Problem::ImportAbandoned.into()),
            // It moved on by itself: look again.
            Moved::WrongState => attempts.again().await?,
        }
    }
}

/// Ends the import if nobody works on what it has planned; asks the worker to stop if one does.
async fn request(services: &Services, import: &mut Import) -> Api<Moved> {
    let (tenant, now, seen) = (services.tenant(&import.msp), services.clock.now(), import.state);
    match seen {
        ImportState::Executing => {
            import.cancelling = true;
            Ok(tenant.move_on(import, seen, now).await?)
        }
        ImportState::Fetching | ImportState::Review => {
            import.state = ImportState::Cancelled;
            import.ended_at = Some(now);
            Ok(tenant.end(import, seen, now).await?)
        }
        _ => Err(Problem::WrongState { state: seen }.into()),
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
