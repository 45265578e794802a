//! Licences of an import: set aside before the first change, settled after the last (R46).

use directory::{Directory, DirectoryError, Reservation};
use domain::directory::ReservationId;
use domain::import::Import;
use domain::problem::Problem;
use runtime::{Api, ApiError, Services};
use store::{StoreError, Tenant};

fn of(import: &Import) -> ReservationId {
    ReservationId::of(&import.id, import.plan_hash.as_deref().unwrap_or_default())
}

/// Sets aside what the plan needs, all or none. Before refusing, gives back what confirmations left behind that died before
/// their import began.
pub(crate) async fn reserve(services: &Services, import: &Import, needed: u64) -> Api<()> {
    let directory = services.directory(&import.msp);
    if directory.reserve(&of(import), needed).await? == Reservation::Made {
        return Ok(());
    }
    give_back_leftovers::<ApiError>(&services.tenant(&import.msp), &*directory).await?;
    match directory.reserve(&of(import), needed).await? {
        Reservation::Made => Ok(()),
        Reservation::Insufficient { available } => Err(Problem::InsufficientLicences { needed, available }.into()),
    }
}

/// Gives back what was set aside for a plan that is not carried out.
pub(crate) async fn give_back(services: &Services, import: &Import) -> Api<()> {
    Ok(services.directory(&import.msp).settle(&of(import), 0).await?)
}

/// Gives back what was set aside for imports that have ended since: the confirmation died half-way, or was overtaken by the
/// end of its import.
async fn give_back_leftovers<E>(tenant: &Tenant, directory: &dyn Directory) -> Result<(), E>
where
    E: From<StoreError> + From<DirectoryError>,
{
    for reservation in directory.reservations().await? {
        let owner = tenant.import(&reservation.import()).await?;
        if owner.is_none_or(|owner| owner.state.is_final()) {
            directory.settle(&reservation, 0).await?;
        }
    }
    Ok(())
}

/// Settles an import that ends: what its plan used, and all that earlier confirmations, of it or of imports that have
/// ended, left behind.
pub(crate) async fn settle<E>(tenant: &Tenant, directory: &dyn Directory, import: &Import, used: u64) -> Result<(), E>
where
    E: From<StoreError> + From<DirectoryError>,
{
    let own = of(import);
    for reservation in directory.reservations().await? {
        if reservation == own {
            directory.settle(&reservation, used).await?;
        } else if reservation.import() == import.id {
            directory.settle(&reservation, 0).await?;
        }
    }
    give_back_leftovers(tenant, directory).await
}
