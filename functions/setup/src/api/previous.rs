//! A removed integration as it is shown: when it is removed, and when its tenant is connected again (R52).

use api::Api;
use domain::ids::{IntegrationId, MspId};
use domain::integration::{Integration, RemovedIntegration};
use jiff::Timestamp;
use lambda::Services;
use lambda::metrics::listed;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

/// A removed integration whose data is still kept.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RemovedIntegration")]
pub struct RemovedView {
    /// The id of the integration, which `adopt` takes.
    id: IntegrationId,
    /// The name of the integration.
    name: String,
    /// When it was removed.
    removed_at: Timestamp,
    /// When its mappings and its audit trail are deleted.
    kept_until: Timestamp,
    /// How many companies of the PSA it has mapped; `adopt` takes these mappings over.
    mapped_companies: usize,
}

impl RemovedView {
    /// The removed integration with the number of its mappings.
    pub async fn of(services: &Services, msp: &MspId, removed: RemovedIntegration) -> Api<Self> {
        let mappings = services.tenant(msp).company_mappings(&removed.integration.id).await?;
        Ok(Self {
            kept_until: removed.kept_until(),
            removed_at: removed.at,
            id: removed.integration.id,
            name: removed.integration.name,
            mapped_companies: mappings.len(),
        })
    }

    /// The removed integration of the same tenant whose mappings could be adopted: the newest that has any, or else the newest.
    pub async fn before(services: &Services, msp: &MspId, integration: &Integration) -> Api<Option<Self>> {
        let now = services.clock.now();
        let mut all = listed(services.tenant(msp).removed_integrations().await?);
        all.retain(|removed| removed.kept_until() > now && is_of_tenant(&removed.integration, integration));
        all.sort_by_key(|removed| removed.at);
        let mut newest = None;
        for removed in all.into_iter().rev() {
            let view = Self::of(services, msp, removed).await?;
            if view.mapped_companies > 0 {
                return Ok(Some(view));
            }
            newest = newest.or(Some(view));
        }
        Ok(newest)
    }
}

/// Only to offer it: to adopt it, the tenant is proved. So a fingerprint in another case is good enough.
fn is_of_tenant(removed: &Integration, integration: &Integration) -> bool {
    let same = removed.tenant.as_ref().zip(integration.tenant.as_ref());
    removed.kind == integration.kind
        && same.is_some_and(|(one, other)| one.as_str().eq_ignore_ascii_case(other.as_str()))
}

/// An example of it.
pub fn removed() -> Value {
    json!({
        "id": "0198c2f4d1a77c3e9a5b6c7d8e9f0a1b", "name": "Ours", "removedAt": "2026-03-02T08:00:00Z",
        "keptUntil": "2027-04-06T08:00:00Z", "mappedCompanies": 212,
    })
}
