//! One run of the worker: from wherever the last one stopped to a complete snapshot, or to where time ends (R8–R11).

use std::time::Duration;

use api::ApiError;
use directory::DirectoryError;
use domain::ids::PsaCompanyId;
use domain::import::{Assignment, Import, ImportState};
use domain::problem::Problem;
use domain::psa::{Cursor, PsaFailure, Totals};
use jiff::Timestamp;
use lambda::metrics::{Metric, count};
use lambda::{Deadline, Services, Work, WorkOutcome, attach_to_span};
use serde::{Deserialize, Serialize};
use store::checkpoint::Checkpoint;
use store::imports::Moved;
use store::integrations::Integration;
use store::lock::{Lease, LeaseOutcome};
use store::tx::{Outcome, Transaction};
use store::{StoreError, Tenant};
use tracing::{info, warn};

use crate::{rows, walk};

/// How often in a row a fetch waits for a PSA that asks to come back later, before it counts as a limit that does not end.
const MOST_WAITS: u32 = 30;

/// How long to wait before checking again whether the previous import has ended.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// Checks before this import gives up waiting for the previous one: two hours.
const MOST_LOOKS: u32 = 480;

/// Where a fetch stands.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Position {
    pub stage: Stage,
    pub totals: Option<Totals>,
    pub buckets: usize,
    /// How many times this import has waited for the previous one.
    #[serde(default)]
    inherited: u32,
    /// The last absent company that was read back; they are in the order of their ids.
    #[serde(default)]
    pub read_back: Option<PsaCompanyId>,
    /// Since the last page or answer arrived.
    pub waits: u32,
}

impl Position {
    pub const fn may_wait(&self) -> bool {
        self.waits < MOST_WAITS
    }
}

/// What is done next.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Stage {
    #[default]
    Totals,
    Companies(Option<Cursor>),
    Contacts(Option<Cursor>),
    Rows(usize),
    Missing,
    Review,
}

