//! Chromium, driven as a person uses it: by mouse or by keyboard, with script or without. It is Debian's, with the driver of the very
//! same build; nothing is downloaded by the tests themselves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod axe;
mod driver;
mod hand;
mod looks;
mod tab;
mod vendor;

pub use driver::{Driver, Script};
pub use hand::Hand;
pub use looks::Looks;
pub use tab::Tab;
