//! Integrations: which PSAs an MSP has connected.

use domain::audit::{Act, Connection, Entry};
use domain::filter::Filter;
use domain::ids::IntegrationId;
use domain::import::Person;
use domain::policy::Policy;
use domain::psa::VendorId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::keys;
use crate::retry::Attempts;
use crate::table::{Place, Readable, Tenant, body, item, readable, value};
use crate::tx::Transaction;

/// One PSA connected to one MSP. Its credentials are in Secrets Manager, never here.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
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
    pub async fn add_integration(&self, integration: &Integration, by: &Person) -> Result<(), StoreError> {
        let item = item(
            "integration",
            &keys::integration(&self.msp, &integration.id),
            integration,
        )?;
        let mut tx = Transaction::new();
        tx.add(self, Place::Records, item)?;
        let entry = Entry {
            at: integration.created_at,
            by: by.clone(),
            import: None,
            act: Act::IntegrationAdded {
                after: integration.connection(),
            },
        };
        self.audit(&mut tx, &integration.id, &entry, "added")?;
        // Refused: a repetition of the same call has written it.
        let _ = tx.commit(self).await?;
        Ok(())
    }

    /// Reads an integration.
    pub async fn integration(&self, id: &IntegrationId) -> Result<Option<Integration>, StoreError> {
        let item = self.get(Place::Records, &keys::integration(&self.msp, id)).await?;
        item.map(|item| body("integration", item)).transpose()
    }

    /// Reads all integrations of the MSP, but for those that cannot be read.
    pub async fn integrations(&self) -> Result<Readable<Integration>, StoreError> {
        let items = self
            .query(Place::Records, &keys::msp_partition(&self.msp), keys::INTEGRATION)
            .await?;
        let integrations = items.into_iter().map(|item| body("integration", item));
        Ok(readable("integration", integrations))
    }

    /// Replaces the policy; `false` if there is no such integration.
    pub async fn set_policy(
        &self,
        id: &IntegrationId,
        policy: &Policy,
        by: &Person,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (mut attempts, mut attempt) = (Attempts::at("policy"), 0);
        loop {
            let Some(integration) = self.integration(id).await? else {
                return Ok(false);
            };
            let mut tx = Transaction::new();
            let values = [
                (":policy", value("policy", policy)?),
                (":before", value("policy", &integration.policy)?),
            ];
            tx.update(
                self,
                Place::Records,
                &keys::integration(&self.msp, id),
                "SET #policy = :policy",
                "#policy = :before",
                &values,
            )?;
            let entry = Entry {
                at: now,
                by: by.clone(),
                import: None,
                act: Act::PolicyReplaced {
                    before: integration.policy,
                    after: policy.clone(),
                },
            };
            self.audit(&mut tx, id, &entry, &format!("policy.{}.{attempt}", by.subject))?;
            if tx.commit(self).await?.committed() {
                return Ok(true);
            }
            // Somebody else replaced it meanwhile, so what was before is to be told right; or the same person did at this very
            // moment, whose entry has the name.
            attempts.again().await?;
            attempt += 1;
        }
    }
}

impl Integration {
    fn connection(&self) -> Connection {
        Connection {
            kind: self.kind,
            name: self.name.clone(),
            address: self.address.clone(),
            company_id: self.company_id.clone(),
        }
    }
}