/// Why a run ends before the snapshot is complete.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    /// The PSA could not be read.
    #[error(transparent)]
    Psa(#[from] PsaFailure),
    /// What is wrong is wrong for good.
    #[error("{0}")]
    Problem(ApiError),
    /// Another worker has the place.
    #[error("the lease was lost")]
    LeaseLost,
    /// The previous import did not end in time.
    #[error("the previous import does not end")]
    Inheritance,
    /// The store failed; the platform calls again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The directory failed; the platform calls again.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

/// What a run works with.
pub(crate) struct Run {
    pub services: Services,
    pub tenant: Tenant,
    pub import: Import,
    pub integration: Integration,
    pub lease: Lease,
    pub deadline: Deadline,
}

type Error = Box<dyn std::error::Error + Send + Sync>;

pub(crate) async fn work(services: Services, work: Work, deadline: Deadline) -> Result<WorkOutcome, Error> {
    let tenant = services.tenant(&work.msp);
    let Some(import) = tenant
        .import(&work.import)
        .await?
        .filter(|import| import.state == ImportState::Fetching)
    else {
        return Ok(WorkOutcome::Done(()));
    };
    attach_to_span(&import);
    let lease = match tenant.acquire_lease(&import, services.clock.now()).await? {
        LeaseOutcome::Acquired(lease) => lease,
        LeaseOutcome::Busy(until) if work.give_up => {
            return Err(format!("another worker is at it until {until}").into());
        }
        LeaseOutcome::Busy(until) => return Ok(WorkOutcome::Wait(until)),
        LeaseOutcome::LockLost => return Ok(WorkOutcome::Done(())),
    };
    let Some(integration) = tenant.integration(&import.integration).await? else {
        return Err("the import's integration is gone".into());
    };
    let mut run = Run {
        services,
        tenant,
        import,
        integration,
        lease,
        deadline,
    };
    if work.give_up {
        return run.fail(Problem::Internal).await;
    }
    let mut checkpoint = run
        .tenant
        .checkpoint::<Position>(&run.import, Assignment::Fetch)
        .await?;
    info!(import = %run.import.id, stage = ?checkpoint.position.stage, "fetch goes on");
    // Runs that waited for a PSA or for another import come back before the first page, too.
    if checkpoint.progress.pages == 0 && checkpoint.position.inherited == 0 && checkpoint.position.waits == 0 {
        run.picked_up();
    }
    match run.go_on(&mut checkpoint).await {
        Ok(outcome) => Ok(outcome),
        Err(Stop::LeaseLost) => Ok(WorkOutcome::Done(())),
        Err(Stop::Inheritance) => run.fail(Problem::Internal).await,
        Err(Stop::Psa(failure)) => run.psa_failed(failure, checkpoint).await,
        Err(Stop::Problem(error)) if *error.problem != Problem::Internal => run.fail(*error.problem).await,
        Err(other) => {
            run.lease.leave_if_possible(&run.tenant).await;
            Err(other.into())
        }
    }
}

impl Run {
    async fn go_on(&mut self, checkpoint: &mut Checkpoint<Position>) -> Result<WorkOutcome, Stop> {
        if self.has_to_wait().await? {
            checkpoint.position.inherited += 1;
            if checkpoint.position.inherited > MOST_LOOKS {
                return Err(Stop::Inheritance);
            }
            return self.wait(checkpoint, self.services.clock.now() + LOOK_EVERY).await;
        }
        loop {
            match checkpoint.position.stage.clone() {
                Stage::Totals | Stage::Companies(_) | Stage::Contacts(_) => {
                    if !walk::read_all(self, checkpoint).await? {
                        return self.again(checkpoint).await;
                    }
                }
                Stage::Rows(_) | Stage::Missing => {
                    if !rows::make_all(self, checkpoint).await? {
                        return self.again(checkpoint).await;
                    }
                }
                Stage::Review => return self.appear().await,
            }
        }
    }

    /// Whether the import from which the lock was taken is still finishing what it had begun. Its users are not mapped yet, and this
    /// import would make them again; nor may two imports write mappings at once.
    async fn has_to_wait(&self) -> Result<bool, StoreError> {
        let Some(previous) = self.lease.unfinished() else {
            return Ok(false);
        };
        match self.tenant.import(previous).await {
            Ok(previous) => Ok(previous.is_some_and(|previous| !previous.state.is_final())),
            // Its worker cannot read it either, so it writes nothing.
            Err(error @ (StoreError::Shape { .. } | StoreError::Newer { .. })) => {
                warn!(import = %self.import.id, previous = %previous, %error, "the previous import cannot be read; not waiting for it");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// How long the stream, the pipe and the state machine took: what nobody else measures.
    fn picked_up(&self) {
        let waited = self.services.clock.now().duration_since(self.import.started_at);
        count(
            Metric::PickUpDelay,
            u64::try_from(waited.as_millis()).unwrap_or_default(),
        );
    }

    /// Hands over to the next run.
    async fn again(&self, checkpoint: &Checkpoint<Position>) -> Result<WorkOutcome, Stop> {
        self.leave(self.lease.leaving(&self.tenant)?, checkpoint).await?;
        Ok(WorkOutcome::Again(()))
    }

    async fn wait(&self, checkpoint: &Checkpoint<Position>, until: Timestamp) -> Result<WorkOutcome, Stop> {
        self.leave(self.lease.waiting(&self.tenant, until)?, checkpoint).await?;
        Ok(WorkOutcome::Wait(until))
    }

    async fn leave(&self, mut tx: Transaction, checkpoint: &Checkpoint<Position>) -> Result<(), Stop> {
        self.tenant
            .advance(&mut tx, &self.import, Assignment::Fetch, checkpoint)?;
        applied(&tx.commit(&self.tenant).await?)
    }

    /// The tabs appear: the snapshot is complete.
    async fn appear(&mut self) -> Result<WorkOutcome, Stop> {
        self.import.state = ImportState::Review;
        self.import.fetched_at = Some(self.services.clock.now());
        match self
            .tenant
            .hand_over(
                &self.lease,
                &self.import,
                ImportState::Fetching,
                self.services.clock.now(),
            )
            .await?
        {
            Moved::Committed => info!(import = %self.import.id, "snapshot complete"),
            Moved::LockLost | Moved::WrongState => {
                warn!(import = %self.import.id, "snapshot complete, but the import has ended");
            }
        }
        Ok(WorkOutcome::Done(()))
    }

    /// A PSA that asks to come back later is waited for, within limits; anything else ends the import (R9, R43).
    async fn psa_failed(
        &mut self,
        failure: PsaFailure,
        mut checkpoint: Checkpoint<Position>,
    ) -> Result<WorkOutcome, Error> {
        if let (true, Some(until)) = (checkpoint.position.may_wait(), failure.asks_to_wait()) {
            checkpoint.position.waits += 1;
            return match self.wait(&checkpoint, until).await {
                Ok(outcome) => Ok(outcome),
                Err(Stop::LeaseLost) => Ok(WorkOutcome::Done(())),
                Err(other) => Err(other.into()),
            };
        }
        warn!(import = %self.import.id, %failure, "fetch failed");
        self.fail(Problem::Psa {
            psa: self.integration.kind,
            failure,
        })
        .await
    }

    async fn fail(&mut self, problem: Problem) -> Result<WorkOutcome, Error> {
        self.import.state = ImportState::Failed;
        self.import.error = Some(problem);
        self.import.ended_at = Some(self.services.clock.now());
        count(Metric::ImportsFailed, 1);
        // Refused: the import was cancelled or taken over meanwhile, and has ended all the same.
        let _ = self
            .tenant
            .hand_over(
                &self.lease,
                &self.import,
                ImportState::Fetching,
                self.services.clock.now(),
            )
            .await?;
        Ok(WorkOutcome::Done(()))
    }
}

/// Whether what was written is ours: action 0 of every transaction of a worker proves its place.
pub(crate) fn applied(outcome: &Outcome) -> Result<(), Stop> {
    if outcome.committed() {
        Ok(())
    } else {
        Err(Stop::LeaseLost)
    }
}
