//! The promises under attack, a file for each.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod absence;
mod bad_night;
mod confirmations;
mod conflicts;
mod cores;
mod crash;
mod crowded;
mod decisions;
mod drafts;
mod ending;
mod exclusions;
mod expiring;
mod forged;
mod giving_up;
mod handing_over;
mod inheriting;
mod lagging;
mod lastpass;
mod lastpass_at_random;
mod lastpass_import;
mod lastpass_paced;
mod lastpass_waiting;
mod licences;
mod matrix;
mod model;
mod moves;
mod moving;
mod mutate;
mod mutated_calls;
mod mutated_events;
mod mutation;
mod nights;
mod not_in;
mod repeated;
mod replies;
mod sabotage;
mod saved_pages;
mod schedules;
mod secrets;

#[allow(
    dead_code,
    reason = "shared with the tests of the PSA clients, which need more of it"
)]
#[path = "../../../../shared/psa/tests/wire/server.rs"]
mod server;
mod tenants;
#[path = "../../../../shared/psa/tests/wire/tls.rs"]
mod tls;
mod winner;
mod without_room;
