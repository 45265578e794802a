//! How far a worker has come, apart from the import itself, whose writes start workers.

use domain::import::{Import, Progress};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::imports::{EXPIRES, expires};
use crate::keys;
use crate::table::{Item, Place, Tenant, body, item, number};
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

/// A kind of work; each has a checkpoint of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Downloading the snapshot.
    Fetch,
    /// Carrying out the plan.
    Execute,
}

impl Phase {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Fetch => "FETCH",
            Self::Execute => "EXECUTE",
        }
    }
}

impl Tenant {
    /// Reads the checkpoint; the default if there is none yet.
    pub async fn checkpoint<P: DeserializeOwned + Default>(
        &self,
        import: &Import,
        phase: Phase,
    ) -> Result<Checkpoint<P>, StoreError> {
        let item = self
            .get(Place::Imports, &keys::checkpoint(&self.msp, &import.id, phase))
            .await?;
        let checkpoint = item.map(|item| body("checkpoint", item)).transpose()?;
        Ok(checkpoint.unwrap_or_else(|| Checkpoint {
            progress: Progress::default(),
            position: P::default(),
        }))
    }

    /// What an administrator can watch, of both phases.
    pub async fn progress(&self, import: &Import) -> Result<Progress, StoreError> {
        let fetched = self.checkpoint::<IgnoredAny>(import, Phase::Fetch).await?.progress;
        let executed = self
            .checkpoint::<IgnoredAny>(import, Phase::Execute)
            .await?
            .progress
            .executed;
        Ok(Progress { executed, ..fetched })
    }

    /// Adds the advance of the checkpoint to the transaction that does the work behind it.
    pub fn advance<P: Serialize>(
        &self,
        tx: &mut Transaction,
        import: &Import,
        phase: Phase,
        checkpoint: &Checkpoint<P>,
    ) -> Result<(), StoreError> {
        let item = self.checkpoint_item(import, phase, checkpoint)?;
        tx.put(self, Place::Imports, item, None, &[])
    }

    /// The same for whoever has no lock to prove: refused if anybody has come further than `packs`, a number in the position that
    /// grows with every advance.
    pub fn advance_from<P: Serialize>(
        &self,
        tx: &mut Transaction,
        import: &Import,
        phase: Phase,
        checkpoint: &Checkpoint<P>,
        packs: u64,
    ) -> Result<(), StoreError> {
        let item = self.checkpoint_item(import, phase, checkpoint)?;
        let condition = "attribute_not_exists(pk) OR #position.packs = :packs";
        tx.put(
            self,
            Place::Imports,
            item,
            Some(condition),
            &[(":packs", number(packs))],
        )
    }

    fn checkpoint_item<P: Serialize>(
        &self,
        import: &Import,
        phase: Phase,
        checkpoint: &Checkpoint<P>,
    ) -> Result<Item, StoreError> {
        let key = keys::checkpoint(&self.msp, &import.id, phase);
        let mut item = item("checkpoint", &key, checkpoint)?;
        item.insert(EXPIRES.to_owned(), number(expires(import)));
        Ok(item)
    }
}
