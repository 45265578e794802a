//! How long the last snapshot of an integration is kept (R67): until no import shows its rows any more. Each import that reads the PSA says
//! until when in one item; to renew it in every item of the snapshot would be too dear. When the time is over, or what a fetch has left
//! that was never completed is as old, the sweeper lets all of it expire, of removed integrations too.
//!
//! The item's moment is also the fence between an import and the sweeper: each writes it on condition that it is as it was read.

use domain::ids::IntegrationId;
use domain::import::retention::{ROWS_DAYS, days_after};
use jiff::Timestamp;
use serde::Deserialize;

use super::last::Last;
use super::mirror;
use crate::StoreError;
use crate::keys;
use crate::schedules::Due;
use crate::schema::Kind;
use crate::table::{Item, Readable, Store, Table, Tenant, bare_item, body, number, text};
use crate::tx::{Action, Transaction};

const RETENTION: Kind = Kind::first("retention of a snapshot");

/// The partition of the index by moment that has nothing but these items.
pub const SHARD: &str = "snapshots";

/// The moment of a snapshot that the sweeper is letting expire: no import writes it.
const EXPIRING: i64 = 0;

/// Until when the last snapshot is kept. Moments are seconds of Unix time.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Retention {
    /// When the last import read the PSA.
    at: i64,
    due: i64,
}

impl Retention {
    pub fn from(now: Timestamp) -> Self {
        Self {
            at: now.as_second(),
            due: days_after(now, ROWS_DAYS).as_second(),
        }
    }
}

impl Store {
    /// Integrations whose last snapshot has been kept long enough, the longest first, but for those that cannot be read; and where the
    /// next page begins.
    pub async fn expired_snapshots(
        &self,
        now: Timestamp,
        after: Option<Item>,
    ) -> Result<(Readable<Due>, Option<Item>), StoreError> {
        self.due_in(RETENTION, SHARD.to_owned(), now, after).await
    }
}

impl Tenant {
    /// Until when the last snapshot is kept. To be read before the snapshot is.
    pub(super) async fn retention(&self, integration: &IntegrationId) -> Result<Option<Retention>, StoreError> {
        let key = keys::snapshot_retention(&self.msp, integration);
        let item = self.get(Table::Records, &key).await?;
        item.map(|item| body(RETENTION, item)).transpose()
    }

    /// Keeps the snapshot longer, unless somebody else has changed how long since it was `seen`.
    pub(super) fn retain_action(
        &self,
        integration: &IntegrationId,
        seen: Option<Retention>,
        to: Retention,
    ) -> Result<Action, StoreError> {
        let mut item = bare_item(RETENTION, &keys::snapshot_retention(&self.msp, integration));
        item.insert("msp".to_owned(), text(self.msp.as_str()));
        item.insert("integration".to_owned(), text(integration.as_str()));
        item.insert("dueShard".to_owned(), text(SHARD));
        item.insert("due".to_owned(), number(to.due));
        item.insert("at".to_owned(), number(to.at));
        match seen {
            Some(seen) => {
                let values = [(":seen", number(seen.due))];
                Action::put_if(self, Table::Records, item, "due = :seen", &values)
            }
            None => Action::put_if(self, Table::Records, item, "attribute_not_exists(pk)", &[]),
        }
    }

    /// Lets the last snapshot expire, and deletes what drafts have left, if it has been kept long enough; `false` if not, or if an import
    /// came meanwhile. Killed anywhere, it goes on the next time.
    pub async fn expire_snapshot(&self, integration: &IntegrationId, now: Timestamp) -> Result<bool, StoreError> {
        let seen = self.retention(integration).await?;
        let Some(seen) = seen.filter(|seen| seen.due <= now.as_second()) else {
            return Ok(false);
        };
        let state = self.snapshot_state(integration).await?;
        // Their keys are needed for what is superseded next.
        self.expire_superseded(integration, state.superseded).await?;
        let last = self.last_snapshot(integration, state.head.as_ref()).await?;
        let last = state.head.is_some().then_some(last);
        let tx = self.expiry(integration, seen, last, state.mirror.as_ref())?;
        if !tx.commit(self).await?.committed() {
            return Ok(false);
        }
        // From here on no import completes a snapshot that rests on what was read before.
        self.expire_last_superseded(integration).await?;
        if let Some(draft) = state.draft {
            self.delete_draft(integration, draft).await?;
        }
        let key = keys::snapshot_retention(&self.msp, integration);
        let values = [(":expiring", number(EXPIRING))];
        self.delete_if(Table::Records, &key, "due = :expiring", &values).await?;
        Ok(true)
    }

    /// The transaction after which there is no last snapshot: all it has is superseded, since the last import read the PSA.
    fn expiry(
        &self,
        integration: &IntegrationId,
        seen: Retention,
        last: Option<Last>,
        mirror: Option<&Item>,
    ) -> Result<Transaction, StoreError> {
        let mut tx = Transaction::new();
        tx.push(self.retain_action(integration, Some(seen), Retention { due: EXPIRING, ..seen })?)?;
        let partition = keys::snapshot_partition(&self.msp, integration);
        let mut superseded = Vec::new();
        let delete = |key| Action::delete(self, Table::Imports, &key, "attribute_exists(pk)", &[]);
        if let Some(last) = last {
            tx.push(delete(keys::snapshot_head(&self.msp, integration))?)?;
            superseded.extend(last.superseded_by(&partition, &[]));
            // What is alike packs well.
            superseded.sort_unstable();
        }
        if let Some(mirror) = mirror {
            tx.push(delete(keys::snapshot_mirror(&self.msp, integration))?)?;
            let mirror = mirror::readable(Some(mirror))?;
            superseded.extend(
                mirror
                    .map(|mirror| mirror.superseded_by(None, &partition))
                    .unwrap_or_default(),
            );
        }
        let at = Timestamp::from_second(seen.at).map_err(|error| StoreError::shape(RETENTION.name, error))?;
        for item in self.superseded_items(integration, &superseded, at)? {
            tx.put(self, Table::Imports, item)?;
        }
        Ok(tx)
    }
}
