//! LastPass as a directory, against its simulator over HTTP: the client, what is remembered of it, and the port that both directories
//! have in common.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]
#![allow(clippy::needless_pass_by_value, reason = "JSON is written where it is used")]

mod absence;
mod account;
mod address_changes;
mod again;
mod bench;
mod calls;
mod conformance;
mod doubts;
mod expected;
mod faults;
mod generated;
mod import;
mod look;
mod matrix;
mod moving;
mod msp;
mod new_companies;
mod new_users;
mod outcome;
mod port;
mod port_matrix;
mod reading;
mod runs;
mod secrecy;
mod switches;
mod table;
// Servers whose TLS is wrong in one way.
#[path = "../../../psa/tests/wire/tls.rs"]
mod tls;
