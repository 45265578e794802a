//! What the PSA simulators share: injected faults, the log of requests, a clock that can be moved, a journal of
//! changes, the neutral MSP both show, and the server in front of them.

pub mod clock;
pub mod counts;
pub mod faults;
pub mod journal;
pub mod msp;
pub mod requests;
mod serve;
mod simulator;
pub mod switches;
mod wire;

pub use serve::{Served, serve};
pub use simulator::{Simulator, instrument};
