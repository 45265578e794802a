//! The items that say which parts of a snapshot count.

use std::collections::BTreeMap;

use domain::ids::IntegrationId;

use super::drafts::{self, DraftRecord};
use crate::StoreError;
use crate::keys::{self, Key};
use crate::table::{Item, Table, Tenant};

/// What is there of an integration's snapshots.
pub(super) struct State {
    /// The last complete one.
    pub head: Option<Item>,
    /// What the last import knows of the PSA.
    pub mirror: Option<Item>,
    /// The name of one that is being written, or never came to count.
    pub draft: Option<DraftRecord>,
    /// Lists of what was superseded, of which it is not seen to yet that it is deleted.
    pub superseded: Vec<Item>,
}

impl Tenant {
    pub(super) async fn snapshot_state(&self, integration: &IntegrationId) -> Result<State, StoreError> {
        let partition = keys::snapshot_partition(&self.msp, integration);
        let mut items: BTreeMap<String, Item> = BTreeMap::new();
        for item in self.query(Table::Imports, &partition, keys::SNAPSHOT_STATE).await? {
            if let Some(key) = item.get("sk").and_then(|key| key.as_s().ok()) {
                items.insert(key.clone(), item);
            }
        }
        let mut of = |key: Key| items.remove(&key.sk);
        Ok(State {
            draft: of(keys::snapshot_draft(&self.msp, integration))
                .map(drafts::read)
                .transpose()?,
            head: of(keys::snapshot_head(&self.msp, integration)),
            mirror: of(keys::snapshot_mirror(&self.msp, integration)),
            superseded: items.into_values().collect(),
        })
    }
}
