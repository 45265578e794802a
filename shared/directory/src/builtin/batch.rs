//! Many items at once, by their keys.

use aws_sdk_dynamodb::types::KeysAndAttributes;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use store::retry::Attempts;
use store::{Item, Key, StoreError, Table};

use super::BuiltIn;
use crate::DirectoryError;

/// Keys of one `BatchGetItem`.
const BATCH_SIZE: usize = 100;

/// Batches that are read at once.
const BATCH_CONCURRENCY: usize = 4;

impl BuiltIn {
    /// The items of these keys; those that are not there are left out.
    pub(super) async fn batch_get(&self, keys: impl Iterator<Item = Key>) -> Result<Vec<Item>, DirectoryError> {
        let mut keys: Vec<Key> = keys.collect();
        // A batch must not name an item twice.
        keys.sort_unstable_by(|one, other| (&one.pk, &one.sk).cmp(&(&other.pk, &other.sk)));
        keys.dedup();
        let batches = keys.chunks(BATCH_SIZE).map(|keys| self.batch(keys).boxed());
        let batches: Vec<_> = batches.collect();
        let found: Vec<Vec<Item>> = stream::iter(batches).buffered(BATCH_CONCURRENCY).try_collect().await?;
        Ok(found.concat())
    }

    async fn batch(&self, keys: &[Key]) -> Result<Vec<Item>, DirectoryError> {
        let attempts = || Attempts::at("answer to a batch of addresses");
        let mut keys: Vec<Item> = keys.iter().map(Key::to_item).collect();
        let (mut found, mut waits) = (Vec::new(), attempts());
        loop {
            let asked = keys.len();
            let (items, rest) = self.ask(keys).await?;
            found.extend(items);
            if rest.is_empty() {
                return Ok(found);
            }
            if rest.len() < asked {
                waits = attempts();
            }
            // A table that has no room leaves keys over; asked again at once, it would have none either.
            waits.again().await?;
            keys = rest;
        }
    }

    /// The items found, and the keys that were not looked at.
    async fn ask(&self, keys: Vec<Item>) -> Result<(Vec<Item>, Vec<Item>), DirectoryError> {
        let table = self.tenant.table(Table::Records);
        let request = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(true)
            .build()
            .map_err(|error| DirectoryError::Refused(error.to_string().into()))?;
        let answer = self
            .tenant
            .client()
            .batch_get_item()
            .request_items(table, request)
            .send()
            .await
            .map_err(|error| StoreError::sdk("BatchGetItem", error))?;
        let found = answer
            .responses
            .and_then(|mut tables| tables.remove(table))
            .unwrap_or_default();
        let rest = answer
            .unprocessed_keys
            .and_then(|mut tables| tables.remove(table))
            .map(|rest| rest.keys)
            .unwrap_or_default();
        Ok((found, rest))
    }
}
