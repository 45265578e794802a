//! How far a worker has come, apart from the import itself, whose writes start workers.

use std::fmt;

use domain::import::retention::RESULT_DAYS;
use domain::import::{Assignment, Import, Progress};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::expiry::expire;
use crate::keys;
use crate::schema::Kind;
use crate::table::{Item, Table, Tenant, body, item};
use crate::tx::{Action, ActionId, Transaction};

pub(crate) const CHECKPOINT: Kind = Kind::first("checkpoint").kept(RESULT_DAYS);

/// How far one kind of work has come: progress for people, and the position to go on from for the next run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint<Position> {
    /// What an administrator can watch.
    pub progress: Progress,
    /// Where to go on.
    pub position: Position,
    /// How often the work has waited since it last got further.
    #[serde(default)]
    pub waits: Waits,
}

/// What a worker waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WaitReason {
    /// The PSA asks to come back later.
    Psa,
    /// The directory does not answer.
    Directory,
    /// The import from which the lock was taken has not ended.
    PreviousImport,
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Psa => "the PSA",
            Self::Directory => "the directory",
            Self::PreviousImport => "the previous import",
        })
    }
}

/// Waits in a row for the same reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits(Option<(WaitReason, u32)>);

impl Waits {
    /// How often in a row the work has waited for this reason.
    pub fn count(self, reason: WaitReason) -> u32 {
        match self.0 {
            Some((of, count)) if of == reason => count,
            _ => 0,
        }
    }

    /// Whether the work has waited since it last got further.
    pub const fn any(self) -> bool {
        self.0.is_some()
    }

    /// Counts one more.
    pub fn add(&mut self, reason: WaitReason) {
        self.0 = Some((reason, self.count(reason) + 1));
    }

    /// Counts anew: the work got further.
    pub const fn reset(&mut self) {
        self.0 = None;
    }
}

impl Tenant {
    /// Reads the checkpoint; the default if there is none yet.
    pub async fn checkpoint<P: DeserializeOwned + Default>(
        &self,
        import: &Import,
        work: Assignment,
    ) -> Result<Checkpoint<P>, StoreError> {
        let item = self
            .get(Table::Imports, &keys::checkpoint(&self.msp, &import.id, work))
            .await?;
        let checkpoint = item.map(|item| body(CHECKPOINT, item)).transpose()?;
        Ok(checkpoint.unwrap_or_default())
    }

    /// What an administrator can watch, of fetch and execute.
    pub async fn progress(&self, import: &Import) -> Result<Progress, StoreError> {
        let fetched = self.checkpoint::<IgnoredAny>(import, Assignment::Fetch).await?.progress;
        let executed = self
            .checkpoint::<IgnoredAny>(import, Assignment::Execute)
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
        work: Assignment,
        checkpoint: &Checkpoint<P>,
    ) -> Result<ActionId, StoreError> {
        tx.push(self.advance_action(import, work, checkpoint)?)
    }

    /// The advance of the checkpoint.
    pub fn advance_action<P: Serialize>(
        &self,
        import: &Import,
        work: Assignment,
        checkpoint: &Checkpoint<P>,
    ) -> Result<Action, StoreError> {
        Action::put(self, Table::Imports, self.checkpoint_item(import, work, checkpoint)?)
    }

    fn checkpoint_item<P: Serialize>(
        &self,
        import: &Import,
        work: Assignment,
        checkpoint: &Checkpoint<P>,
    ) -> Result<Item, StoreError> {
        let key = keys::checkpoint(&self.msp, &import.id, work);
        let mut item = item(CHECKPOINT, &key, checkpoint)?;
        expire(&mut item, CHECKPOINT, import.started_at);
        Ok(item)
    }
}
