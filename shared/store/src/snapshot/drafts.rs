//! Snapshots that are being written, and what those leave that never count.
//!
//! The draft of an integration names the snapshot that is being written. A worker that finds the draft of another one first puts its
//! own name there, which proves its lease, and only then deletes what the other one wrote: so a worker that has lost its lease deletes
//! nothing that may still count.

use domain::import::Import;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ADDRESSES_OF, Draft, PEOPLE_OF, WRITE_CONCURRENCY};
use crate::StoreError;
use crate::fenced::FencedOutcome;
use crate::keys::{self, Key};
use crate::lease::Lease;
use crate::schema::Kind;
use crate::table::{Item, Table, Tenant, body, item, text};
use crate::tx::Action;

/// The snapshot that is being written.
const DRAFT: Kind = Kind::first("draft of a snapshot");

/// The stored draft of an integration.
#[derive(Debug, Default, Serialize, Deserialize)]
struct DraftRecord {
    /// The name of the snapshot that is being written; absent once it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// Names of snapshots that never count. What they left has been deleted, but a worker that had lost its lease may have written more
    /// since: so the next draft deletes it once more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dead: Vec<String>,
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
        stored: Option<Item>,
        now: Timestamp,
    ) -> Result<Option<Begun>, StoreError> {
        let Some(stored) = stored else {
            return Ok(Some(Begun::Unknown));
        };
        let DraftRecord { version, dead } = body(DRAFT, stored)?;
        let unfinished: Vec<String> = version.into_iter().collect();
        if !self
            .put_draft(lease, import, unfinished.clone(), now)
            .await?
            .committed()
        {
            return Ok(None);
        }
        let partition = keys::snapshot_partition(&self.msp, &import.integration);
        let dead: Vec<&String> = dead.iter().chain(&unfinished).collect();
        self.delete_litter(&partition, &dead).await?;
        Ok(Some(Begun::Known(unfinished)))
    }

    /// Proves the lease, and stores the name of a snapshot before its first item: one that nobody knows of would never be deleted.
    pub(super) async fn begin_draft(
        &self,
        lease: &Lease,
        import: &Import,
        draft: &mut Draft,
        now: Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        if draft.begun.is_known() {
            return lease.transaction(self, now)?.commit(self).await;
        }
        let outcome = self.put_draft(lease, import, Vec::new(), now).await?;
        if outcome.committed() {
            draft.begun = Begun::Known(Vec::new());
        }
        Ok(outcome)
    }

    async fn put_draft(
        &self,
        lease: &Lease,
        import: &Import,
        dead: Vec<String>,
        now: Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        let version = Some(lease.version(import));
        let key = keys::snapshot_draft(&self.msp, &import.integration);
        let mut tx = lease.transaction(self, now)?;
        tx.put(self, Table::Imports, item(DRAFT, &key, &DraftRecord { version, dead })?)?;
        tx.commit(self).await
    }

    /// Ends a draft, in the transaction in which its snapshot comes to count.
    pub(super) fn end_draft(&self, import: &Import, draft: &Draft) -> Result<Option<Action>, StoreError> {
        let Begun::Known(dead) = &draft.begun else {
            return Ok(None);
        };
        let key = keys::snapshot_draft(&self.msp, &import.integration);
        let (condition, values) = ("#version = :version", [(":version", text(&draft.version))]);
        if dead.is_empty() {
            return Action::delete(self, Table::Imports, &key, condition, &values).map(Some);
        }
        let record = DraftRecord {
            version: None,
            dead: dead.clone(),
        };
        Action::put_if(self, Table::Imports, item(DRAFT, &key, &record)?, condition, &values).map(Some)
    }

    /// Deletes what snapshots of these names have left.
    async fn delete_litter(&self, partition: &str, dead: &[&String]) -> Result<(), StoreError> {
        if dead.is_empty() {
            return Ok(());
        }
        for list in [ADDRESSES_OF, PEOPLE_OF] {
            let is_dead = |item: &Item| {
                let of = list.place(item).map(|(_, version)| version);
                of.is_some_and(|version| dead.iter().any(|dead| *dead == version))
            };
            self.delete_each(partition, list.all(), is_dead).await?;
        }
        for version in dead {
            let rows = format!("{}{version}#", keys::SNAPSHOT_ROWS);
            self.delete_each(partition, &rows, |_| true).await?;
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
            let deletes = keys.map(|sk| {
                let key = Key::in_import(partition, sk);
                async move { self.delete_alone(Table::Imports, &key).await }
            });
            let deletes: Vec<_> = deletes.collect();
            stream::iter(deletes)
                .buffer_unordered(WRITE_CONCURRENCY)
                .try_collect::<()>()
                .await?;
            after = next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}
