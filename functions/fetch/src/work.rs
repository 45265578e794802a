//! The worker: from wherever the last run stopped to a complete snapshot (R8–R11).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::import::{Assignment, Event};
use domain::not_in::FoundAbsent;
use domain::problem::Problem;
use domain::reading::{FullReadReason, Reading};
use lambda::metrics::{Metric, Mishap, count, count_mishap};
use lambda::{Deadline, Services, Work, WorkOutcome};
use psa::Psa;
use store::StoreError;
use store::checkpoint::Checkpoint;
use store::imports::Moved;
use store::snapshot::pages::Saved;
use store::waited::WaitReason;
use tokio::sync::OnceCell;
use tracing::{info, warn};
use worker::{Acquired, Failed, Job, Next, Stop, Wait};

use crate::context::{DirectoryStage, Position, Run, Stage};
use crate::walk::Read;
use crate::{changes, read_directory as directory, snapshot, walk};

/// How long to wait before checking again whether the previous import has ended.
const PREVIOUS_IMPORT_WAIT: Duration = Duration::from_secs(15);

/// Checks before this import gives up waiting for the previous one: two hours.
const MAX_PREVIOUS_IMPORT_WAITS: u32 = 480;

pub(crate) async fn work(services: Services, work: Work, deadline: Deadline) -> Result<WorkOutcome, worker::Error> {
    match worker::acquire(services, work, deadline, Assignment::Fetch).await? {
        Acquired::Run(run) => worker::work_on::<Fetch>(*run).await,
        Acquired::Nothing(outcome) => Ok(outcome),
    }
}

/// Downloads a snapshot.
struct Fetch {
    run: Run,
    /// Set once the previous import has ended.
    may_begin: bool,
    psa: OnceCell<Arc<dyn Psa>>,
    read: Read,
    /// Whether the directory is another system.
    is_of_directory: bool,
}

#[async_trait]
impl Job for Fetch {
    const ASSIGNMENT: Assignment = Assignment::Fetch;
    type Position = Position;

    async fn open(run: &worker::Run, checkpoint: Option<&Checkpoint<Position>>) -> Result<Self, Stop> {
        let integration = run.tenant.integration(&run.import.integration).await?;
        let fetch = Self {
            run: Run {
                worker: run.clone(),
                integration: integration.ok_or(Problem::IntegrationNotFound)?,
            },
            may_begin: false,
            psa: OnceCell::new(),
            is_of_directory: false,
            read: match checkpoint {
                // Pages that expire are not read: the first step ends the import.
                Some(checkpoint)
                    if checkpoint.position.saved != Saved::default()
                        && run.services.clock.now() < run.import.staged_until() =>
                {
                    Read::of(run.tenant.pages(&run.import, checkpoint.position.saved).await?)
                }
                _ => Read::default(),
            },
        };
        // Once: a run that waited before the first page has written a checkpoint, or has been handed the account of its waits.
        if checkpoint.is_none() && !run.waited.any() && !run.give_up {
            fetch.measure_pick_up();
        }
        Ok(fetch)
    }

    async fn step(&mut self, checkpoint: &mut Checkpoint<Position>) -> Result<Next, Stop> {
        if self.run.give_up {
            return self.fail_with(Problem::Internal).await;
        }
        // Of pages that expire the table deletes one after the other: the rest would look like a whole snapshot.
        if self.run.services.clock.now() >= self.run.import.staged_until() {
            return self.fail_with(Problem::SnapshotExpired).await;
        }
        if !self.may_begin && self.has_to_wait().await? {
            return Ok(Next::Wait(Wait {
                reason: WaitReason::PreviousImport,
                until: Some(self.run.services.clock.now() + PREVIOUS_IMPORT_WAIT),
                free: MAX_PREVIOUS_IMPORT_WAITS,
            }));
        }
        self.may_begin = true;
        let is_late =
            self.read.deadline(self.run.deadline).is_near() && !matches!(checkpoint.position.stage, Stage::Review);
        let next = if is_late {
            Ok(Next::Run)
        } else {
            Box::pin(self.stage(checkpoint)).await
        };
        if matches!(next, Ok(Next::Step | Next::Done)) {
            return next;
        }
        if !next.as_ref().is_err_and(|stop| self.ends_import(stop, checkpoint)) {
            let is_saved = self.read.save(&self.run, checkpoint).await?;
            if next.as_ref().is_err_and(Stop::passes) && !is_saved {
                self.keep_reading(checkpoint).await?;
            }
        }
        next.or_else(|stop| Ok(Next::Stopped(stop)))
    }

    /// A failure of the PSA ends the import (R9, R43), and so does one of our own services that was waited for in vain.
    async fn fail(&mut self, stop: Stop) -> Result<Failed, Stop> {
        let is_waited_for = stop.passes();
        let problem = match stop {
            Stop::WaitedTooLong(_) => Problem::Internal,
            Stop::Psa(failure) => {
                warn!(import = %self.run.import.id, %failure, "fetch failed");
                let psa = self.run.integration.kind;
                Problem::Psa { psa, failure }
            }
            Stop::Problem(problem) => *problem,
            // Another system, which is not ours to mend.
            Stop::Directory(error) if error.is_of_key() || self.is_of_directory && is_waited_for => {
                warn!(import = %self.run.import.id, %error, "the directory was not read");
                Problem::Directory(error.failure())
            }
            Stop::Store(_) | Stop::Directory(_) if self.run.give_up || is_waited_for => Problem::Internal,
            other => return Err(other),
        };
        self.fail_with(problem).await?;
        Ok(Failed::Ended)
    }
}

