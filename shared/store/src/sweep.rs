//! Imports that nobody works on any more. The sweeper looks for them across all tenants, and then works with the [`Tenant`] of each.

use domain::ids::{ImportId, IntegrationId, MspId};
use domain::import::{Assignment, ImportState};
use jiff::Timestamp;
use serde::Deserialize;

use crate::lock::{LockItem, REVIEW_LEASE};
use crate::records::IMPORT;
use crate::table::{Readable, Store, Table, Tenant, body, number, readable, text};
use crate::{StoreError, keys};

/// The index by which the sweeper finds imports that a worker has something to do for, secrets that no integration has, and removed
/// integrations whose data is to be deleted.
pub(crate) const UNDER_WAY: &str = "under-way";

/// An import that a worker has something to do for.
#[derive(Debug, Clone, Deserialize)]
pub struct UnderWay {
    /// The tenant.
    pub msp: MspId,
    /// The import.
    pub id: ImportId,
    integration: IntegrationId,
    state: ImportState,
}

impl Store {
    /// Every import with this assignment, a moment ago, but for those that cannot be read: one import must not keep all tenants
    /// waiting.
    pub async fn under_way(&self, assignment: Assignment) -> Result<Readable<UnderWay>, StoreError> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.imports)
                .index_name(UNDER_WAY)
                .key_condition_expression("assignment = :assignment")
                .expression_attribute_values(":assignment", text(assignment.as_str()))
                .set_exclusive_start_key(after)
                .send()
                .await
                .map_err(|error| StoreError::sdk("Query", error))?;
            let items = page.items.unwrap_or_default().into_iter();
            found.extend(items.map(|item| body(IMPORT, item)));
            after = page.last_evaluated_key;
            if after.is_none() {
                return Ok(readable(IMPORT, found));
            }
        }
    }
}

impl Tenant {
    /// Has a worker called for an import whose last one has died: the write is the message. False if somebody works on it, or
    /// if it was taken up a short while ago.
    pub async fn take_up(&self, import: &UnderWay, now: Timestamp) -> Result<bool, StoreError> {
        let lock = self.lock(&import.integration).await?;
        // The lease of an import that has lost its lock is an item of its own.
        let last = keys::last_worker(&self.msp, &import.id);
        let last = self.get(Table::Imports, &last).await?;
        let last = last.map(LockItem::read).transpose()?;
        // A worker that waits has given its lease up, but the item names its import as the holder until `REVIEW_LEASE` after the wait.
        let mut holders = [lock, last].into_iter().flatten().filter_map(|lock| lock.holder(now));
        if holders.any(|holder| holder.import == import.id) {
            return Ok(false);
        }
        let lease = i64::try_from(REVIEW_LEASE.as_secs()).unwrap_or(i64::MAX);
        let (update, condition) = (
            "SET takenUpAt = :now",
            "#state = :state AND (attribute_not_exists(takenUpAt) OR takenUpAt <= :before)",
        );
        let values = [
            (":state", text(import.state.as_str())),
            (":now", number(now.as_second())),
            (":before", number(now.as_second().saturating_sub(lease))),
        ];
        self.update_alone(
            Table::Imports,
            &keys::import(&self.msp, &import.id),
            update,
            condition,
            &values,
        )
        .await
    }
}
