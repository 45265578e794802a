//! Licences of an import: set aside before the first change, settled after the last (R46).

use api::{Api, ApiError};
use directory::{Directory, DirectoryError, Reservation};
use domain::directory::ReservationId;
use domain::import::{Import, ImportState};
use domain::problem::Problem;
use futures::future::BoxFuture;
use jiff::Timestamp;
use lambda::Services;
use store::retry::Attempts;
use store::{StoreError, Tenant};

/// Sets aside what the plan needs, all or none, for the confirmation that `import` names. Before refusing, gives back what others
/// left behind that died before their import began: of imports that have ended, and, once `invalidate_others` has made sure that none of
/// them can succeed any more, of this import.
pub(crate) async fn reserve<'a>(
    services: &Services,
    import: &Import,
    own: &ReservationId,
    needed: u64,
    invalidate_others: impl Fn() -> BoxFuture<'a, Api<()>>,
) -> Api<()> {
    let directory = services.directory(&import.msp);
    if directory.reserve(own, needed).await? == Reservation::Made {
        return Ok(());
    }
    let mut attempts = Attempts::at("reservation of licences");
    loop {
        give_back_leftovers::<ApiError>(&services.tenant(&import.msp), &*directory, services.clock.now()).await?;
        let mut others = directory.reservations().await?;
        others.retain(|other| other.import() == import.id && other != own);
        let is_last = others.is_empty();
        if !is_last {
            // After the list was made: whoever is in it has its licences, and so does not invalidate_others any more in turn.
            invalidate_others().await?;
        }
        for other in others {
            directory.release(&other, 0).await?;
        }
        match directory.reserve(own, needed).await? {
            Reservation::Made => return Ok(()),
            Reservation::Insufficient { available } if is_last => {
                return Err(Problem::InsufficientLicences { needed, available }.into());
            }
            // Another confirmation of this import was faster; it will not succeed any more.
            Reservation::Insufficient { .. } => attempts.again().await?,
        }
    }
}

/// Gives back what a confirmation set aside that was refused. Nobody else relies on it.
pub(crate) async fn give_back(services: &Services, import: &Import, own: &ReservationId) -> Api<()> {
    Ok(services.directory(&import.msp).release(own, 0).await?)
}

/// Gives back what was set aside for imports that have ended since (the confirmation died half-way, or was overtaken by the end of
/// its import), and for those in review to which nobody came back.
async fn give_back_leftovers<E>(tenant: &Tenant, directory: &dyn Directory, now: Timestamp) -> Result<(), E>
where
    E: From<StoreError> + From<DirectoryError>,
{
    for reservation in directory.reservations().await? {
        let is_left = match tenant.import(&reservation.import()).await? {
            None => true,
            Some(owner) if owner.state == ImportState::Review => tenant.invalidate_lapsed(&owner, now).await?,
            Some(owner) => owner.state.is_final(),
        };
        if is_left {
            directory.release(&reservation, 0).await?;
        }
    }
    Ok(())
}

/// Settles an import that ends: what its plan used, and all that earlier confirmations, of it or of imports that have
/// ended, left behind.
pub(crate) async fn release<E>(
    tenant: &Tenant,
    directory: &dyn Directory,
    import: &Import,
    used: u64,
    now: Timestamp,
) -> Result<(), E>
where
    E: From<StoreError> + From<DirectoryError>,
{
    for reservation in directory.reservations().await? {
        if import.reservation.as_ref() == Some(&reservation) {
            directory.release(&reservation, used).await?;
        } else if reservation.import() == import.id {
            directory.release(&reservation, 0).await?;
        }
    }
    give_back_leftovers(tenant, directory, now).await
}
