//! What every function needs: configuration, services, telling events apart, who calls, problem answers.

mod caller;
pub mod config;
mod event;
mod function;
mod input;
mod own;
mod problem;
mod services;
mod time;
mod view;

pub use caller::Caller;
pub use event::{Deadline, Event, Trigger, Triggered, Work, WorkOutcome};
pub use function::{Function, log_to_stdout, logger, run};
pub use input::{Body, List, PageQuery, Parameters};
pub use own::{find_import, own_import};
pub use problem::{Accepted, Api, ApiError, answer_problems};
pub use services::{DirectoryFactory, Services};
pub use time::{Clock, Ids, SystemClock, UniqueIds};
pub use view::ImportView;
