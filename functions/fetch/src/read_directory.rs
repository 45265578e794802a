//! Reading a directory that is another system, after the PSA and before the rows are made (R87).

use std::time::Duration;

use ::directory::ReadingLimits;
use jiff::SignedDuration;
use store::checkpoint::Checkpoint;
use tokio::time::Instant;
use worker::Stop;

use crate::context::{DirectoryStage, Position, Run};
use crate::walk::Noted;

/// How long it is read between two looks at the time, and at who watches.
const PIECE: Duration = Duration::from_secs(10);

/// How old what was read before may be, if an administrator looks at the import, and if nobody does.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(24);
const MAX_AGE_UNATTENDED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Reads the next piece. Returns whether there is anything to read: the built-in directory is read where it is needed.
pub(crate) async fn read(run: &Run, noted: &mut Noted, checkpoint: &mut Checkpoint<Position>) -> Result<bool, Stop> {
    let deadline = run.deadline.0;
    let directory = run.services.directory_of(&run.import.msp, Some(deadline)).await?;
    let limits = ReadingLimits {
        max_age: if run.import.unattended {
            MAX_AGE_UNATTENDED
        } else {
            MAX_AGE
        },
        // By the clock of the pace, which tests move.
        until: deadline.min((Instant::now() + PIECE).into_std()),
    };
    let from = match &checkpoint.position.directory {
        DirectoryStage::Reading(from) => Some(from),
        DirectoryStage::Unread | DirectoryStage::Read => None,
    };
    let reading = directory.read_on(from, &limits).await?;
    let Some(reading) = reading else {
        checkpoint.position.directory = DirectoryStage::Read;
        return Ok(false);
    };
    checkpoint.waited.reset();
    checkpoint.progress.directory = Some(reading.done);
    checkpoint.progress.of_directory = Some(reading.total);
    checkpoint.position.directory = DirectoryStage::Reading(reading);
    noted.note(run, checkpoint).await?;
    Ok(true)
}
