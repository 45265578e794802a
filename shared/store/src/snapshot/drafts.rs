//! Snapshots that are being written, and what those leave that never count.
//!
//! The draft of an integration names the snapshot that is being written. A worker that finds the draft of another one first puts its
//! own name there, which proves its lease, and only then deletes what the other one wrote: so a worker that has lost its lease deletes
//! nothing that may still count.

use domain::ids::IntegrationId;
use domain::import::Import;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::contents::{ADDRESSES_OF, PEOPLE_OF};
use super::retention::Retention;
use crate::StoreError;
use crate::fenced::FencedOutcome;
use crate::keys::{self, Key};
use crate::lease::Lease;
use crate::many::write_each;
use crate::schema::Kind;
use crate::table::{Item, Table, Tenant, body, item, text};
use crate::tx::Action;

/// The snapshot that is being written.
const DRAFT: Kind = Kind::first("draft of a snapshot");

/// The condition under which a draft is still that of a version.
const IS_VERSION: &str = "#version = :version";

/// The stored draft of an integration.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct DraftRecord {
    /// The name of the snapshot that is being written; absent once it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// Names of snapshots that never count. What they left has been deleted, but a worker that had lost its lease may have written more
    /// since: so the next draft deletes it once more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dead: Vec<String>,
}

pub(super) fn read(draft: Item) -> Result<DraftRecord, StoreError> {
    body(DRAFT, draft)
}

/// What the stored draft says of the snapshot that is being written.
#[derive(Debug)]
pub(super) enum Begun {
    /// Nothing: there is no draft.
    Unknown,
    /// Its name, and those of others that never count.
    Known(Vec<String>),
}

impl Begun {
    pub(super) const fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }
}

impl Tenant {
    /// Deletes what drafts have left that never came to count; `None` if the lease is lost.
    pub(super) async fn clear_drafts(
        &self,
        lease: &Lease,
        import: &Import,
        stored: Option<DraftRecord>,
        retention: &mut Option<Retention>,
        now: Timestamp,
    ) -> Result<Option<Begun>, StoreError> {
        let Some(DraftRecord { version, dead }) = stored else {
            return Ok(Some(Begun::Unknown));
        };
        let unfinished: Vec<String> = version.into_iter().collect();
        match self.put_draft(lease, import, &unfinished, retention, now).await? {
            FencedOutcome::Committed => {}
            FencedOutcome::FenceLost(_) => return Ok(None),
            // The sweeper lets the last snapshot expire.
            FencedOutcome::Refused(_) => {
                return Err(StoreError::Contention {
                    what: "the last snapshot",
                });
            }
        }
        let dead: Vec<&String> = dead.iter().chain(&unfinished).collect();
        self.delete_litter(&import.integration, &dead).await?;
        Ok(Some(Begun::Known(unfinished)))
    }

    /// Proves the lease, and stores the name of a snapshot before its first item: one that is stored nowhere would never be deleted.
    pub(super) async fn begin_draft(
        &self,
        lease: &Lease,
        import: &Import,
        (begun, retention): (&mut Begun, &mut Option<Retention>),
        now: Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        if begun.is_known() {
            return lease.transaction(self, now)?.commit(self).await;
        }
        let outcome = self.put_draft(lease, import, &[], retention, now).await?;
        if outcome.committed() {
            *begun = Begun::Known(Vec::new());
        }
        Ok(outcome)
    }

    async fn put_draft(
        &self,
        lease: &Lease,
        import: &Import,
        dead: &[String],
        retention: &mut Option<Retention>,
        now: Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        let record = DraftRecord {
            version: Some(lease.version(import)),
            dead: dead.to_vec(),
        };
        let (integration, until) = (&import.integration, Retention::from(now));
        let mut tx = lease.transaction(self, now)?;
        let key = keys::snapshot_draft(&self.msp, integration);
        tx.put(self, Table::Imports, item(DRAFT, &key, &record)?)?;
        tx.push(self.retain_action(integration, *retention, until)?)?;
        let outcome = tx.commit(self).await?;
        if outcome.committed() {
            *retention = Some(until);
        }
        Ok(outcome)
    }

    /// Ends a draft, in the transaction in which its snapshot comes to count.
    pub(super) fn end_draft(
        &self,
        integration: &IntegrationId,
        begun: &Begun,
        version: &str,
    ) -> Result<Option<Action>, StoreError> {
        let Begun::Known(dead) = begun else {
            return Ok(None);
        };
        let key = keys::snapshot_draft(&self.msp, integration);
        let values = [(":version", text(version))];
        if dead.is_empty() {
            return Action::delete(self, Table::Imports, &key, IS_VERSION, &values).map(Some);
        }
        let record = DraftRecord {
            version: None,
            dead: dead.clone(),
        };
        Action::put_if(self, Table::Imports, item(DRAFT, &key, &record)?, IS_VERSION, &values).map(Some)
    }

    /// Deletes a draft, and what was written under its names. The caller has proved that nobody writes them.
    pub(super) async fn delete_draft(&self, integration: &IntegrationId, draft: DraftRecord) -> Result<(), StoreError> {
        let dead: Vec<&String> = draft.dead.iter().chain(&draft.version).collect();
        self.delete_litter(integration, &dead).await?;
        // Last: a deletion that dies before is repeated.
        let key = keys::snapshot_draft(&self.msp, integration);
        let Some(version) = &draft.version else {
            let is_none = "attribute_not_exists(#version)";
            return self.delete_if(Table::Imports, &key, is_none, &[]).await;
        };
        let values = [(":version", text(version))];
        self.delete_if(Table::Imports, &key, IS_VERSION, &values).await
    }

    /// Deletes what snapshots of these names have left.
    async fn delete_litter(&self, integration: &IntegrationId, dead: &[&String]) -> Result<(), StoreError> {
        if dead.is_empty() {
            return Ok(());
        }
        let partition = keys::snapshot_partition(&self.msp, integration);
        for list in [ADDRESSES_OF, PEOPLE_OF] {
            let is_dead = |item: &Item| {
                let of = list.place(item).map(|(_, version)| version);
                of.is_some_and(|version| dead.iter().any(|dead| *dead == version))
            };
            self.delete_each(&partition, list.all(), is_dead).await?;
        }
        for version in dead {
            for of_version in [keys::SNAPSHOT_ROWS, keys::MIRROR] {
                let prefix = format!("{of_version}{version}#");
                self.delete_each(&partition, &prefix, |_| true).await?;
            }
        }
        Ok(())
    }

    /// Deletes items of a partition, with the memory of one page of them.
    async fn delete_each(
        &self,
        partition: &str,
        prefix: &str,
        is_left: impl Fn(&Item) -> bool,
    ) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let (items, next) = self
                .query_page(Table::Imports, partition, prefix, after.as_ref(), None)
                .await?;
            let left = items.iter().filter(|item| is_left(item));
            let keys = left.filter_map(|item| item.get("sk")?.as_s().ok());
            let keys = keys.map(|sk| Key::in_import(partition, sk)).collect();
            let delete = |key: Key| async move { self.delete_alone(Table::Imports, &key).await };
            write_each(keys, delete).await?;
            after = next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}
