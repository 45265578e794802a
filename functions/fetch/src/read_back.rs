//! Reading by id what the snapshot should have and no page had: absence from the pages is no proof.

use async_trait::async_trait;
use domain::psa::{LookedUp, PsaFailure};
use psa::Psa;
use store::checkpoint::Checkpoint;
use tracing::warn;
use worker::Stop;

use crate::context::{Position, Run};

/// Ids in one batch: one request to either PSA. The answers are stored before the next batch is read, so that a run that ends
/// repeats at most one batch.
const READ_BACK_PAGE_SIZE: usize = 150;

/// Consecutive failed batches after which no more are read.
const MAX_FAILURES: usize = 3;

/// A kind of record that is read back.
#[async_trait]
pub(crate) trait Absent: Send + Sync {
    /// How the PSA identifies it.
    type Id: Clone + Send + Sync;
    /// What the PSA has of it.
    type Record: Send;
    /// What the log calls many of it.
    const NAME: &'static str;

    /// Reads a batch by id.
    async fn look_up(psa: &dyn Psa, ids: &[Self::Id]) -> Result<Vec<LookedUp<Self::Record, Self::Id>>, PsaFailure>;

    /// Stores the answers of a batch, which ends with `last`. Who has an answer is not read back again.
    async fn store(
        &self,
        psa: &dyn Psa,
        last: &Self::Id,
        answers: Vec<LookedUp<Self::Record, Self::Id>>,
        checkpoint: &mut Checkpoint<Position>,
    ) -> Result<(), Stop>;
}

/// Reads absent records back; `false` when time ran out first. A failure that passes is waited for. One that does not pass, or not in
/// time, does not fail the fetch, since the snapshot is complete without these answers.
pub(crate) async fn read_back<A: Absent>(
    run: &Run,
    absent: &A,
    ids: &[A::Id],
    checkpoint: &mut Checkpoint<Position>,
) -> Result<bool, Stop> {
    if ids.is_empty() {
        return Ok(true);
    }
    let psa = run.compared_psa().await?;
    let mut failures = 0;
    for batch in ids.chunks(READ_BACK_PAGE_SIZE) {
        if run.deadline.is_near() {
            return Ok(false);
        }
        let answers = match A::look_up(&*psa, batch).await {
            Ok(answers) => {
                failures = 0;
                answers
            }
            Err(failure) => {
                let failure = run.tolerate(failure, checkpoint.waited)?;
                warn!(import = %run.import.id, %failure, "absent {} could not be read back", A::NAME);
                failures += 1;
                batch.iter().cloned().map(LookedUp::Unreadable).collect()
            }
        };
        if let Some(last) = batch.last() {
            absent.store(&*psa, last, answers, checkpoint).await?;
            // A batch without answers is no progress: else each would wait as long as the first.
            if failures == 0 {
                checkpoint.waited.reset();
            }
        }
        // Those behind are not asked for: without an answer they are unreadable as well.
        if failures == MAX_FAILURES {
            break;
        }
    }
    Ok(true)
}
