//! What every function needs: configuration, services, telling events apart, who calls, problem answers.

mod aws;
mod caller;
mod capacity;
pub mod config;
mod conflicts;
mod event;
mod function;
mod input;
mod log;
pub mod metrics;
mod operation;
mod own;
mod page;
mod problem;
mod services;
mod time;
mod unreadable;
mod view;

pub use caller::{Caller, RolesClaim};
pub use event::{Deadline, Event, Swept, Trigger, Triggered, Work, WorkOutcome};
pub use function::{Function, run};
pub use input::{Body, CallerWith, NoParameters, PathIds, Query};
pub use log::{levels, log_to_stdout, logger};
pub use operation::{attach_to_span, trace};
pub use own::{authorize, find_import};
pub use page::{Limit, List, PageQuery, Paged, Position};
pub use problem::{Accepted, Api, ApiError, answer_problems};
pub use services::{DirectoryFactory, Services, instrumented};
pub use time::{Clock, Ids, SystemClock, UniqueIds};
pub use view::ImportView;
