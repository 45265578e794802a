//! Integrations: which PSAs an MSP has connected.

use domain::audit::{AuditAction, Connection, Entry};
use domain::ids::IntegrationId;
use domain::import::Person;
use domain::integration::Integration;
use domain::policy::Policy;
use jiff::Timestamp;

use crate::StoreError;
use crate::keys;
use crate::records::{INTEGRATION, IntegrationRecord, PolicyRecord};
use crate::retry::Attempts;
use crate::table::{Item, Readable, Table, Tenant, body, item, readable, value};
use crate::tx::Transaction;

impl Tenant {
    /// Writes a new integration.
    pub async fn add_integration(&self, integration: &Integration, by: &Person) -> Result<(), StoreError> {
        let item = item(
            INTEGRATION,
            &keys::integration(&self.msp, &integration.id),
            &IntegrationRecord::from(integration),
        )?;
        let mut tx = Transaction::new();
        tx.add(self, Table::Records, item)?;
        let entry = Entry {
            at: integration.created_at,
            by: by.clone(),
            import: None,
            action: AuditAction::IntegrationAdded {
                after: connection(integration),
            },
        };
        self.audit(&mut tx, &integration.id, &entry, "added")?;
        // Refused: a repetition of the same call has written it.
        let _ = tx.commit(self).await?;
        Ok(())
    }

    /// Reads an integration.
    pub async fn integration(&self, id: &IntegrationId) -> Result<Option<Integration>, StoreError> {
        let item = self.get(Table::Records, &keys::integration(&self.msp, id)).await?;
        item.map(read).transpose()
    }

    /// Reads all integrations of the MSP, but for those that cannot be read.
    pub async fn integrations(&self) -> Result<Readable<Integration>, StoreError> {
        let items = self
            .query(Table::Records, &keys::msp_partition(&self.msp), keys::INTEGRATION)
            .await?;
        Ok(readable(INTEGRATION, items.into_iter().map(read)))
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
                (":policy", value("policy", &PolicyRecord::from(policy))?),
                (":before", value("policy", &PolicyRecord::from(&integration.policy))?),
            ];
            tx.update(
                self,
                Table::Records,
                &keys::integration(&self.msp, id),
                "SET #policy = :policy",
                "#policy = :before",
                &values,
            )?;
            let entry = Entry {
                at: now,
                by: by.clone(),
                import: None,
                action: AuditAction::PolicyReplaced {
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

fn read(item: Item) -> Result<Integration, StoreError> {
    body::<IntegrationRecord>(INTEGRATION, item).map(Integration::from)
}

/// What the audit trail says of an integration.
fn connection(integration: &Integration) -> Connection {
    Connection {
        kind: integration.kind,
        name: integration.name.clone(),
        address: integration.address.clone(),
        company_id: integration.company_id.clone(),
    }
}
