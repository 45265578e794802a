//! The run loop.

use async_trait::async_trait;
use domain::import::Assignment;
use jiff::Timestamp;
use lambda::WorkOutcome;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::checkpoint::Checkpoint;
use tracing::{info, warn};

use crate::{Error, Run, Stop, Wait, fenced};

/// What comes after a step.
#[derive(Debug)]
pub enum Next {
    /// The next step.
    Step,
    /// The next run, since the time of this one ends.
    Run,
    /// The next run, later.
    Wait(Wait),
    /// Nothing: the job is done.
    Done,
}

/// Work on an import, step by step.
#[async_trait]
pub trait Job: Send + Sized {
    /// Which of the two checkpoints of an import it has.
    const ASSIGNMENT: Assignment;

    /// How far it has come.
    type Position: Default + Serialize + DeserializeOwned + Send + Sync;

    /// Prepares the first step of a run, without calls that may have to be waited for.
    async fn open(run: &Run, checkpoint: &Checkpoint<Self::Position>) -> Result<Self, Stop>;

    /// Makes one step, and writes its result together with the checkpoint. A run that dies within it makes it again.
    async fn step(&mut self, checkpoint: &mut Checkpoint<Self::Position>) -> Result<Next, Stop>;

    /// How a step that stopped may be made again later, if waiting helps.
    fn wait(&self, _stop: &Stop, _now: Timestamp) -> Option<Wait> {
        None
    }

    /// Ends the import because of a stop that waiting does not help. An error asks the platform to call again.
    async fn fail(&mut self, stop: Stop) -> Result<(), Stop> {
        Err(stop)
    }
}

/// Works on a job until it is done, the time of the run ends, or it has to wait.
pub async fn work_on<J: Job>(run: Run) -> Result<WorkOutcome, Error> {
    match steps::<J>(&run).await {
        Ok(outcome) => Ok(outcome),
        Err(Stop::LeaseLost) => Ok(WorkOutcome::Done(())),
        Err(stop) => {
            run.lease.leave_if_possible(&run.tenant).await;
            Err(stop.into())
        }
    }
}

async fn steps<J: Job>(run: &Run) -> Result<WorkOutcome, Stop> {
    let mut checkpoint = match run.tenant.checkpoint::<J::Position>(&run.import, J::ASSIGNMENT).await {
        Ok(checkpoint) => checkpoint,
        // No step may be made from another checkpoint, but the import can still be ended.
        Err(error) if run.give_up => {
            let mut job = J::open(run, &Checkpoint::default()).await?;
            job.fail(error.into()).await?;
            return Ok(WorkOutcome::Done(()));
        }
        Err(error) => return Err(error.into()),
    };
    let mut job = J::open(run, &checkpoint).await?;
    info!(import = %run.import.id, work = J::ASSIGNMENT.as_str(), "a run begins");
    loop {
        match job.step(&mut checkpoint).await {
            Ok(Next::Step) => {}
            Ok(Next::Done) => return Ok(WorkOutcome::Done(())),
            Ok(Next::Run) => {
                let mut tx = run.lease.leaving(&run.tenant)?;
                run.tenant.advance(&mut tx, &run.import, J::ASSIGNMENT, &checkpoint)?;
                run.commit(tx).await?;
                return Ok(WorkOutcome::Again(()));
            }
            Ok(Next::Wait(wait)) => {
                if let Some(outcome) = leave_until::<J>(run, wait, &mut checkpoint).await? {
                    return Ok(outcome);
                }
                job.fail(Stop::WaitedTooLong(wait.reason)).await?;
                return Ok(WorkOutcome::Done(()));
            }
            Err(Stop::LeaseLost) => return Err(Stop::LeaseLost),
            Err(stop) => {
                let wait = job.wait(&stop, run.services.clock.now()).filter(|_| !run.give_up);
                if let Some(wait) = wait
                    && let Some(outcome) = leave_until::<J>(run, wait, &mut checkpoint).await?
                {
                    let (waits, message) = (checkpoint.waits.count(wait.reason), wait.message());
                    warn!(import = %run.import.id, error = %stop, waits, "{message}");
                    return Ok(outcome);
                }
                job.fail(stop).await?;
                return Ok(WorkOutcome::Done(()));
            }
        }
    }
}

/// Gives the lease up until the moment of the wait; `None`, with nothing written, if the job has waited too often in a row.
async fn leave_until<J: Job>(
    run: &Run,
    wait: Wait,
    checkpoint: &mut Checkpoint<J::Position>,
) -> Result<Option<WorkOutcome>, Stop> {
    if checkpoint.waits.count(wait.reason) >= wait.max_waits {
        return Ok(None);
    }
    checkpoint.waits.add(wait.reason);
    let mut tx = run.lease.waiting(&run.tenant, wait.until)?;
    run.tenant.advance(&mut tx, &run.import, J::ASSIGNMENT, checkpoint)?;
    fenced(&tx.commit(&run.tenant).await?)?;
    Ok(Some(WorkOutcome::Wait(wait.until)))
}
