//! Pages from the PSA into the staging area, companies first, then contacts.

use domain::problem::Problem;
use domain::psa::{Cursor, Totals};
use psa::Psa;
use store::checkpoint::Checkpoint;
use store::staging::MAX_BUCKETS;
use worker::{Stop, fenced};

use crate::context::{Position, Run, Stage};

/// Contacts that are joined at once: what bounds the memory of making rows.
const CONTACTS_PER_BUCKET: u64 = 4_000;

/// Reads how many companies and contacts there are.
pub(crate) async fn read_totals(run: &Run, psa: &dyn Psa, checkpoint: &mut Checkpoint<Position>) -> Result<(), Stop> {
    // Nobody has checked the filter of an unattended import whose PSA did not answer when it started.
    if run.import.unattended && !run.import.filter.0.is_empty() {
        let attributes = psa.attributes().await?;
        run.import.filter.check(&attributes).map_err(Problem::from)?;
    }
    let totals = psa.totals(&run.import.filter).await?;
    checkpoint.progress.total = Some(totals.companies + totals.contacts);
    checkpoint.position.buckets = buckets(totals);
    checkpoint.position.totals = Some(totals);
    checkpoint.position.stage = Stage::Companies(None);
    Ok(())
}

fn buckets(totals: Totals) -> usize {
    usize::try_from(totals.contacts.div_ceil(CONTACTS_PER_BUCKET))
        .map_or(MAX_BUCKETS, |buckets| buckets.clamp(1, MAX_BUCKETS))
}

/// Reads a page of companies.
pub(crate) async fn read_companies(
    run: &Run,
    psa: &dyn Psa,
    from: Option<Cursor>,
    checkpoint: &mut Checkpoint<Position>,
) -> Result<(), Stop> {
    let expected = checkpoint.position.totals.map(|totals| totals.companies);
    let page = psa.companies(&run.import.filter, from.as_ref(), expected).await?;
    checkpoint.waited.reset();
    checkpoint.progress.pages += 1;
    checkpoint.progress.companies += page.items.len() as u64;
    checkpoint.position.stage = match page.next {
        Some(next) => Stage::Companies(Some(next)),
        None => Stage::Contacts(None),
    };
    let now = run.services.clock.now();
    fenced(
        &run.tenant
            .stage_companies(&run.lease, &run.import, &page.items, checkpoint, now)
            .await?,
    )
}

/// Reads a page of contacts.
pub(crate) async fn read_contacts(
    run: &Run,
    psa: &dyn Psa,
    from: Option<Cursor>,
    checkpoint: &mut Checkpoint<Position>,
) -> Result<(), Stop> {
    let expected = checkpoint.position.totals.map(|totals| totals.contacts);
    let page = psa.contacts(&run.import.filter, from.as_ref(), expected).await?;
    checkpoint.waited.reset();
    checkpoint.progress.pages += 1;
    checkpoint.progress.contacts += page.items.len() as u64;
    checkpoint.position.stage = match page.next {
        Some(next) => Stage::Contacts(Some(next)),
        None => Stage::Rows(0),
    };
    let (now, buckets) = (run.services.clock.now(), checkpoint.position.buckets);
    fenced(
        &run.tenant
            .stage_contacts(&run.lease, &run.import, page.items, buckets, checkpoint, now)
            .await?,
    )
}
