//! What a run of a fetch that died has left in the items of its import: lists are numbered items, and the next run may need fewer of them.

use std::collections::HashSet;

use domain::import::Import;
use serde::Serialize;

use crate::StoreError;
use crate::keys::{self, Key};
use crate::records::{AbsenteesRecord, FOUND_ABSENT, ORPHANS, PEOPLE_INDEX};
use crate::schema::Kind;
use crate::table::{Table, Tenant};
use crate::tx::Action;

impl Tenant {
    /// The writes that empty the items of lists which this snapshot does not write: those that may take more items than fit into the
    /// transaction which lets it count.
    pub(super) async fn empty_leftovers(&self, import: &Import, writes: &[Action]) -> Result<Vec<Action>, StoreError> {
        let (nobody, nothing): ([(); 0], _) = ([], AbsenteesRecord::default());
        let mut actions = self
            .empty_items(import, (PEOPLE_INDEX, keys::PEOPLE_INDEX, &nobody), writes)
            .await?;
        actions.extend(
            self.empty_items(import, (ORPHANS, keys::ORPHANS, &nobody), writes)
                .await?,
        );
        let absent = (FOUND_ABSENT, keys::FOUND_ABSENT, &nothing);
        actions.extend(self.empty_items(import, absent, writes).await?);
        Ok(actions)
    }

    async fn empty_items<T: Serialize>(
        &self,
        import: &Import,
        (kind, list, nothing): (Kind, &str, &T),
        writes: &[Action],
    ) -> Result<Vec<Action>, StoreError> {
        let written: HashSet<&str> = writes.iter().map(Action::sort_key).collect();
        let pk = keys::import_partition(&self.msp, &import.id);
        let items = self.query(Table::Imports, &pk, list).await?;
        let left = items.iter().filter_map(|item| item.get("sk")?.as_s().ok());
        let left = left.filter(|sk| !written.contains(sk.as_str()));
        left.map(|sk| self.packed_put(import, kind, &Key::in_import(&pk, sk), nothing))
            .collect()
    }
}
