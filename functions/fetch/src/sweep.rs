//! Takes up imports whose worker has died and whose execution did not notice.

use domain::import::Assignment;
use futures::{StreamExt, TryStreamExt, stream};
use runtime::metrics::{Metric, count};
use runtime::{Services, Swept};
use store::sweep::UnderWay;
use tracing::warn;

/// How many imports are looked at in one go.
const AT_ONCE: usize = 16;

type Error = Box<dyn std::error::Error + Send + Sync>;

pub(crate) async fn sweep(services: Services) -> Result<Swept, Error> {
    let mut found = services.store.under_way(Assignment::Fetch).await?;
    found.extend(services.store.under_way(Assignment::Execute).await?);
    let under_way = found.len();
    let taken_up = stream::iter(found)
        .map(|import| take_up(services.clone(), import))
        .buffer_unordered(AT_ONCE)
        .try_fold(0, |sum, taken_up| async move { Ok(sum + usize::from(taken_up)) })
        .await?;
    Ok(Swept { under_way, taken_up })
}

async fn take_up(services: Services, import: UnderWay) -> Result<bool, Error> {
    let taken_up = services
        .tenant(&import.msp)
        .take_up(&import, services.clock.now())
        .await?;
    if taken_up {
        count(Metric::ImportsTakenUp, 1);
        warn!(msp = %import.msp, import = %import.id, "nobody works on this import any more: its worker is called again");
    }
    Ok(taken_up)
}
