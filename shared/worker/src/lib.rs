//! Work on an import in runs, of which each may be killed anywhere: the lease, the checkpoint, the run loop, waiting and giving up.
//!
//! A [`Job`] supplies the steps. The run loop acquires the lease, goes on from the checkpoint of the last run, and calls step after
//! step until the job is done, its time ends, or it has to wait. Every write of a step proves the lease, so a worker that outlived its
//! lease changes nothing.

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
