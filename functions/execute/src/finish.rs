//! The end of an execution: counts, licences, dates, and the lock.

use directory::{Directory, DirectoryError};
use domain::ids::PsaCompanyId;
use domain::import::{Ending, Event, Import};
use domain::plan::{CompanyStep, Counts, Outcome, Reason, RowOutcome, UserStep};
use lambda::metrics::count_ended;
use store::Tenant;
use store::imports::Moved;
use store::journal::{CompanyChunk, JournalEntry, SkippedCompany};
use tracing::info;
use worker::Stop;

use crate::context::Run;
use crate::licences;
use crate::record;

/// Items of the journal added up at once: a page of 1 MB of them is many times as much, unpacked.
const JOURNAL_PAGE_SIZE: i32 = 200;

/// The outcome of a row that was begun and not finished.
const GIVEN_UP: Outcome = Outcome::Failed(Reason::GivenUp);

/// What the journal adds up to.
#[derive(Default)]
struct Sum {
    counts: Counts,
    imported: Vec<PsaCompanyId>,
    /// Whether there is a row that was not applied because the import was given up.
    has_given_up: bool,
}

impl Sum {
    fn add(&mut self, chunk: &CompanyChunk) {
        self.counts += chunk.counts();
        let (company, mut outcomes) = (&chunk.plan.company, chunk.outcomes.iter());
        self.has_given_up |= outcomes
            .clone()
            .any(|row| row.outcome.reason() == Some(Reason::GivenUp));
        let imported = outcomes.any(|row| row.outcome.is_success());
        // The chunks of a large company come one after another.
        if imported && self.imported.last() != Some(company) {
            self.imported.push(company.clone());
        }
    }

    fn add_skipped(&mut self, skipped: SkippedCompany) {
        self.counts += skipped.counts();
        let mut named = skipped.rest.iter();
        self.has_given_up |= named.any(|row| row.row.outcome.reason() == Some(Reason::GivenUp));
        if skipped.is_unchanged() {
            self.imported.push(skipped.company);
        }
    }
}

/// What is known of the rows of an import that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Each has its outcome.
    AccountedFor,
    /// Some could not even be skipped.
    Unaccounted,
}

/// Ends the import: every step of it may be repeated.
pub(crate) async fn finish_import(run: &mut Run, rows: Rows) -> Result<(), Stop> {
    let sum = add_up(run).await?;
    let now = run.services.clock.now();
    licences::release::<Stop>(&run.tenant, &*run.directory, &run.import, sum.counts.users.created, now).await?;
    let integration = &run.import.integration;
    let dates = run.tenant.date_actions(integration, sum.imported, now).await?;
    let ending = match run.skip {
        Some(Reason::Cancelled) => Ending::Stopped,
        // A run before this one may have given rows up.
        None if !sum.has_given_up => Ending::Applied,
        // The fault passed while the import was being given up: nothing was left to skip.
        Some(_) if rows == Rows::AccountedFor && !run.import.abandoned && !sum.has_given_up => Ending::Applied,
        _ => given_up(run).await,
    };
    if run.skip.is_none() && ending == Ending::Applied {
        remember_absentees(run).await?;
    }
    let moved = run
        .worker()
        .transition(Event::Finished(ending, sum.counts), dates)
        .await?;
    // Refused: another worker has ended the import, and has counted it.
    if let Moved::Committed = moved {
        count_ended(&run.import, sum.counts);
    }
    info!(import = %run.import.id, ?ending, ?moved, "execution ended");
    Ok(())
}

/// Why the work was given up. If the directory rejects its key or does not answer, the import ends with that reason, which no row tells and
/// which is no fault of ours.
async fn given_up(run: &Run) -> Ending {
    match run.directory.answers().await {
        Err(error) if (error.is_of_key() || error.is_retryable()) && !run.import.abandoned => {
            Ending::Rejected(error.failure())
        }
        _ => Ending::GivenUp,
    }
}

