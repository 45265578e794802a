//! The end of an integration, and its return (R52).
//!
//! What is removed is the integration's own item; another one takes its place that says when. Lock, mappings, history and audit trail stay
//! where they are, under the integration's id. So to adopt them is to put the item back: one transaction, whose cost does not depend on
//! how much is mapped, and which leaves every claim on a managed company as it was (R24).

use domain::audit::{AuditAction, Connection, Entry};
use domain::ids::{ImportId, IntegrationId};
use domain::import::{Event, Holder, Import, ImportState, Person};
use domain::integration::{Integration, RemovedIntegration};
use domain::schedule::Progress;
use jiff::Timestamp;

use crate::StoreError;
use crate::imports::put_transition;
use crate::integrations::is_version;
use crate::keys;
use crate::lock::{self, LockItem, REVIEW_LEASE};
use crate::records::{INTEGRATION, IntegrationRecord, REMOVED, RemovedRecord};
use crate::retry::Attempts;
use crate::table::{Item, Readable, Table, Tenant, body, item, number, readable, text};
use crate::tx::Transaction;

/// How removing an integration ended.
#[derive(Debug)]
pub enum Removal {
    /// It is removed, by this call or by an earlier one.
    Removed(Box<RemovedIntegration>),
    /// An import is under way.
    Locked(Holder),
    /// There is no such integration.
    NotFound,
}

impl Tenant {
    /// Removes an integration that no import holds. Imports that are started, and workers of earlier ones, are refused from then on.
    pub async fn remove_integration(
        &self,
        id: &IntegrationId,
        by: &Person,
        now: Timestamp,
    ) -> Result<Removal, StoreError> {
        let mut attempts = Attempts::at("integration");
        loop {
            let lock = self.lock(id).await?;
            let Some(integration) = self.integration(id).await? else {
                let removed = self.removed(id).await?;
                return Ok(removed.map_or(Removal::NotFound, |removed| Removal::Removed(Box::new(removed))));
            };
            if let Some(holder) = self.under_way(lock.as_ref(), now).await? {
                return Ok(Removal::Locked(holder));
            }
            let removed = RemovedIntegration { integration, at: now };
            let tx = self.removal(&removed, lock.as_ref(), by).await?;
            if tx.commit(self).await?.committed() {
                return Ok(Removal::Removed(Box::new(removed)));
            }
            // An import was started, or the integration was edited or removed meanwhile.
            attempts.again().await?;
        }
    }

    /// The import that keeps an integration from being removed: one that holds it, or has lost it and has yet to finish what it began.
    pub(crate) async fn under_way(
        &self,
        lock: Option<&LockItem>,
        now: Timestamp,
    ) -> Result<Option<Holder>, StoreError> {
        match lock.and_then(|lock| lock.holder(now)) {
            Some(holder) => Ok(Some(holder)),
            None => self.executing(lock, now).await,
        }
    }

    /// The import of the integration that executes, if one does.
    pub(crate) async fn executing(
        &self,
        lock: Option<&LockItem>,
        now: Timestamp,
    ) -> Result<Option<Holder>, StoreError> {
        for id in lock.into_iter().flat_map(LockItem::imports) {
            let import = self.import(id).await?;
            if let Some(import) = import.filter(|import| import.state == ImportState::Executing) {
                return Ok(Some(Holder {
                    person: import.holder().clone(),
                    import: import.id,
                    since: import.started_at,
                    until: now.checked_add(REVIEW_LEASE).unwrap_or(now),
                }));
            }
        }
        Ok(None)
    }

    async fn removal(
        &self,
        removed: &RemovedIntegration,
        lock: Option<&LockItem>,
        by: &Person,
    ) -> Result<Transaction, StoreError> {
        let (integration, now) = (&removed.integration, removed.at);
        let mut tx = Transaction::new();
        lock::vacate(&mut tx, self, &integration.id, lock.map(|lock| lock.token), now)?;
        if let Some(lost) = self.lapsed_import(lock.and_then(|lock| lock.import.as_ref())).await?
            && let Ok(lost) = lost.apply(Event::LockLost, now)
        {
            put_transition(&mut tx, self, &lost, now)?;
        }
        tx.delete(
            self,
            Table::Records,
            &keys::integration(&self.msp, &integration.id),
            is_version(integration.version),
            &[(":version", number(integration.version))],
        )?;
        let key = keys::removed(&self.msp, &integration.id);
        tx.add(
            self,
            Table::Records,
            item(REMOVED, &key, &RemovedRecord::from(removed))?,
        )?;
        self.loosen_secret(&mut tx, &integration.secret, now)?;
        self.forget_later(&mut tx, removed)?;
        let before = Connection::from(integration);
        let entry = Entry {
            at: now,
            by: by.clone(),
            import: None,
            action: AuditAction::IntegrationRemoved { before },
        };
        self.audit(&mut tx, &integration.id, &entry, "removed")?;
        Ok(tx)
    }

    async fn lapsed_import(&self, import: Option<&ImportId>) -> Result<Option<Import>, StoreError> {
        match import {
            Some(import) => self.import(import).await,
            None => Ok(None),
        }
    }

    /// A removed integration.
    pub async fn removed(&self, id: &IntegrationId) -> Result<Option<RemovedIntegration>, StoreError> {
        let item = self.get(Table::Records, &keys::removed(&self.msp, id)).await?;
        item.map(read).transpose()
    }

    /// All removed integrations of the MSP, but for those that cannot be read.
    pub async fn removed_integrations(&self) -> Result<Readable<RemovedIntegration>, StoreError> {
        let pk = keys::msp_partition(&self.msp);
        let items = self.query(Table::Records, &pk, keys::REMOVED).await?;
        Ok(readable(REMOVED, items.into_iter().map(read)))
    }

    /// Puts a removed integration back, with another connection and another secret; `false` if it is not removed any more, or the secret
    /// is being deleted.
    pub async fn adopt_integration(
        &self,
        removed: &RemovedIntegration,
        integration: &Integration,
        by: &Person,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::new();
        tx.delete(
            self,
            Table::Records,
            &keys::removed(&self.msp, &integration.id),
            "removedAt = :removedAt",
            &[(":removedAt", text(removed.at.to_string()))],
        )?;
        let key = keys::integration(&self.msp, &integration.id);
        tx.add(
            self,
            Table::Records,
            item(INTEGRATION, &key, &IntegrationRecord::from(integration))?,
        )?;
        tx.push(self.keep_secret(&integration.secret)?)?;
        tx.push(self.forget_nothing(&integration.id)?)?;
        // A sweep that came while it was removed has ended its schedule.
        if let Some(schedule) = &integration.policy.schedule {
            let anew = schedule.next_after(now).map(|next| Progress::new(next, now));
            tx.push(self.schedule_action(&integration.id, anew.as_ref())?)?;
        }
        let entry = Entry {
            at: now,
            by: by.clone(),
            import: None,
            action: AuditAction::IntegrationAdopted {
                before: Connection::from(&removed.integration),
                after: Connection::from(integration),
            },
        };
        self.audit(&mut tx, &integration.id, &entry, "adopted")?;
        Ok(tx.commit(self).await?.committed())
    }
}

fn read(item: Item) -> Result<RemovedIntegration, StoreError> {
    body::<RemovedRecord>(REMOVED, item).map(RemovedIntegration::from)
}
