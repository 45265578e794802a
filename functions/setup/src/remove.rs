//! Removing an integration (R52).

use api::{Api, Caller};
use domain::ids::IntegrationId;
use domain::integration::RemovedIntegration;
use domain::problem::Problem;
use lambda::Services;
use store::removal::Removal;

/// Removes an integration, then its credentials. Repeated, it removes what is left; so does the sweeper.
pub async fn remove(services: &Services, caller: &Caller, id: &IntegrationId) -> Api<RemovedIntegration> {
    let (tenant, now) = (services.tenant(&caller.msp), services.clock.now());
    let removed = match tenant.remove_integration(id, &caller.person, now).await? {
        Removal::Removed(removed) => *removed,
        Removal::Locked(holder) => return Err(Problem::IntegrationLocked(holder).into()),
        Removal::NotFound => return Err(Problem::IntegrationNotFound.into()),
    };
    let secret = &removed.integration.secret;
    services.secrets.delete(&caller.msp, secret).await?;
    tenant.secret_deleted(secret, now).await?;
    Ok(removed)
}
