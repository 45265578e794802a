//! Pages from the PSA into memory, companies first, then contacts.

use std::time::Duration;

use domain::import::Assignment;
use domain::problem::Problem;
use domain::psa::{Cursor, Page, PsaFailure};
use futures::TryStreamExt;
use jiff::Timestamp;
use lambda::Deadline;
use psa::Psa;
use store::checkpoint::Checkpoint;
use store::snapshot::pages::Pages;
use tokio::time::timeout_at;
use worker::{Stop, fenced};

use crate::changed::Changed;
use crate::context::{Position, Run, Stage};

/// How often the progress is noted: well within a worker's lease, which that renews.
const NOTE_EVERY: Duration = Duration::from_secs(10);

/// Packed bytes that are surely saved within a second: a partition takes 500,000 in transactions.
const SAVED_BYTES_A_SECOND: usize = 250_000;

/// What a run holds of the PSA.
#[derive(Default)]
pub(crate) struct Read {
    /// The pages that were read so far, by this run and those before it.
    pub pages: Pages,
    /// What was noted of the progress.
    pub noted: Noted,
    /// What the pages rest on, if they are not those of a walk.
    pub changed: Option<Box<Changed>>,
}

/// When the progress was last noted.
#[derive(Default)]
pub(crate) struct Noted(Option<Timestamp>);

impl Read {
    /// Begins with what earlier runs have saved.
    pub(crate) fn of(pages: Pages) -> Self {
        Self {
            pages,
            ..Self::default()
        }
    }

    /// When a run has to end so that the pages can be saved which would be lost with it.
    pub(crate) fn deadline(&self, of_run: Deadline) -> Deadline {
        if self.changed.is_some() {
            return of_run;
        }
        let seconds = self.pages.unsaved_bytes() / SAVED_BYTES_A_SECOND;
        of_run.earlier(Duration::from_secs(seconds as u64))
    }

    /// Saves the pages that would be lost with the run, and the checkpoint behind them. Returns whether it has written anything.
    pub(crate) async fn save(&mut self, run: &Run, checkpoint: &mut Checkpoint<Position>) -> Result<bool, Stop> {
        // Changes are read again by the next run, which takes a few requests.
        if self.changed.is_some() {
            if matches!(checkpoint.position.stage, Stage::Rows) {
                checkpoint.position.stage = Stage::Totals;
            }
            return Ok(false);
        }
        if !self.pages.has_unsaved() {
            return Ok(false);
        }
        checkpoint.position.saved = self.pages.all_saved();
        let now = || run.services.clock.now();
        let saved = run
            .tenant
            .save_pages(&run.lease, &run.import, &mut self.pages, checkpoint, now);
        fenced(&saved.await?)?;
        Ok(true)
    }
}

impl Noted {
    /// Notes the progress now and then, for people to watch.
    pub(crate) async fn note(&mut self, run: &Run, checkpoint: &Checkpoint<Position>) -> Result<(), Stop> {
        let now = run.services.clock.now();
        if self.0.is_some_and(|noted| now < noted + NOTE_EVERY) {
            return Ok(());
        }
        let mut tx = run.transaction()?;
        run.tenant
            .note_progress(&mut tx, &run.import, Assignment::Fetch, &checkpoint.progress)?;
        run.commit(tx).await?;
        self.0 = Some(now);
        Ok(())
    }
}

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
    run.learn_system(psa).await?;
    run.services.psa_limits.check_companies(totals.companies)?;
    run.services.psa_limits.check_contacts(totals.contacts)?;
    checkpoint.progress.total = Some(totals.companies + totals.contacts);
    checkpoint.position.totals = Some(totals);
    // What changes from here on may be missed by the walk.
    checkpoint.position.as_of = psa.first_answer();
    checkpoint.position.began_at = Some(run.services.clock.now());
    checkpoint.position.stage = Stage::Companies(None);
    Ok(())
}

/// The next page; `None` behind the last one, or when the time is near that is needed to save those so far.
async fn next_page<T>(
    pages: &mut psa::Pages<'_, T>,
    until: Deadline,
    of_run: Deadline,
) -> Result<Option<Page<T>>, PsaFailure> {
    if until.is_near() {
        return Ok(None);
    }
    // With nothing to save a page may take until the end of the run: the client ends its requests, and says what it waited for.
    if until.0 == of_run.0 {
        return pages.try_next().await;
    }
    let page = timeout_at(until.0.into(), pages.try_next()).await;
    page.unwrap_or(Ok(None))
}

