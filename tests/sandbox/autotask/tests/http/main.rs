//! The simulator over real HTTP, statement by statement of what is known about Autotask.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]
#![allow(
    clippy::disallowed_methods,
    reason = "the server on this machine is the only address asked"
)]
#![allow(clippy::needless_pass_by_value, reason = "JSON is written where it is used")]

mod changes;
mod client;
mod faults;
mod large;
mod limits;
mod logins;
mod metadata;
mod paging;
mod paths;
mod query_errors;
mod query_language;
mod records;
mod stamps;
mod zones;
