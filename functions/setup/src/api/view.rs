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

/// An integration with its lock and its newest import, without secrets.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Integration")]
pub struct IntegrationView {
    /// The id of the integration.
    id: IntegrationId,
    /// The PSA product.
    #[schemars(with = "PsaKind")]
    kind: VendorId,
    /// The name that administrators gave it.
    name: String,
    /// The address at which a browser opens the PSA, as an administrator entered it.
    address: String,
    /// The login company. Absent for products other than `ConnectWise`.
    #[serde(skip_serializing_if = "Option::is_none")]
    company_id: Option<String>,
    /// Identifies the tenant of the PSA. Absent until the first import if an earlier version of the service added the integration.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<TenantFingerprint>,
    /// Where the PSA answered, and what it said of itself, when it was last read. Only for display: a tenant may move to another zone,
    /// folder or release. Absent if the PSA said nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<PsaSystem>,
    /// Grows with every change of the integration. Send it with `PATCH`.
    version: u64,
    /// Whether schedules and events start no imports; administrators still can.
    paused: bool,
    /// What unattended imports may do, and when they run.
    policy: Policy,
    /// When the schedule starts the next import, which may begin some minutes later. Absent without a schedule, and while paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_import_at: Option<Timestamp>,
    /// The filter of the last import. Absent before the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_filter: Option<Filter>,
    /// When the integration was added.
    created_at: Timestamp,
    /// The lock of the integration. Absent while nobody holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    lock: Option<IntegrationLock>,
    /// The newest import. Absent before the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_import: Option<LastImport>,
}

/// The newest import of an integration.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LastImport {
    /// The id of the import.
    id: ImportId,
    /// The state of the import.
    state: ImportState,
    /// Whether the policy decides on the import instead of an administrator. False once it has stopped for one.
    unattended: bool,
    /// Why an unattended import stopped in review and waits for an administrator. Absent if it did not, and once one has taken it over.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Description>,
    /// When the import started.
    started_at: Timestamp,
    /// When the import ended. Absent until then.
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
            stopped: import
                .stopped
                .as_ref()
                .filter(|_| import.is_for_the_taking())
                .map(described),
            id: import.id,
            state: import.state,
            unattended: import.unattended,
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
