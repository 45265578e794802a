//! What a snapshot has superseded: a list of it is written in the transaction that supersedes it, and then each item gets the moment
//! at which the table deletes it.

use domain::ids::IntegrationId;
use domain::import::retention::{RESULT_DAYS, ROWS_DAYS, days_after};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::keys::{self, Key};
use crate::many::write_each;
use crate::schema::Kind;
use crate::table::{Item, PACKED, Table, Tenant, number, packed_body, packed_item};

/// What was superseded, until it is seen to that it is deleted.
const SUPERSEDED: Kind = Kind::first("superseded items");

/// Sort keys in one item, so that it never comes near 400 KB.
const MAX_KEYS_PER_ITEM: usize = 10_000;

/// Sort keys in the partition of the snapshots.
#[derive(Debug, Serialize, Deserialize)]
struct Superseded {
    /// When no new import showed them any more.
    at: Timestamp,
    keys: Vec<String>,
}

impl Tenant {
    /// Lists of what is superseded, to be written in the transaction that supersedes it.
    pub(super) fn superseded_items(
        &self,
        integration: &IntegrationId,
        superseded: &[String],
        at: Timestamp,
    ) -> Result<Vec<Item>, StoreError> {
        let lists = superseded.chunks(MAX_KEYS_PER_ITEM).enumerate();
        let items = lists.map(|(number, keys)| {
            let keys = keys.to_vec();
            let key = keys::snapshot_superseded(&self.msp, integration, number);
            packed_item(SUPERSEDED, &key, &Superseded { at, keys })
        });
        items.collect()
    }

    /// Sees to it that what the last snapshot superseded is deleted once no import shows it any more.
    pub async fn expire_last_superseded(&self, integration: &IntegrationId) -> Result<(), StoreError> {
        let partition = keys::snapshot_partition(&self.msp, integration);
        let items = self
            .query(Table::Imports, &partition, keys::SNAPSHOT_SUPERSEDED)
            .await?;
        self.expire_superseded(integration, items).await
    }

    /// Repeating it changes nothing: no key that was superseded is ever used again.
    pub(super) async fn expire_superseded(
        &self,
        integration: &IntegrationId,
        items: Vec<Item>,
    ) -> Result<(), StoreError> {
        let partition = keys::snapshot_partition(&self.msp, integration);
        for item in items {
            let Superseded { at, keys } = packed_body(SUPERSEDED, &item)?;
            let partition = &partition;
            let update = |sk: String| async move {
                let is_of_result = sk.starts_with(keys::SNAPSHOT_PEOPLE);
                let days = if is_of_result { RESULT_DAYS } else { ROWS_DAYS };
                let expires = &[(":expires", number(days_after(at, days).as_second()))];
                let key = Key::in_import(partition, &sk);
                let (update, condition) = ("SET expires = :expires", "attribute_exists(pk)");
                // If not, it has been deleted.
                let updated = self.update_alone(Table::Imports, &key, update, condition, expires);
                updated.await.map(drop)
            };
            write_each(keys, update).await?;
            if let (Some(sk), Some(list)) = (item.get("sk").and_then(|sk| sk.as_s().ok()), item.get(PACKED)) {
                let key = Key::in_import(partition, sk);
                // Only this list: another worker may have put the next one there meanwhile.
                self.delete_if(Table::Imports, &key, "#data = :data", &[(":data", list.clone())])
                    .await?;
            }
        }
        Ok(())
    }
}
