//! The sweeper: starts what is due by schedule, takes up imports whose worker has died and whose execution did not notice, lets old
//! snapshots expire, and deletes secrets that no integration has and what integrations have left that were removed long ago.

use domain::import::Assignment;
use futures::{StreamExt, stream};
use lambda::metrics::{Metric, count, listed};
use lambda::{Deadline, Services, Swept};
use store::StoreError;
use store::sweep::UnderWay;
use tracing::{error, info, warn};

use crate::{expired, scheduled};

/// How many imports are looked at in one go.
const SWEEP_CONCURRENCY: usize = 16;

/// How many items of removed integrations are deleted in one go: it takes a few seconds, and the rest waits for the next sweep.
const FORGOTTEN_ITEMS: usize = 2_000;

type Error = Box<dyn std::error::Error + Send + Sync>;

pub(crate) async fn sweep(services: Services, deadline: Deadline) -> Result<Swept, Error> {
    // Dead workers first: there are few, and what is due may take all the time there is.
    let under_way = take_up_all(&services).await;
    let scheduled = scheduled::start_due(&services, deadline).await;
    // Last: a day later is soon enough.
    let unexpired = expired::expire_snapshots(&services, deadline).await;
    count(Metric::Sweeps, 1);
    let (under_way, taken_up) = under_way?;
    if scheduled.failed > 0 {
        return Err(format!(
            "{} of {} integrations could not be looked at",
            scheduled.failed, scheduled.due
        )
        .into());
    }
    match unexpired? {
        0 => {}
        failed => return Err(format!("{failed} snapshots could not be let expire").into()),
    }
    Ok(Swept {
        under_way,
        taken_up,
        due: scheduled.due,
        started: scheduled.started,
    })
}

/// How many imports are under way, and how many of them were taken up.
async fn take_up_all(services: &Services) -> Result<(usize, usize), Error> {
    let mut found = listed(services.store.under_way(Assignment::Fetch).await?);
    found.extend(listed(services.store.under_way(Assignment::Execute).await?));
    let under_way = found.len();
    let looked_at: Vec<Result<bool, StoreError>> = stream::iter(found)
        .map(|import| take_up(services.clone(), import))
        .buffer_unordered(SWEEP_CONCURRENCY)
        .collect()
        .await;
    // One that cannot be looked at must not keep the others waiting; the alarm on errors tells of it.
    let failed = looked_at.iter().filter(|looked_at| looked_at.is_err()).count();
    let secrets = delete_loose_secrets(services).await;
    let forgotten = forget_removed(services).await;
    if failed > 0 {
        return Err(format!("{failed} of {under_way} imports could not be looked at").into());
    }
    secrets?;
    forgotten?;
    let taken_up = looked_at
        .iter()
        .filter(|looked_at| matches!(looked_at, Ok(true)))
        .count();
    Ok((under_way, taken_up))
}

async fn take_up(services: Services, import: UnderWay) -> Result<bool, StoreError> {
    let tenant = services.tenant(&import.msp);
    let taken_up = tenant.take_up(&import, services.clock.now()).await;
    let taken_up =
        taken_up.inspect_err(|error| error!(import = %import.id, %error, "an import could not be looked at"))?;
    if taken_up {
        count(Metric::ImportsTakenUp, 1);
        warn!(msp = %import.msp, import = %import.id, "nobody works on this import any more: its worker is called again");
    }
    Ok(taken_up)
}

/// Deletes the credentials that a call which connects or removes an integration has left behind.
async fn delete_loose_secrets(services: &Services) -> Result<(), StoreError> {
    for loose in listed(services.store.loose_secrets().await?) {
        let (tenant, now) = (services.tenant(&loose.msp), services.clock.now());
        if tenant.claim_secret(&loose.id, now).await? {
            services.secrets.delete(&loose.msp, &loose.id).await?;
            tenant.secret_deleted(&loose.id, now).await?;
            info!(msp = %loose.msp, "credentials that no integration has were deleted");
        }
    }
    Ok(())
}

/// Deletes what integrations have left that were removed long ago, a part of it each time.
async fn forget_removed(services: &Services) -> Result<(), StoreError> {
    let (now, mut left) = (services.clock.now(), FORGOTTEN_ITEMS);
    for forgotten in listed(services.store.forgotten(now).await?) {
        let deleted = services.tenant(&forgotten.msp).forget(&forgotten.id, now, left).await?;
        if deleted > 0 {
            info!(msp = %forgotten.msp, integration = %forgotten.id, deleted, "what a removed integration had left was deleted");
        }
        left = left.saturating_sub(deleted);
    }
    Ok(())
}
