//! Everything a laptop lacks, in one process: AWS's part, both PSAs with a realistic MSP behind each, and the five
//! functions mounted as they are.

pub mod api;
mod console;
mod control;
mod functions;
mod lastpass_server;
mod options;
mod people;
mod places;
mod psas;
mod running;
mod sandbox;
mod seed;

pub use admin_console::TokenKind;
pub use lambda::PsaLimits;
pub use lambda::config::CallRates;
pub use lastpass_server::LastPassServer;
pub use options::{ConsoleClient, Error, Options};
pub use psas::Psas;
pub use sandbox::{ConnectionInfo, Sandbox};
