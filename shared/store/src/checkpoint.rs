//! How far a worker has come, apart from the import itself, whose writes start workers.

use domain::import::{Import, Progress};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::imports::{EXPIRES, expires};
use crate::keys;
use crate::table::{Place, Tenant, body, item, number};
use crate::tx::Transaction;

/// Progress for people, and the position to go on from for the next run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint<Position> {
    /// What an administrator can watch.
    pub progress: Progress,
    /// Where to go on.
    pub position: Position,
}

impl Tenant {
    /// Reads the checkpoint; the default if there is none yet.
    pub async fn checkpoint<P: DeserializeOwned + Default>(
        &self,
        import: &Import,
    ) -> Result<Checkpoint<P>, StoreError> {
        let item = self
            .get(Place::Imports, &keys::checkpoint(&self.msp, &import.id))
            .await?;
        Ok(item
            .map(|item| body("checkpoint", item))
            .transpose()?
            .unwrap_or(Checkpoint {
                progress: Progress::default(),
                position: P::default(),
            }))
    }

    /// What an administrator can watch.
    pub async fn progress(&self, import: &Import) -> Result<Progress, StoreError> {
        #[derive(Deserialize)]
        struct OnlyProgress {
            progress: Progress,
        }
        let item = self
            .get(Place::Imports, &keys::checkpoint(&self.msp, &import.id))
            .await?;
        let only = item.map(|item| body::<OnlyProgress>("checkpoint", item)).transpose()?;
        Ok(only.map_or_else(Progress::default, |only| only.progress))
    }

    /// Adds the advance of the checkpoint to the transaction that does the work behind it.
    pub fn advance<P: Serialize>(
        &self,
        tx: &mut Transaction,
        import: &Import,
        checkpoint: &Checkpoint<P>,
    ) -> Result<(), StoreError> {
        let mut item = item("checkpoint", &keys::checkpoint(&self.msp, &import.id), checkpoint)?;
        item.insert(EXPIRES.to_owned(), number(expires(import)));
        tx.put(self, Place::Imports, item, None, &[])
    }
}
