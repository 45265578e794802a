//! The sweeper: starts what is due by schedule, and takes up imports whose worker has died and whose execution did not notice.

use domain::import::Assignment;
use futures::{StreamExt, stream};
use lambda::metrics::{Metric, count, listed};
use lambda::{Deadline, Services, Swept};
use store::StoreError;
use store::sweep::UnderWay;
use tracing::{error, warn};

use crate::scheduled;

/// How many imports are looked at in one go.
const SWEEP_CONCURRENCY: usize = 16;

type Error = Box<dyn std::error::Error + Send + Sync>;

pub(crate) async fn sweep(services: Services, deadline: Deadline) -> Result<Swept, Error> {
    // Dead workers first: there are few, and what is due may take all the time there is.
    let under_way = take_up_all(&services).await;
    let scheduled = scheduled::start_due(&services, deadline).await;
    count(Metric::Sweeps, 1);
    let (under_way, taken_up) = under_way?;
    if scheduled.failed > 0 {
        return Err(format!(
            "{} of {} integrations could not be looked at",
            scheduled.failed, scheduled.due
        )
        .into());
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
    if failed > 0 {
        return Err(format!("{failed} of {under_way} imports could not be looked at").into());
    }
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
