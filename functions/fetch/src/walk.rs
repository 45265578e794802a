//! Pages from the PSA into memory, companies first, then contacts.

use domain::problem::{Limited, Problem};
use domain::psa::Cursor;
use psa::Psa;
use store::checkpoint::Checkpoint;
use store::snapshot::pages::Pages;
use worker::Stop;

use crate::context::{Position, Run, Stage};

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
    checkpoint.position.totals = Some(totals);
    checkpoint.position.stage = Stage::Companies(None);
    Ok(())
}

/// Reads a page of companies.
pub(crate) async fn read_companies(
    run: &Run,
    psa: &dyn Psa,
    (from, pages): (Option<Cursor>, &mut Pages),
    checkpoint: &mut Checkpoint<Position>,
) -> Result<(), Stop> {
    let expected = checkpoint.position.totals.map(|totals| totals.companies);
    let page = psa.companies(&run.import.filter, from.as_ref(), expected).await?;
    checkpoint.waited.reset();
    checkpoint.progress.pages += 1;
    checkpoint.progress.companies += page.items.len() as u64;
    // A PSA may count few and then serve pages without end.
    Limited::Companies.check(checkpoint.progress.companies)?;
    checkpoint.position.stage = match page.next {
        Some(next) => Stage::Companies(Some(next)),
        None => Stage::Contacts(None),
    };
    pages.add_companies(&page.items)?;
    Ok(())
}

/// Reads a page of contacts.
pub(crate) async fn read_contacts(
    run: &Run,
    psa: &dyn Psa,
    (from, pages): (Option<Cursor>, &mut Pages),
    checkpoint: &mut Checkpoint<Position>,
) -> Result<(), Stop> {
    let expected = checkpoint.position.totals.map(|totals| totals.contacts);
    let page = psa.contacts(&run.import.filter, from.as_ref(), expected).await?;
    checkpoint.waited.reset();
    checkpoint.progress.pages += 1;
    checkpoint.progress.contacts += page.items.len() as u64;
    Limited::Contacts.check(checkpoint.progress.contacts)?;
    checkpoint.position.contact_has_company |= page.items.iter().any(|contact| contact.company.is_some());
    checkpoint.position.stage = match page.next {
        Some(next) => Stage::Contacts(Some(next)),
        None => Stage::Rows,
    };
    pages.add_contacts(page.items)?;
    Ok(())
}