/// Stores what this import has found absent, so that the next one can tell what is newly absent (R54). Only a finished import counts.
async fn remember_absentees(run: &Run) -> Result<(), Stop> {
    let before = run.tenant.absentees(&run.import.integration).await?;
    let after = run.tenant.found_absent(&run.import).await?;
    let writes = run.tenant.absentees_actions(&run.import.integration, before, after)?;
    if writes.is_empty() {
        return Ok(());
    }
    let mut tx = run.transaction()?;
    for write in writes {
        run.add(&mut tx, write).await?;
    }
    run.commit(tx).await
}

/// Adds up the journal. What was begun and could not be finished gets its outcomes there.
async fn add_up(run: &Run) -> Result<Sum, Stop> {
    let (tenant, import) = (&run.tenant, &run.import);
    let mut sum = Sum::default();
    let journal = tenant.journal_of(import);
    let (mut after, mut answers) = (None, true);
    let (mut begun, mut number) = (None, 0);
    loop {
        let (entries, next) = journal.page(after.as_ref(), Some(JOURNAL_PAGE_SIZE)).await?;
        for entry in entries {
            match entry {
                JournalEntry::Chunk(mut chunk) => {
                    // A company's chunks come in their order. Those without the first one were never begun.
                    if !chunk.more {
                        (begun, number) = (Some(chunk.plan.company.clone()), 0);
                    } else if begun.as_ref() == Some(&chunk.plan.company) {
                        number += 1;
                    } else {
                        continue;
                    }
                    if !chunk.is_done() {
                        let outcomes = of_unfinished((tenant, import), (&*run.directory, &mut answers), &chunk).await?;
                        let mut tx = run.transaction()?;
                        tenant.add_outcomes(&mut tx, import, (number, &mut chunk), outcomes)?;
                        // Its users were counted ahead.
                        let recount = tenant.recount_mappings(&import.integration, &chunk.plan.company);
                        if let Some(recount) = recount.await? {
                            tx.push(recount)?;
                        }
                        run.commit(tx).await?;
                    }
                    sum.add(&chunk);
                }
                JournalEntry::Skipped(skipped) => sum.add_skipped(skipped),
            }
        }
        after = next;
        if after.is_none() {
            return Ok(sum);
        }
    }
}

/// What is left of a chunk that was never finished: users that were to be created and whose address is taken now, in this very
/// company, were created, since nobody had those addresses before. The directory is looked at once more, as long as it `answers`.
async fn of_unfinished(
    (tenant, import): (&Tenant, &Import),
    (directory, answers): (&dyn Directory, &mut bool),
    chunk: &CompanyChunk,
) -> Result<Vec<RowOutcome>, Stop> {
    let managed = match &chunk.plan.step {
        // Users are created once the company is mapped.
        CompanyStep::Create => {
            let mapping = tenant.company_mapping(&import.integration, &chunk.plan.company).await?;
            mapping.map(|mapping| mapping.managed)
        }
        step => step.managed().map(|managed| managed.id.clone()),
    };
    let users = chunk.users_left();
    let created = users
        .iter()
        .filter(|user| user.step == UserStep::Create)
        .filter_map(|user| user.address.as_ref());
    let keys: Vec<_> = created.map(|address| address.key().clone()).collect();
    if let Some(managed) = managed.as_ref().filter(|_| *answers && !keys.is_empty()) {
        let is_down = |error: &DirectoryError| error.is_retryable() || error.is_of_key();
        *answers = !directory.look_again(managed).await.is_err_and(|error| is_down(&error));
    }
    let holders = directory.holders(&keys).await?.into_iter();
    let held: Vec<_> = holders
        .filter(|holder| Some(&holder.company) == managed.as_ref())
        .map(|holder| holder.address.key().clone())
        .collect();
    let company = chunk.is_company_left().then_some(GIVEN_UP);
    let outcomes = users.iter().map(|user| match &user.address {
        Some(address) if user.step == UserStep::Create && held.contains(address.key()) => Outcome::Created,
        _ => GIVEN_UP,
    });
    Ok(record::rows(company, users, outcomes))
}
