//! An integration as it is shown, with examples of its parts.

use api::{Api, Description, IntegrationLock, described};
use domain::filter::Filter;
use domain::ids::{ImportId, IntegrationId, MspId, TenantFingerprint};
use domain::import::ImportState;
use domain::integration::Integration;
use domain::policy::Policy;
use domain::psa::{PsaKind, VendorId};
use domain::tenant::PsaSystem;
use jiff::Timestamp;
use lambda::Services;
use lambda::metrics::listed;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

// Without secrets.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Integration")]
pub struct IntegrationView {
    id: IntegrationId,
    #[schemars(with = "PsaKind")]
    kind: VendorId,
    name: String,
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_id: Option<String>,
    /// What the tenant of the PSA is known by; none until the first import of an integration of an earlier version.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<TenantFingerprint>,
    /// Where the PSA answered, and what it said of itself, when it was read last. Only shown: another zone, folder or release is not
    /// another tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<PsaSystem>,
    version: u64,
    /// Whether schedules and events start no imports; an administrator can.
    paused: bool,
    policy: Policy,
    // Of its schedule; none while it is paused. It begins some minutes later at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_import_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_filter: Option<Filter>,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    lock: Option<IntegrationLock>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_import: Option<LastImport>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LastImport {
    id: ImportId,
    state: ImportState,
    unattended: bool,
    /// Why an unattended import waits for an administrator.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Description>,
    started_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
}

impl IntegrationView {
    /// The integration with its lock and its newest import.
    pub async fn of(services: &Services, msp: &MspId, integration: Integration) -> Api<Self> {
        let tenant = services.tenant(msp);
        let holder = tenant.holder(&integration.id, services.clock.now()).await?;
        let (newest, _) = tenant.history(&integration.id, None, 1).await?;
        let last_import = listed(newest).pop().map(|import| LastImport {
            id: import.id,
            state: import.state,
            unattended: import.unattended,
            stopped: import.stopped.as_ref().map(described),
            started_at: import.started_at,
            ended_at: import.ended_at,
        });
        let schedule = tenant.schedule(&integration.id).await?;
        Ok(Self {
            next_import_at: schedule.filter(|_| !integration.paused).map(|schedule| schedule.next),
            id: integration.id,
            kind: integration.kind,
            name: integration.name,
            address: integration.address,
            company_id: integration.company_id,
            tenant: integration.tenant,
            system: integration.system,
            version: integration.version,
            paused: integration.paused,
            policy: integration.policy,
            last_filter: integration.last_filter,
            created_at: integration.created_at,
            lock: holder.map(IntegrationLock::from),
            last_import,
        })
    }
}

/// An example of it.
pub fn integration() -> Value {
    json!({
        "id": "0198c2f4d1a77c3e9a5b6c7d8e9f0a1b", "kind": "connectwise", "name": "Ours", "address": "psa.noordzee.example",
        "companyId": "noordzee", "tenant": "noordzee",
        "system": { "origin": "https://api-eu.myconnectwise.net", "codebase": "v2026_1", "version": "v2026.1" }, "version": 1, "paused": false, "policy": policy(),
        "nextImportAt": "2026-03-03T02:00:00Z", "lastFilter": { "companyType": ["1"] },
        "createdAt": "2026-01-05T09:12:44Z",
        "lock": {
            "holder": "ana@noordzee.example", "import": "0198c2f51b2e7d4f8c6a9b0c1d2e3f40",
            "since": "2026-03-02T08:00:00Z", "until": "2026-03-02T08:30:00Z",
        },
        "lastImport": {
            "id": "0198c2f51b2e7d4f8c6a9b0c1d2e3f40", "state": "review", "unattended": false, "startedAt": "2026-03-02T08:00:00Z",
        },
    })
}

/// An example of its policy.
pub fn policy() -> Value {
    json!({
        "newCompanies": false, "newAddresses": true, "creation": "stage", "filter": { "companyType": ["1", "4"] },
        "massChange": { "percent": 25, "atLeast": 50 },
        "schedule": { "everyMinutes": 1440, "at": "03:00", "timeZone": "Europe/Amsterdam" },
        "fullReadHours": 24,
    })
}

/// An example of its credentials.
pub fn credentials() -> Value {
    json!({ "publicKey": "aBcD1234", "privateKey": "eFgH5678", "clientId": "3b8f3c52-0000-4000-8000-d8f1a2b3c4d5" })
}
