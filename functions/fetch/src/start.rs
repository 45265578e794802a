//! Starting an import: the filter, the lock (R2, R7, R44, R45).

use api::{Api, read_attributes};
use domain::ids::IdempotencyKey;
use domain::import::Import;
use domain::integration::Integration;
use domain::problem::Problem;
use lambda::Services;
use lambda::metrics::{Metric, count};
use store::imports::Started;
use tracing::info;

/// Checks that an import can be made, and takes the lock for it.
pub(crate) async fn begin(
    services: &Services,
    integration: &Integration,
    import: &Import,
    key: Option<&IdempotencyKey>,
) -> Api<Started> {
    let tenant = services.tenant(&import.msp);
    // Check lock and idempotency key before calling the PSA, so that a refused or repeated start answers at once.
    match key {
        Some(key) => {
            if let Some(known) = tenant.already_started_by(&integration.id, key).await? {
                return Ok(Started::Already(known));
            }
        }
        None => {
            if let Some(holder) = tenant.holder(&integration.id, services.clock.now()).await? {
                count(Metric::LockRefusals, 1);
                return Ok(Started::Locked(holder));
            }
        }
    }
    if services.secrets.read(&import.msp, &integration.id).await?.is_none() {
        return Err(Problem::CredentialsRequired { field: None }.into());
    }
    if !import.filter.0.is_empty() {
        match read_attributes(services, &import.msp, integration).await {
            Ok(attributes) => import.filter.check(&attributes).map_err(Problem::from)?,
            // The worker waits for the PSA, and checks the filter then.
            Err(error) if import.unattended && error.problem.is_fault_of_psa() => {
                info!(import = %import.id, %error, "the PSA does not answer: the filter is checked later");
            }
            Err(error) => return Err(error),
        }
    }
    let started = tenant.start(import, key, services.clock.now()).await?;
    match started {
        Started::Running => count(Metric::ImportsStarted, 1),
        Started::Locked(_) => count(Metric::LockRefusals, 1),
        Started::Already(_) => {}
    }
    Ok(started)
}
