//! Integrations with their policies and filters.

use domain::directory::CreationAction;
use domain::filter::{Accepted, Filter};
use domain::ids::{IntegrationId, SecretId, TenantFingerprint};
use domain::integration::{Integration, RemovedIntegration};
use domain::plan::mass_change::MassChangeLimit;
use domain::policy::Policy;
use domain::psa::VendorId;
use domain::reading::FULL_READ_HOURS;
use domain::schedule::Schedule;
use domain::tenant::PsaSystem;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::schema::Kind;

pub(crate) const INTEGRATION: Kind = Kind::first("integration");
pub(crate) const REMOVED: Kind = Kind::first("removed integration");

/// See [`Integration`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IntegrationRecord {
    id: IntegrationId,
    kind: VendorId,
    name: String,
    address: String,
    #[serde(default)]
    company_id: Option<String>,
    #[serde(default)]
    policy: PolicyRecord,
    #[serde(default)]
    last_filter: Option<Accepted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant: Option<TenantFingerprint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    system: Option<PsaSystem>,
    /// That of earlier versions has the name of its integration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<SecretId>,
    #[serde(default)]
    paused: bool,
    #[serde(default)]
    version: u64,
    created_at: Timestamp,
}

/// See [`RemovedIntegration`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RemovedRecord {
    #[serde(flatten)]
    integration: IntegrationRecord,
    removed_at: Timestamp,
}

impl From<&RemovedIntegration> for RemovedRecord {
    fn from(removed: &RemovedIntegration) -> Self {
        Self {
            integration: (&removed.integration).into(),
            removed_at: removed.at,
        }
    }
}

impl From<RemovedRecord> for RemovedIntegration {
    fn from(record: RemovedRecord) -> Self {
        Self {
            integration: record.integration.into(),
            at: record.removed_at,
        }
    }
}

/// See [`Policy`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PolicyRecord {
    new_companies: bool,
    new_addresses: bool,
    #[serde(skip_serializing_if = "CreationAction::is_default")]
    creation: CreationAction,
    filter: Accepted,
    mass_change: MassChangeRecord,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<Schedule>,
    #[serde(skip_serializing_if = "is_full_read_hours_by_default")]
    full_read_hours: u16,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_full_read_hours_by_default(hours: &u16) -> bool {
    *hours == FULL_READ_HOURS
}

/// See [`MassChangeLimit`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MassChangeRecord {
    percent: u64,
    at_least: u64,
}

impl From<&Integration> for IntegrationRecord {
    fn from(integration: &Integration) -> Self {
        Self {
            id: integration.id.clone(),
            kind: integration.kind,
            name: integration.name.clone(),
            address: integration.address.clone(),
            company_id: integration.company_id.clone(),
            policy: (&integration.policy).into(),
            last_filter: integration.last_filter.clone().map(Accepted::from),
            tenant: integration.tenant.clone(),
            system: integration.system.clone(),
            secret: Some(integration.secret.clone()),
            paused: integration.paused,
            version: integration.version,
            created_at: integration.created_at,
        }
    }
}

impl From<IntegrationRecord> for Integration {
    fn from(record: IntegrationRecord) -> Self {
        let secret = record.secret.unwrap_or_else(|| SecretId::new(record.id.as_str()));
        Self {
            id: record.id,
            kind: record.kind,
            name: record.name,
            address: record.address,
            company_id: record.company_id,
            policy: record.policy.into(),
            last_filter: record.last_filter.map(Filter),
            tenant: record.tenant,
            system: record.system,
            secret,
            paused: record.paused,
            version: record.version,
            created_at: record.created_at,
        }
    }
}

impl From<&Policy> for PolicyRecord {
    fn from(policy: &Policy) -> Self {
        Self {
            new_companies: policy.new_companies,
            new_addresses: policy.new_addresses,
            creation: policy.creation,
            filter: policy.filter.0.clone(),
            mass_change: policy.mass_change.into(),
            schedule: policy.schedule.clone(),
            full_read_hours: policy.full_read_hours,
        }
    }
}

impl From<PolicyRecord> for Policy {
    fn from(record: PolicyRecord) -> Self {
        Self {
            new_companies: record.new_companies,
            new_addresses: record.new_addresses,
            creation: record.creation,
            filter: Filter(record.filter),
            mass_change: MassChangeLimit {
                percent: record.mass_change.percent,
                at_least: record.mass_change.at_least,
            },
            schedule: record.schedule,
            full_read_hours: record.full_read_hours,
        }
    }
}

impl From<MassChangeLimit> for MassChangeRecord {
    fn from(limit: MassChangeLimit) -> Self {
        Self {
            percent: limit.percent,
            at_least: limit.at_least,
        }
    }
}

impl Default for PolicyRecord {
    fn default() -> Self {
        (&Policy::default()).into()
    }
}

impl Default for MassChangeRecord {
    fn default() -> Self {
        MassChangeLimit::default().into()
    }
}
