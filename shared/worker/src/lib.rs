//! Work on an import in runs: the lease, the checkpoint, the run loop, waiting and giving up. A run may be killed at any moment.
//!
//! A [`Job`] supplies the steps. [`acquire`] takes the lease and reads the import under it. [`work_on`] is the run loop: it continues from
//! the checkpoint of the last run and calls step after step, until the job is done, the time of the run ends, or the job has to wait.
//! A step changes the import and its mappings only in transactions that prove the lease, so a worker that has lost its lease changes
//! neither.

mod group;
mod job;
mod run;
mod stop;
mod wait;

pub use job::{Failed, Job, Next, work_on};
pub use run::{Acquired, Run, acquire};
pub use stop::{Stop, fenced};
pub use wait::Wait;

/// What a run ends with if the platform must call again.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
