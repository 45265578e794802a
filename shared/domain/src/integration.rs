//! An integration: one PSA connected to one MSP.

use jiff::{SignedDuration, Timestamp};

use crate::filter::Filter;
use crate::ids::{IntegrationId, SecretId, TenantFingerprint};
use crate::policy::Policy;
use crate::psa::VendorId;
use crate::tenant::PsaSystem;

/// One PSA connected to one MSP, without its credentials: they are in Secrets Manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    /// Its id.
    pub id: IntegrationId,
    /// Which PSA.
    pub kind: VendorId,
    /// What the administrators call it.
    pub name: String,
    /// Where the PSA is.
    pub address: String,
    /// The login company (`ConnectWise` only).
    pub company_id: Option<String>,
    /// What unattended imports may do, and what is a mass change.
    pub policy: Policy,
    /// The filter of the last import (R7).
    pub last_filter: Option<Filter>,
    /// The tenant of the PSA that it belongs to (R51). `None` until the first import, if an earlier version set it up.
    pub tenant: Option<TenantFingerprint>,
    /// Where the PSA answered, and what it said of itself, when it was read last.
    pub system: Option<PsaSystem>,
    /// Which secret has its credentials.
    pub secret: SecretId,
    /// Whether schedules and events start no imports of it (R52).
    pub paused: bool,
    /// Grows with every change of its name, its connection or its state.
    pub version: u64,
    /// When it was set up.
    pub created_at: Timestamp,
}

/// How long mappings and audit trail of a removed integration are kept (R52).
pub const REMOVED_KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);

/// An integration that was removed. Its mappings and its audit trail are kept for a while, and can be adopted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedIntegration {
    /// As it was.
    pub integration: Integration,
    /// When it was removed.
    pub at: Timestamp,
}

impl RemovedIntegration {
    /// Until when its mappings and its audit trail are kept.
    pub fn kept_until(&self) -> Timestamp {
        self.at.checked_add(REMOVED_KEPT).unwrap_or(Timestamp::MAX)
    }
}
