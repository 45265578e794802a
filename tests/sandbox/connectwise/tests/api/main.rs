//! The simulator over HTTP: what the documentation and the users of ConnectWise say must be what a client sees.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::doc_markdown,
    reason = "a test ends at the first surprise"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the simulator on this machine is the only address asked"
)]

mod access;
mod changes;
mod conditions;
mod forward_only;
mod navigable;
mod records;
mod stamps;
mod support;
mod trouble;