/// Reads companies, for as long as the run has time.
pub(crate) async fn read_companies(
    run: &Run,
    psa: &dyn Psa,
    from: Option<Cursor>,
    read: &mut Read,
    checkpoint: &mut Checkpoint<Position>,
) -> Result<(), Stop> {
    let expected = checkpoint.position.totals.map(|totals| totals.companies);
    let mut pages = psa.companies(&run.import.filter, from.as_ref(), expected);
    while let Some(page) = next_page(&mut pages, read.deadline(run.deadline), run.deadline).await? {
        checkpoint.waited.reset();
        checkpoint.progress.pages += 1;
        checkpoint.progress.companies += page.items.len() as u64;
        // A PSA may count few and then serve pages without end.
        run.services.psa_limits.check_companies(checkpoint.progress.companies)?;
        checkpoint.position.stage = match page.next {
            Some(next) => Stage::Companies(Some(next)),
            None => Stage::Contacts(None),
        };
        read.pages.add_companies(&page.items)?;
        read.noted.note(run, checkpoint).await?;
    }
    Ok(())
}

/// Reads contacts, for as long as the run has time.
pub(crate) async fn read_contacts(
    run: &Run,
    psa: &dyn Psa,
    from: Option<Cursor>,
    read: &mut Read,
    checkpoint: &mut Checkpoint<Position>,
) -> Result<(), Stop> {
    let expected = checkpoint.position.totals.map(|totals| totals.contacts);
    let mut pages = psa.contacts(&run.import.filter, from.as_ref(), expected);
    while let Some(page) = next_page(&mut pages, read.deadline(run.deadline), run.deadline).await? {
        checkpoint.waited.reset();
        checkpoint.progress.pages += 1;
        checkpoint.progress.contacts += page.items.len() as u64;
        run.services.psa_limits.check_contacts(checkpoint.progress.contacts)?;
        checkpoint.position.contact_has_company |= page.items.iter().any(|contact| contact.company.is_some());
        checkpoint.position.stage = match page.next {
            Some(next) => Stage::Contacts(Some(next)),
            None => Stage::Rows,
        };
        read.pages.add_contacts(&page.items)?;
        read.noted.note(run, checkpoint).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use domain::ids::{PsaCompanyId, PsaContactId};
    use domain::psa::PsaContact;
    use futures::{StreamExt, stream};

    use super::*;

    /// A contact whose name does not pack.
    fn contact(number: usize) -> PsaContact {
        let mut rng = fastrand::Rng::with_seed(number as u64);
        PsaContact {
            id: PsaContactId::new(number.to_string()),
            company: Some(PsaCompanyId::new("1")),
            name: (0..250).map(|_| rng.alphanumeric()).collect(),
            active: true,
            addresses: Vec::new(),
            values: Vec::new(),
        }
    }

    #[tokio::test]
    async fn r10_a_slow_page_leaves_the_time_to_save_the_others() {
        let of_run = Deadline(Instant::now() + Duration::from_mins(5));
        let until = Deadline(Instant::now() + Duration::from_millis(50));
        let mut never = stream::pending::<Result<Page<PsaContact>, PsaFailure>>().boxed();
        let next = tokio::time::timeout(Duration::from_secs(30), next_page(&mut never, until, of_run));
        assert!(next.await.expect("it waits for the page").unwrap().is_none());
    }

    #[test]
    fn r10_a_run_ends_earlier_the_more_pages_it_has_to_save() {
        let deadline = Deadline(Instant::now() + Duration::from_mins(5));
        let mut read = Read::default();
        assert_eq!(read.deadline(deadline).0, deadline.0);
        let mut before = deadline;
        for page in 0..4 {
            let contacts = (0..2_000).map(|number| contact(page * 2_000 + number));
            read.pages.add_contacts(&contacts.collect::<Vec<_>>()).unwrap();
            let now = read.deadline(deadline);
            assert!(now.0 < before.0, "as early as with fewer pages");
            before = now;
        }
        let time = deadline.0 - before.0;
        let bytes = read.pages.unsaved_bytes();
        assert!(bytes > 1_000_000, "{bytes}");
        assert_eq!(time, Duration::from_secs((bytes / SAVED_BYTES_A_SECOND) as u64));
        // Saved pages take no time.
        let saved = Read::of(Pages::default());
        assert_eq!(saved.deadline(deadline).0, deadline.0);
    }
}
