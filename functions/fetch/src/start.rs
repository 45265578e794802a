//! Starting an import: the filter, the lock (R2, R7, R44, R45).

use api::{Api, admit_psa_call, read_attributes};
use domain::ids::IdempotencyKey;
use domain::import::Import;
use domain::integration::Integration;
use domain::problem::Problem;
use lambda::Services;
use lambda::metrics::{Metric, count};
use store::imports::Started;

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
            if integration.paused {
                return Ok(Started::Paused);
            }
        }
        None => {
            if let Some(holder) = tenant.holder(&integration.id, services.clock.now()).await? {
                count(Metric::LockRefusals, 1);
                return Ok(Started::Locked(holder));
            }
        }
    }
    if services.secrets.read(&import.msp, &integration.secret).await?.is_none() {
        return Err(Problem::CredentialsRequired { field: None }.into());
    }
    // Nobody waits for the answer to an event, so a PSA that fails just then must cost nothing: the worker checks the filter.
    if key.is_none() {
        let deadline = admit_psa_call(services, &import.msp).await?;
        if !import.filter.0.is_empty() {
            let attributes = read_attributes(services, &import.msp, integration, deadline).await?;
            import.filter.check(&attributes).map_err(Problem::from)?;
        }
    }
    let started = tenant.start(import, key, services.clock.now()).await?;
    match started {
        Started::Running => count(Metric::ImportsStarted, 1),
        Started::Locked(_) => count(Metric::LockRefusals, 1),
        Started::Already(_) | Started::Paused | Started::Removed => {}
    }
    Ok(started)
}
