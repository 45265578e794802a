//! Pages from the PSA into the staging area, companies first, then contacts.

use std::sync::Arc;

use domain::psa::Totals;
use psa::Psa;
use store::checkpoint::Checkpoint;
use store::staging::MOST_BUCKETS;

use crate::work::{Position, Run, Stage, Stop, applied};

/// Contacts that are joined at once: what bounds the memory of making rows.
const PER_BUCKET: u64 = 4_000;

/// Reads pages until all have arrived; `false` when time ended first.
pub(crate) async fn read_all(run: &Run, checkpoint: &mut Checkpoint<Position>) -> Result<bool, Stop> {
    let psa = run
        .services
        .psa(&run.import.msp, &run.integration, run.deadline.0)
        .await
        .map_err(|error| Stop::Problem(error.into()))?;
    loop {
        if run.deadline.is_near() {
            return Ok(false);
        }
        match checkpoint.position.stage.clone() {
            Stage::Totals => {
                let totals = psa.totals(&run.import.filter).await?;
                checkpoint.progress.total = Some(totals.companies + totals.contacts);
                checkpoint.position.buckets = buckets(totals);
                checkpoint.position.totals = Some(totals);
                checkpoint.position.stage = Stage::Companies(None);
            }
            Stage::Companies(_) => read_companies(run, &psa, checkpoint).await?,
            Stage::Contacts(_) => read_contacts(run, &psa, checkpoint).await?,
            Stage::Rows(_) | Stage::Missing | Stage::Review => return Ok(true),
        }
    }
}

fn buckets(totals: Totals) -> usize {
    usize::try_from(totals.contacts.div_ceil(PER_BUCKET)).map_or(MOST_BUCKETS, |buckets| buckets.clamp(1, MOST_BUCKETS))
}

async fn read_companies(run: &Run, psa: &Arc<dyn Psa>, checkpoint: &mut Checkpoint<Position>) -> Result<(), Stop> {
    let Stage::Companies(from) = &checkpoint.position.stage else {
        return Ok(());
    };
    let expected = checkpoint.position.totals.map(|totals| totals.companies);
    let page = psa.companies(&run.import.filter, from.as_ref(), expected).await?;
    checkpoint.position.waits = 0;
    checkpoint.progress.pages += 1;
    checkpoint.progress.companies += page.items.len() as u64;
    checkpoint.position.stage = match page.next {
        Some(next) => Stage::Companies(Some(next)),
        None => Stage::Contacts(None),
    };
    let now = run.services.clock.now();
    applied(
        &run.tenant
            .stage_companies(&run.lease, &run.import, &page.items, checkpoint, now)
            .await?,
    )
}

async fn read_contacts(run: &Run, psa: &Arc<dyn Psa>, checkpoint: &mut Checkpoint<Position>) -> Result<(), Stop> {
    let Stage::Contacts(from) = &checkpoint.position.stage else {
        return Ok(());
    };
    let expected = checkpoint.position.totals.map(|totals| totals.contacts);
    let page = psa.contacts(&run.import.filter, from.as_ref(), expected).await?;
    checkpoint.position.waits = 0;
    checkpoint.progress.pages += 1;
    checkpoint.progress.contacts += page.items.len() as u64;
    checkpoint.position.stage = match page.next {
        Some(next) => Stage::Contacts(Some(next)),
        None => Stage::Rows(0),
    };
    let (now, buckets) = (run.services.clock.now(), checkpoint.position.buckets);
    applied(
        &run.tenant
            .stage_contacts(&run.lease, &run.import, page.items, buckets, checkpoint, now)
            .await?,
    )
}
