//! Snapshots that have been kept long enough (R67): the sweeper lets them expire.

use futures::{StreamExt, stream};
use lambda::metrics::listed;
use lambda::{Deadline, Services};
use store::StoreError;
use store::schedules::Due;
use tracing::{error, info};

/// How many are let expire at once. Each writes as many items as its snapshot has.
const EXPIRY_CONCURRENCY: usize = 4;

/// Lets expire what is due, until nothing is or the time of the run ends: what is left is due at the next sweep. Gives how many failed.
pub(crate) async fn expire_snapshots(services: &Services, deadline: Deadline) -> Result<usize, StoreError> {
    let (mut failed, mut after) = (0, None);
    while !deadline.is_near() {
        let (due, next) = services.store.expired_snapshots(services.clock.now(), after).await?;
        let mut expiries = stream::iter(listed(due))
            .map(|due| expire(services, due, deadline))
            .buffer_unordered(EXPIRY_CONCURRENCY);
        // One that fails must not keep the others waiting.
        while let Some(expired) = expiries.next().await {
            failed += usize::from(expired.is_err());
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    Ok(failed)
}

async fn expire(services: &Services, due: Due, deadline: Deadline) -> Result<(), StoreError> {
    if deadline.is_near() {
        return Ok(());
    }
    let tenant = services.tenant(&due.msp);
    let expired = tenant
        .expire_snapshot(&due.integration, services.clock.now())
        .await
        .inspect_err(|error| {
            error!(msp = %due.msp, integration = %due.integration, %error, "a snapshot could not be let expire");
        })?;
    if expired {
        info!(msp = %due.msp, integration = %due.integration, "the last snapshot has expired");
    }
    Ok(())
}
