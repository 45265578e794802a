//! An integration as it is shown: without secrets.

use api::Api;
use domain::filter::Filter;
use domain::ids::{ImportId, IntegrationId, MspId};
use domain::import::ImportState;
use domain::policy::Policy;
use domain::psa::PsaKind;
use jiff::Timestamp;
use lambda::Services;
use lambda::metrics::listed;
use schemars::JsonSchema;
use serde::Serialize;
use store::integrations::Integration;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Integration")]
pub(crate) struct IntegrationView {
    id: IntegrationId,
    kind: PsaKind,
    name: String,
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_id: Option<String>,
    policy: Policy,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_filter: Option<Filter>,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    lock: Option<LockView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_import: Option<LastImport>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Lock")]
struct LockView {
    holder: String,
    import: ImportId,
    since: Timestamp,
    until: Timestamp,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LastImport {
    id: ImportId,
    state: ImportState,
    started_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
}

impl IntegrationView {
    pub(crate) async fn of(services: &Services, msp: &MspId, integration: Integration) -> Api<Self> {
        let tenant = services.tenant(msp);
        let holder = tenant.holder(&integration.id, services.clock.now()).await?;
        let lock = holder.map(|holder| LockView {
            holder: holder.person.name,
            import: holder.import,
            since: holder.since,
            until: holder.until,
        });
        let (newest, _) = tenant.history(&integration.id, None, 1).await?;
        let last_import = listed(newest).pop().map(|import| LastImport {
            id: import.id,
            state: import.state,
            started_at: import.started_at,
            ended_at: import.ended_at,
        });
        Ok(Self {
            id: integration.id,
            kind: integration.kind,
            name: integration.name,
            address: integration.address,
            company_id: integration.company_id,
            policy: integration.policy,
            last_filter: integration.last_filter,
            created_at: integration.created_at,
            lock,
            last_import,
        })
    }
}
