//! One test or more for each rule of the requirements, through the public HTTP API against the sandbox. The tests are in
//! `tests/`, and their names begin with the rule's number. Here is what they share; all of it fails by panicking.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

pub mod alarms;
pub mod bad;
pub mod behind;
pub mod console;
pub mod contract;
pub mod download;
pub mod faults;
pub mod hostile;
pub mod import;
pub mod lastpass;
pub mod managed;
pub mod people;
pub mod problem;
pub mod psa;
pub mod raw;
pub mod stage;
pub mod unattended;
pub mod wrong;

pub use domain::psa::PsaKind;
pub use sandbox::api::{Answer, Api};
pub use sandbox::{CallRates, ConsoleClient, Options, PsaLimits, Sandbox, TokenKind};

/// Runs each of these tests, `async fn(PsaKind)`, for both PSAs.
#[macro_export]
macro_rules! for_both {
    ($($test:ident),+ $(,)?) => {
        mod connectwise {
            $(#[tokio::test]
            async fn $test() {
                super::$test($crate::PsaKind::Connectwise).await;
            })+
        }
        mod autotask {
            $(#[tokio::test]
            async fn $test() {
                super::$test($crate::PsaKind::Autotask).await;
            })+
        }
    };
}
