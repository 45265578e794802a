//! Cancelling an import.

use api::{Api, ApiError, Caller, authorize, find_import};
use domain::ids::ImportId;
use domain::import::{Event, Import, ImportState};
use domain::problem::Problem;
use lambda::Services;
use store::imports::Moved;
use store::retry::Attempts;

use crate::licences;

/// Ends the import and releases the lock. An import that executes keeps the lock and is only asked to stop: once its
/// worker notices, it begins no further batch of users.
pub async fn cancel(services: &Services, caller: &Caller, id: &ImportId) -> Api<Import> {
    let (tenant, directory) = (
        services.tenant(&caller.msp),
        services.remembered_directory(&caller.msp).await?,
    );
    let mut attempts = Attempts::at("end of the import");
    loop {
        let mut import = find_import(services, caller, id).await?;
        // Any administrator may stop an import that no administrator has.
        if !import.has_no_administrator() {
            import = authorize(services, caller, import).await?;
        }
        if import.state == ImportState::Executing && import.cancelling {
            return Ok(import);
        }
        let now = services.clock.now();
        let requested = Event::CancelRequested(caller.person.clone());
        let cancelled = import.apply(requested, now).map_err(Problem::from)?;
        match tenant.transition(&cancelled, now).await? {
            Moved::Committed => {
                let import = cancelled.into_import();
                if import.state == ImportState::Cancelled {
                    // A confirmation that died half-way may have left a reservation.
                    licences::release::<ApiError>(&tenant, &*directory, &import, 0, now).await?;
                }
                return Ok(import);
            }
            Moved::LockLost => return Err(Problem::ImportAbandoned.into()),
            // It moved on by itself: look again.
            Moved::WrongState => attempts.again().await?,
        }
    }
}
