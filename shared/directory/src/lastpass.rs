//! LastPass's REST API for managed companies and their users, as far as an import needs it.
//!
//! What its documents leave open is read in every way that it may turn out to be: see `wire`. Failures are told apart by the status of
//! the reply alone. There is no call here that detaches, suspends or deletes anything (R88).

mod client;
mod failure;
mod key;
mod pace;
mod paging;
mod requests;
mod wire;

pub use client::{Access, LastPass};
pub use failure::Failed;
pub use key::{ApiKey, NotAKey};
pub use pace::Pace;
pub use requests::{Accepted, Progress};
pub use wire::{Company, CompanyStatus, Person};

use std::time::Duration;

use http_client::{AddressRules, Hosts};

/// Where LastPass is.
pub const ORIGIN: &str = "https://api.lastpass.com";

/// The only host that a key is sent to.
pub const ADDRESS: AddressRules = AddressRules {
    hosts: Hosts::Under("api.lastpass.com"),
    api_host: |_| None,
};

/// Requests under way at once.
pub const CONCURRENCY: usize = 4;

/// How long before the end of a run no change is begun any more: its answer may take so long.
pub const FOR_AN_ANSWER: Duration = Duration::from_secs(15);
