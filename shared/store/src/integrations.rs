//! Integrations: which PSAs an MSP has connected.

use domain::filter::Filter;
use domain::ids::IntegrationId;
use domain::policy::Policy;
use domain::psa::PsaKind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::keys;
use crate::table::{Place, Tenant, body, item};
use crate::tx::{NEW, Transaction};

/// One PSA connected to one MSP. Its credentials are in Secrets Manager, never here.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Integration {
    /// Its id.
    pub id: IntegrationId,
    /// Which PSA.
    pub kind: PsaKind,
    /// What the administrators call it.
    pub name: String,
    /// Where the PSA is.
    pub address: String,
    /// The login company (`ConnectWise` only).
    #[serde(default)]
    pub company_id: Option<String>,
    /// What unattended imports may do, and what is a mass change.
    #[serde(default)]
    pub policy: Policy,
    /// The filter of the last import (R7).
    #[serde(default)]
    pub last_filter: Option<Filter>,
    /// When it was set up.
    pub created_at: Timestamp,
}

impl Tenant {
    /// Writes a new integration.
    pub async fn add_integration(&self, integration: &Integration) -> Result<(), StoreError> {
        let item = item(
            "integration",
            &keys::integration(&self.msp, &integration.id),
            integration,
        )?;
        let mut tx = Transaction::new();
        tx.put(self, Place::Records, item, Some(NEW), &[])?;
        // Refused: a repetition of the same call has written it.
        let _ = tx.commit(self).await?;
        Ok(())
    }

    /// Reads an integration.
    pub async fn integration(&self, id: &IntegrationId) -> Result<Option<Integration>, StoreError> {
        let item = self.get(Place::Records, &keys::integration(&self.msp, id)).await?;
        item.map(|item| body("integration", item)).transpose()
    }

    /// Reads all integrations of the MSP.
    pub async fn integrations(&self) -> Result<Vec<Integration>, StoreError> {
        let items = self
            .query(Place::Records, &keys::msp_partition(&self.msp), keys::INTEGRATION)
            .await?;
        items.into_iter().map(|item| body("integration", item)).collect()
    }

    /// Replaces the policy; `false` if there is no such integration.
    pub async fn set_policy(&self, id: &IntegrationId, policy: &Policy) -> Result<bool, StoreError> {
        let value = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(policy)
            .map_err(|error| StoreError::shape("policy", error))?;
        let mut tx = Transaction::new();
        let key = keys::integration(&self.msp, id);
        tx.update(
            self,
            Place::Records,
            &key,
            "SET #policy = :policy",
            "attribute_exists(pk)",
            &[(":policy", value)],
        )?;
        Ok(tx.commit(self).await?.committed())
    }
}
