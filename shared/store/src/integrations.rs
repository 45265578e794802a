//! Integrations: which PSAs an MSP has connected.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::audit::{AuditAction, Entry};
use domain::filter::Filter;
use domain::ids::{IntegrationId, TenantFingerprint};
use domain::import::Person;
use domain::integration::Integration;
use domain::policy::Policy;
use domain::tenant::PsaSystem;
use jiff::Timestamp;

use crate::StoreError;
use crate::keys::{self, Key};
use crate::records::{INTEGRATION, IntegrationRecord, PolicyRecord};
use crate::retry::Attempts;
use crate::table::{Item, Readable, Table, Tenant, body, item, number, readable, text, value};
use crate::tx::{Action, ActionId, Transaction};

/// The attribute of the policy.
const POLICY: &str = "policy";

impl Tenant {
    /// Writes a new integration, whose secret is made by now.
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
                after: integration.into(),
            },
        };
        tx.push(self.keep_secret(&integration.secret)?)?;
        self.audit(&mut tx, &integration.id, &entry, "added")?;
        if tx.commit(self).await?.committed() || self.integration(&integration.id).await?.is_some() {
            return Ok(());
        }
        // The call took so long that its secret is being deleted.
        Err(StoreError::Contention { what: "secret" })
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

    /// Stores the fingerprint of an integration that has none, if it is still the version that was `seen`: then the fingerprint is that
    /// of its address and login company. `false` if it is not.
    pub async fn learn_tenant(&self, seen: &Integration, tenant: &TenantFingerprint) -> Result<bool, StoreError> {
        let values = [(":tenant", text(tenant.as_str())), (":version", number(seen.version))];
        self.update_alone(
            Table::Records,
            &keys::integration(&self.msp, &seen.id),
            "SET tenant = :tenant",
            &format!("{} AND attribute_not_exists(tenant)", is_version(seen.version)),
            &values,
        )
        .await
    }

    /// Stores where the PSA answers and what it says of itself, if the integration is still the version that was `seen`.
    pub async fn learn_system(&self, seen: &Integration, system: &PsaSystem) -> Result<bool, StoreError> {
        let values = [
            (":system", value("integration", system)?),
            (":version", number(seen.version)),
        ];
        self.update_alone(
            Table::Records,
            &keys::integration(&self.msp, &seen.id),
            "SET #system = :system",
            is_version(seen.version),
            &values,
        )
        .await
    }

    /// Replaces what an administrator edits of an integration, its tenant and its secret: name, address, login company, whether it is
    /// paused. `false` if it is not the version `before` any more, whose successor `after` is.
    pub async fn edit_integration(
        &self,
        before: &Integration,
        after: &Integration,
        entry: &Entry,
        what: &str,
    ) -> Result<bool, StoreError> {
        let values = [
            (":name", text(&after.name)),
            (":address", text(&after.address)),
            (":companyId", value("integration", &after.company_id)?),
            (":tenant", value("integration", &after.tenant)?),
            (":system", value("integration", &after.system)?),
            (":secret", text(after.secret.as_str())),
            (":paused", AttributeValue::Bool(after.paused)),
            (":next", number(after.version)),
            (":version", number(before.version)),
        ];
        let mut tx = Transaction::new();
        tx.update(
            self,
            Table::Records,
            &keys::integration(&self.msp, &after.id),
            "SET #name = :name, address = :address, companyId = :companyId, tenant = :tenant, #system = :system, \
                secret = :secret, paused = :paused, version = :next",
            is_version(before.version),
            &values,
        )?;
        if before.secret != after.secret {
            self.replace_secret(&mut tx, (&before.secret, &after.secret), entry.at)?;
        }
        self.audit(&mut tx, &after.id, entry, what)?;
        Ok(tx.commit(self).await?.committed())
    }

    /// Adds the check that the integration exists and is not paused.
    pub(crate) fn check_not_paused(
        &self,
        tx: &mut Transaction,
        integration: &IntegrationId,
    ) -> Result<ActionId, StoreError> {
        let key = keys::integration(&self.msp, integration);
        let condition = "attribute_exists(pk) AND (attribute_not_exists(paused) OR paused = :no)";
        let values = [(":no", AttributeValue::Bool(false))];
        tx.check(self, Table::Records, &key, condition, &values)
    }

    /// Adds the write that stores the filter, which is offered again (R7). It is refused if the integration is removed.
    pub(crate) fn remember_filter(
        &self,
        tx: &mut Transaction,
        integration: &IntegrationId,
        filter: &Filter,
    ) -> Result<ActionId, StoreError> {
        let filter = value("filter", filter)?;
        let key = keys::integration(&self.msp, integration);
        tx.update(
            self,
            Table::Records,
            &key,
            "SET lastFilter = :filter",
            "attribute_exists(pk)",
            &[(":filter", filter)],
        )
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
            let key = keys::integration(&self.msp, id);
            let Some(item) = self.get(Table::Records, &key).await? else {
                return Ok(false);
            };
            let mut tx = Transaction::new();
            tx.push(self.policy_action(&key, item.get(POLICY), policy)?)?;
            let before = read(item)?.policy;
            let schedules = (before.schedule.as_ref(), policy.schedule.as_ref());
            if let Some(action) = self.replace_schedule(id, schedules, now).await? {
                tx.push(action)?;
            }
            let entry = Entry {
                at: now,
                by: by.clone(),
                import: None,
                action: AuditAction::PolicyReplaced {
                    before,
                    after: policy.clone(),
                },
            };
            self.audit(&mut tx, id, &entry, &format!("policy.{}.{attempt}", by.subject))?;
            if tx.commit(self).await?.committed() {
                return Ok(true);
            }
            // Somebody else replaced the policy meanwhile: it is read again, so that the entry tells the right policy as the one before. Or
            // this person replaced it at this very moment, and that entry has the name of ours: the next attempt uses another name.
            attempts.again().await?;
            attempt += 1;
        }
    }

    /// The write of a policy in place of the one that is `stored`. That one is compared as it is: what another version wrote may
    /// have more or fewer fields than this version writes.
    fn policy_action(&self, key: &Key, stored: Option<&AttributeValue>, policy: &Policy) -> Result<Action, StoreError> {
        let mut values = vec![(":policy", value(POLICY, &PolicyRecord::from(policy))?)];
        let condition = match stored {
            Some(stored) => {
                values.push((":before", stored.clone()));
                "#policy = :before"
            }
            None => "attribute_exists(pk) AND attribute_not_exists(#policy)",
        };
        let update = "SET #policy = :policy";
        Action::update(self, Table::Records, key, update, condition, &values)
    }
}

/// The condition that an integration has the version `:version`. Items of earlier versions of this program have none.
pub(crate) const fn is_version(version: u64) -> &'static str {
    match version {
        0 => "attribute_exists(pk) AND (attribute_not_exists(version) OR version = :version)",
        _ => "version = :version",
    }
}

fn read(item: Item) -> Result<Integration, StoreError> {
    body::<IntegrationRecord>(INTEGRATION, item).map(Integration::from)
}
