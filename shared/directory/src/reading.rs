//! Reading a directory at the fetch, a piece at a time (R87).

use std::time::Instant;

use domain::ids::ManagedCompanyId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How far a directory is read: part of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// When it began.
    pub began: Timestamp,
    /// Whether the users of all companies are read, or only of those that are new.
    pub whole: bool,
    /// The last company whose users were read.
    pub after: Option<ManagedCompanyId>,
    /// Companies whose users were read.
    pub done: u64,
    /// Companies whose users are read in all.
    pub total: u64,
    /// Companies whose users are not shown.
    #[serde(default)]
    pub hidden: u64,
    /// The directory asks for no request before this.
    #[serde(default)]
    pub not_before: Option<Timestamp>,
}

/// What a piece of reading keeps to.
#[derive(Debug, Clone, Copy)]
pub struct ReadingLimits {
    /// What is older is read again.
    pub max_age: SignedDuration,
    /// No further request is begun after this.
    pub until: Instant,
}
