//! What the clients make of what comes over the wire, byte by byte.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

mod bodies;
mod connecting;
mod faults;
mod generated;
mod look_up;
mod patience;
mod secrecy;
mod server;
mod tls;
