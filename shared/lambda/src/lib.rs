//! What a Lambda function needs: configuration, AWS clients, services, events told apart, log and metrics.

mod aws;
mod aws_http;
mod capacity;
pub mod config;
mod conflicts;
mod event;
mod function;
mod limits;
mod log;
pub mod metrics;
mod operation;
mod patience;
mod secret;
mod services;
mod tenant;
mod time;

pub use event::{Deadline, Event, Swept, Trigger, Triggered, Work, WorkOutcome};
pub use function::{Function, run};
pub use limits::PsaLimits;
pub use log::{levels, log_to_stdout, logger};
pub use operation::{attach_to_span, correlation_id, trace};
pub use patience::Patience;
pub use secret::{SecretError, secret, secret_of};
pub use services::{DirectoryFactory, OpenError, Services, instrumented, psa_failed};
pub use time::{Clock, Ids, SystemClock, UniqueIds};