impl Fetch {
    async fn stage(&mut self, checkpoint: &mut Checkpoint<Position>) -> Result<Next, Stop> {
        let mut run = self.run.clone();
        match checkpoint.position.stage.clone() {
            Stage::Totals => {
                let psa = self.psa().await?;
                if !changes::read(&run, &*psa, &mut self.read, checkpoint).await? {
                    walk::check_filter(&run, &*psa).await?;
                    walk::read_totals(&run, &*psa, checkpoint).await?;
                }
            }
            Stage::Companies(from) => {
                let psa = self.psa().await?;
                walk::read_companies(&run, &*psa, from, &mut self.read, checkpoint).await?;
            }
            Stage::Contacts(from) => {
                let psa = self.psa().await?;
                walk::read_contacts(&run, &*psa, from, &mut self.read, checkpoint).await?;
            }
            // What was merged from changes is in no checkpoint.
            Stage::Rows if self.read.changed.is_none() && checkpoint.progress.reading == Some(Reading::CHANGES) => {
                checkpoint.position.stage = Stage::Totals;
            }
            Stage::Rows if !matches!(checkpoint.position.directory, DirectoryStage::Read) => {
                run.worker.deadline = self.read.deadline(run.deadline);
                let read = directory::read(&run, &mut self.read.noted, checkpoint).await;
                // Of the built-in directory nothing is read here, so nothing fails.
                self.is_of_directory |= matches!(read, Ok(true) | Err(Stop::Directory(_)));
                read?;
            }
            Stage::Rows => {
                // The tenant was compared before the last page was read.
                let psa = match self.psa.get() {
                    Some(psa) => Arc::clone(psa),
                    None => run.compared_psa().await?,
                };
                run.worker.deadline = self.read.deadline(run.deadline);
                if !Box::pin(snapshot::complete(&run, &*psa, &mut self.read, checkpoint)).await? {
                    let changed = self.read.changed.as_ref();
                    if !changed.is_some_and(|changed| changed.known.is_left_open()) {
                        return Ok(Next::Run);
                    }
                    changes::read_everything(&run, &mut self.read, checkpoint, FullReadReason::LeftOpen);
                }
            }
            Stage::Review => {
                // A run that dies here leaves it to the next import.
                run.tenant.expire_last_superseded(&run.import.integration).await?;
                return self.show(checkpoint.position.absent).await;
            }
        }
        Ok(Next::Step)
    }

    /// Whether the import fails by a stop, so that nobody will read its pages: thousands of write units for a large MSP. After other stops
    /// that are not waited for the platform calls again.
    fn ends_import(&self, stop: &Stop, checkpoint: &Checkpoint<Position>) -> bool {
        matches!(stop, Stop::Psa(_) | Stop::Problem(_)) && !self.run.may_wait(stop, checkpoint.waited)
    }

    /// Stores how far the directory is read, before a wait that writes nothing else: a limit may allow less than all of it in one run.
    async fn keep_reading(&self, checkpoint: &Checkpoint<Position>) -> Result<(), Stop> {
        if !self.is_of_directory || !matches!(checkpoint.position.directory, DirectoryStage::Reading(_)) {
            return Ok(());
        }
        let mut tx = self.run.transaction()?;
        let import = &self.run.import;
        self.run
            .tenant
            .advance(&mut tx, import, Assignment::Fetch, checkpoint)?;
        self.run.commit(tx).await
    }

    async fn psa(&self) -> Result<Arc<dyn Psa>, Stop> {
        Ok(Arc::clone(self.psa.get_or_try_init(|| self.run.psa()).await?))
    }

    /// Whether the import from which the lock was taken is still finishing what it had begun. Its users are not mapped yet, and this
    /// import would make them again; nor may two imports write mappings at once.
    async fn has_to_wait(&self) -> Result<bool, StoreError> {
        let Some(previous) = self.run.lease.unfinished() else {
            return Ok(false);
        };
        match self.run.tenant.import(previous).await {
            Ok(previous) => Ok(previous.is_some_and(|previous| !previous.state.is_final())),
            // Its worker cannot read it either, so it writes nothing.
            Err(error @ (StoreError::Shape { .. } | StoreError::Newer { .. })) => {
                warn!(import = %self.run.import.id, previous = %previous, %error, "the previous import cannot be read; not waiting for it");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// How long the stream, the pipe and the state machine took: what nobody else measures.
    fn measure_pick_up(&self) {
        let waited = self.run.services.clock.now().duration_since(self.run.import.started_at);
        count(
            Metric::PickUpDelay,
            u64::try_from(waited.as_millis()).unwrap_or_default(),
        );
    }

    /// The snapshot is complete: the tabs appear.
    async fn show(&mut self, absent: FoundAbsent) -> Result<Next, Stop> {
        match self.run.worker.transition(Event::Fetched(absent), Vec::new()).await? {
            Moved::Committed => info!(import = %self.run.import.id, "snapshot complete"),
            Moved::LockLost | Moved::WrongState => {
                warn!(import = %self.run.import.id, "snapshot complete, but the import has ended");
            }
        }
        Ok(Next::Done)
    }

    async fn fail_with(&mut self, problem: Problem) -> Result<Next, Stop> {
        let (code, failed) = (problem.code(), Event::FetchFailed(problem));
        // Refused: the import was cancelled or lost its lock, and has ended all the same.
        if let Moved::Committed = self.run.worker.transition(failed, Vec::new()).await? {
            count_mishap(Mishap::Failed, code);
        }
        Ok(Next::Done)
    }
}
