//! The run loop.

use async_trait::async_trait;
use domain::import::Assignment;
use lambda::WorkOutcome;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::StoreError;
use store::checkpoint::Checkpoint;
use store::waited::Waited;
use tracing::info;

use crate::wait::{report, wait_unwritten};
use crate::{Error, Run, Stop, Wait, fenced};

/// What comes after a step.
#[derive(Debug)]
pub enum Next {
    /// The next step.
    Step,
    /// The next run, since the time of this one ends.
    Run,
    /// The next run, later. If the step got further first, it has reset the waits in a row.
    Wait(Wait),
    /// The step stopped, but the checkpoint is valid: if the step got further first, it has reset the waits in a row.
    Stopped(Stop),
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

    /// Prepares the first step of a run, without calls to a PSA. There is no checkpoint before the first run has written one.
    async fn open(run: &Run, checkpoint: Option<&Checkpoint<Self::Position>>) -> Result<Self, Stop>;

    /// Makes one step. The stored checkpoint moves together with the last write of what it covers, or later, but never before. So after a
    /// crash the next run may repeat this step, and earlier ones that the stored checkpoint does not cover.
    async fn step(&mut self, checkpoint: &mut Checkpoint<Self::Position>) -> Result<Next, Stop>;

    /// Ends the import because of a stop for which the work may not wait, or not any longer. This call may fail itself: after an error that
    /// passes the work waits, after a lost lease the run ends, and after any other error the platform calls again.
    async fn fail(&mut self, stop: Stop) -> Result<Failed, Stop>;
}

/// How a job took a stop that it cannot wait for.
#[derive(Debug)]
pub enum Failed {
    /// The import has ended.
    Ended,
    /// The import is to be given up, which takes further steps.
    GivesUp,
}

/// Works on a job until it is done, the time of the run ends, or it has to wait.
pub async fn work_on<J: Job>(run: Run) -> Result<WorkOutcome, Error> {
    let mut waited = run.waited;
    match steps::<J>(&run, &mut waited).await {
        Ok(outcome) => Ok(outcome),
        Err(Stop::LeaseLost) => Ok(WorkOutcome::Done),
        Err(stop) => {
            // The lease ends before a wait does.
            if !stop.passes() {
                run.lease.leave_if_possible(&run.tenant).await;
            }
            wait_unwritten(stop, waited, run.services.clock.now())
        }
    }
}

async fn steps<J: Job>(run: &Run, waited: &mut Waited) -> Result<WorkOutcome, Stop> {
    let stored = match run.tenant.checkpoint::<J::Position>(&run.import, J::ASSIGNMENT).await {
        Ok(stored) => stored,
        Err(error) if run.give_up && !error.passes() => return end_without_checkpoint::<J>(run, error).await,
        Err(error) => return Err(error.into()),
    };
    let mut job = J::open(run, stored.as_ref()).await?;
    let mut checkpoint = stored.unwrap_or_default();
    checkpoint.waited = checkpoint.waited.merged(*waited);
    info!(import = %run.import.id, work = J::ASSIGNMENT.as_str(), "a run begins");
    loop {
        // As it was before the step: one that failed half-way has not got further, whatever it changed in memory.
        *waited = checkpoint.waited;
        let (wait, stop) = match job.step(&mut checkpoint).await {
            Ok(Next::Step) => continue,
            Ok(Next::Done) => return Ok(WorkOutcome::Done),
            Ok(Next::Run) => {
                let mut tx = run.lease.leaving(&run.tenant)?;
                run.tenant.advance(&mut tx, &run.import, J::ASSIGNMENT, &checkpoint)?;
                run.commit(tx).await?;
                return Ok(WorkOutcome::Again(checkpoint.waited));
            }
            Ok(Next::Wait(wait)) => {
                *waited = checkpoint.waited;
                (Some(wait), Stop::WaitedTooLong(wait.reason))
            }
            Ok(Next::Stopped(stop)) => {
                *waited = checkpoint.waited;
                (Wait::after(&stop), stop)
            }
            Err(Stop::LeaseLost) => return Err(Stop::LeaseLost),
            Err(stop) => (Wait::after(&stop), stop),
        };
        if let Some(wait) = wait.filter(|_| !run.give_up)
            && let Some(outcome) = leave_until::<J>(run, wait, *waited, &stop).await?
        {
            return Ok(outcome);
        }
        return match job.fail(stop).await? {
            Failed::Ended => Ok(WorkOutcome::Done),
            Failed::GivesUp => Box::pin(steps::<J>(&run.giving_up(), waited)).await,
        };
    }
}

/// No step may be made from another checkpoint than the stored one, but the import can still be ended.
async fn end_without_checkpoint<J: Job>(run: &Run, error: StoreError) -> Result<WorkOutcome, Stop> {
    let mut job = J::open(run, None).await?;
    job.fail(error.into()).await?;
    Ok(WorkOutcome::Done)
}

/// Gives the lease up until the end of a wait; `None`, with nothing written, if the job has waited too long. Of the checkpoint only the
/// account of the waits is written: a step that failed may have moved the rest on, in memory or in the store.
async fn leave_until<J: Job>(run: &Run, wait: Wait, waited: Waited, stop: &Stop) -> Result<Option<WorkOutcome>, Stop> {
    let Some((waited, until)) = wait.next(waited, run.services.clock.now(), run.allowance) else {
        return Ok(None);
    };
    let mut tx = run.lease.waiting(&run.tenant, until)?;
    run.tenant.note_wait(&mut tx, &run.import, J::ASSIGNMENT, &waited)?;
    fenced(&tx.commit(&run.tenant).await?)?;
    let is_fault = !matches!(stop, Stop::WaitedTooLong(_));
    report(wait.reason, waited, is_fault.then_some(stop));
    Ok(Some(WorkOutcome::Wait(until, waited)))
}
