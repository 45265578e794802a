//! Pages from the PSA into the staging area, companies first, then contacts.

use domain::problem::{Limited, Problem};
use domain::psa::{Cursor, Totals};
use futures::TryStreamExt;
use psa::Psa;
use store::checkpoint::Checkpoint;
use store::staging::MAX_BUCKETS;
use worker::{Stop, fenced};

use crate::context::{Position, Run, Stage};

/// Contacts that are joined at once: what bounds the memory of making rows.
const CONTACTS_PER_BUCKET: u64 = 4_000;

/// Checks the filter of an import that nobody waits for. An administrator who starts one gets the error at once.
pub(crate) async fn check_filter(run: &Run, psa: &dyn Psa) -> Result<(), Stop> {
    let filter = &run.import.filter;
    if run.import.unattended && !filter.0.is_empty() {
        filter.check(&psa.attributes().await?).map_err(Problem::from)?;
    }
    Ok(())
}

/// Reads how many companies and contacts there are.
pub(crate) async fn read_totals(run: &Run, psa: &dyn Psa, checkpoint: &mut Checkpoint<Position>) -> Result<(), Stop> {
    run.learn_tenant(psa).await?;
    let totals = psa.totals(&run.import.filter).await?;
    Limited::Companies.check(totals.companies)?;
    Limited::Contacts.check(totals.contacts)?;
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

/// Reads companies, for as long as the run has time.
pub(crate) async fn read_companies(
    run: &Run,
    psa: &dyn Psa,
    from: Option<Cursor>,
    checkpoint: &mut Checkpoint<Position>,
) -> Result<(), Stop> {
    let expected = checkpoint.position.totals.map(|totals| totals.companies);
    let mut pages = psa.companies(&run.import.filter, from.as_ref(), expected);
    while !run.deadline.is_near()
        && let Some(page) = pages.try_next().await?
    {
        checkpoint.waits.reset();
        checkpoint.progress.pages += 1;
        checkpoint.progress.companies += page.items.len() as u64;
        // A PSA may count few and then serve pages without end.
        Limited::Companies.check(checkpoint.progress.companies)?;
        checkpoint.position.stage = match page.next {
            Some(next) => Stage::Companies(Some(next)),
            None => Stage::Contacts(None),
        };
        let now = run.services.clock.now();
        let staged = run
            .tenant
            .stage_companies(&run.lease, &run.import, &page.items, checkpoint, now);
        fenced(&staged.await?)?;
    }
    Ok(())
}

/// Reads contacts, for as long as the run has time.
pub(crate) async fn read_contacts(
    run: &Run,
    psa: &dyn Psa,
    from: Option<Cursor>,
    checkpoint: &mut Checkpoint<Position>,
) -> Result<(), Stop> {
    let expected = checkpoint.position.totals.map(|totals| totals.contacts);
    let mut pages = psa.contacts(&run.import.filter, from.as_ref(), expected);
    while !run.deadline.is_near()
        && let Some(page) = pages.try_next().await?
    {
        checkpoint.waits.reset();
        checkpoint.progress.pages += 1;
        checkpoint.progress.contacts += page.items.len() as u64;
        Limited::Contacts.check(checkpoint.progress.contacts)?;
        checkpoint.position.contact_has_company |= page.items.iter().any(|contact| contact.company.is_some());
        checkpoint.position.stage = match page.next {
            Some(next) => Stage::Contacts(Some(next)),
            None => Stage::Rows(0),
        };
        let (now, buckets) = (run.services.clock.now(), checkpoint.position.buckets);
        let staged = run
            .tenant
            .stage_contacts(&run.lease, &run.import, page.items, buckets, checkpoint, now);
        fenced(&staged.await?)?;
    }
    Ok(())
}
