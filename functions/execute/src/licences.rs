//! Licences of an import: reserved before the first change, released after the last (R46).

use directory::{Directory, DirectoryError, Reservation};
use domain::directory::ReservationId;
use domain::import::{Import, ImportState};
use futures::future::BoxFuture;
use jiff::Timestamp;
use lambda::Services;
use store::retry::Attempts;
use store::{StoreError, Tenant};

/// Reserves the licences the plan needs, all or nothing. If too few are free, first releases stale reservations: of imports that have
/// ended, and (after invalidating them) of earlier confirmations of this import.
pub(crate) async fn reserve<'a, E>(
    services: &Services,
    import: &Import,
    own: &ReservationId,
    needed: u64,
    invalidate_others: impl Fn() -> BoxFuture<'a, Result<(), E>>,
) -> Result<Reservation, E>
where
    E: From<StoreError> + From<DirectoryError>,
{
    let directory = services.remembered_directory(&import.msp).await?;
    if directory.reserve(own, needed).await? == Reservation::Made {
        return Ok(Reservation::Made);
    }
    let mut attempts = Attempts::at("reservation of licences");
    loop {
        release_leftovers::<E>(&services.tenant(&import.msp), &*directory, services.clock.now()).await?;
        let mut others = directory.reservations().await?;
        others.retain(|other| other.import() == import.id && other != own);
        let is_last = others.is_empty();
        if !is_last {
            // Only after listing: a listed confirmation already has its licences and will not invalidate us in turn.
            invalidate_others().await?;
        }
        for other in others {
            directory.release(&other, 0).await?;
        }
        match directory.reserve(own, needed).await? {
            // Another confirmation of this import was faster; it will not succeed any more.
            Reservation::Insufficient { .. } if !is_last => attempts.again().await?,
            outcome => return Ok(outcome),
        }
    }
}

/// Releases what a refused confirmation had reserved. Nothing else relies on it.
pub(crate) async fn release_refused(
    services: &Services,
    import: &Import,
    own: &ReservationId,
) -> Result<(), DirectoryError> {
    services.remembered_directory(&import.msp).await?.release(own, 0).await
}

/// Releases what was reserved for imports that have ended since (the confirmation died half-way, or was overtaken by the end of
/// its import), and for those in review to which nobody came back.
async fn release_leftovers<E>(tenant: &Tenant, directory: &dyn Directory, now: Timestamp) -> Result<(), E>
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

/// Releases the licences of an import that ends, less those that its plan used, and all that earlier confirmations, of it or of
/// imports that have ended, left behind.
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
    release_leftovers(tenant, directory, now).await
}
