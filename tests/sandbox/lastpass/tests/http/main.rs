//! The simulator over real HTTP, statement by statement of what is known about LastPass, and every switch.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]
#![allow(
    clippy::disallowed_methods,
    reason = "the server on this machine is the only address asked"
)]
#![allow(clippy::needless_pass_by_value, reason = "JSON is written where it is used")]

mod access;
mod addresses;
mod admin;
mod changes;
mod client;
mod companies;
mod lists;
mod polls;
mod records;
mod trouble;
mod users;
