//! How far a worker has come, apart from the import itself, whose writes start workers.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::import::retention::RESULT_DAYS;
use domain::import::{Assignment, Import, Progress};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::expiry::{expire, expires};
use crate::keys;
use crate::schema::Kind;
use crate::table::{Item, Table, Tenant, body, item, number, value};
use crate::tx::{Action, ActionId, Transaction};
use crate::waited::{Waited, Waiting};

pub(crate) const CHECKPOINT: Kind = Kind::first("checkpoint").kept(RESULT_DAYS);

/// How far one kind of work has come: progress for people, and the position to go on from for the next run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    bound(deserialize = "Position: Default + Deserialize<'de>")
)]
pub struct Checkpoint<Position> {
    /// What an administrator can watch.
    #[serde(default)]
    pub progress: Progress,
    /// Where to go on. A wait before the first step is written without it.
    #[serde(default)]
    pub position: Position,
    /// How long the work has waited so far, and for what it waits now.
    #[serde(default)]
    pub waited: Waited,
}

/// The part of a checkpoint that is for people.
#[derive(Clone, Copy, Deserialize)]
struct Shown {
    #[serde(default)]
    progress: Progress,
    /// How far the work had come when it was last noted, which the checkpoint may be behind.
    #[serde(rename = "shown", default)]
    noted: Option<Progress>,
    #[serde(default)]
    waited: Waited,
}

impl Shown {
    fn progress(self) -> Progress {
        let far = |of: &Progress| (of.pages, of.directory, of.sorted, of.executed, of.to_execute);
        let noted = self.noted.filter(|noted| far(noted) > far(&self.progress));
        noted.unwrap_or(self.progress)
    }
}

impl Tenant {
    /// Reads the checkpoint; `None` if there is none yet.
    pub async fn checkpoint<P: DeserializeOwned + Default>(
        &self,
        import: &Import,
        work: Assignment,
    ) -> Result<Option<Checkpoint<P>>, StoreError> {
        let item = self
            .get(Table::Imports, &keys::checkpoint(&self.msp, &import.id, work))
            .await?;
        item.map(|item| body(CHECKPOINT, item)).transpose()
    }

    /// What an administrator can watch, of fetch and execute, and for what the work at hand waits.
    pub async fn progress(&self, import: &Import) -> Result<(Progress, Option<Waiting>), StoreError> {
        let (fetched, executed) = (
            self.shown(import, Assignment::Fetch).await?,
            self.shown(import, Assignment::Execute).await?,
        );
        let at_hand = match import.assignment() {
            Some(Assignment::Fetch) => fetched.as_ref(),
            Some(Assignment::Execute) => executed.as_ref(),
            None => None,
        };
        let waiting = at_hand.and_then(|checkpoint| checkpoint.waited.waiting());
        let applied = executed.map(Shown::progress).unwrap_or_default();
        let progress = Progress {
            executed: applied.executed,
            to_execute: applied.to_execute,
            outcomes: applied.outcomes,
            ..fetched.map(Shown::progress).unwrap_or_default()
        };
        Ok((progress, waiting))
    }

    async fn shown(&self, import: &Import, work: Assignment) -> Result<Option<Shown>, StoreError> {
        let key = keys::checkpoint(&self.msp, &import.id, work);
        let item = self.get(Table::Imports, &key).await?;
        item.map(|item| body(CHECKPOINT, item)).transpose()
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

    /// Adds the account of the waits to a transaction, and leaves the rest of the checkpoint as it is stored.
    pub fn note_wait(
        &self,
        tx: &mut Transaction,
        import: &Import,
        work: Assignment,
        waited: &Waited,
    ) -> Result<ActionId, StoreError> {
        self.note(tx, import, work, ("waited", value(CHECKPOINT.name, waited)?))
    }

    fn note(
        &self,
        tx: &mut Transaction,
        import: &Import,
        work: Assignment,
        (name, noted): (&str, AttributeValue),
    ) -> Result<ActionId, StoreError> {
        let mut update = format!("SET {name} = :noted, #schema = :schema");
        let mut values = vec![(":noted", noted), (":schema", number(CHECKPOINT.schema))];
        if let Some(expires) = expires(CHECKPOINT, import.started_at) {
            update += ", expires = :expires";
            values.push((":expires", number(expires)));
        }
        let (key, condition) = (
            keys::checkpoint(&self.msp, &import.id, work),
            "attribute_not_exists(#schema) OR #schema <= :schema",
        );
        tx.update(self, Table::Imports, &key, &update, condition, &values)
    }

    /// Adds what an administrator can watch to a transaction, and leaves the checkpoint as it is stored: the work behind it is not.
    pub fn note_progress(
        &self,
        tx: &mut Transaction,
        import: &Import,
        work: Assignment,
        progress: &Progress,
    ) -> Result<ActionId, StoreError> {
        self.note(tx, import, work, ("shown", value(CHECKPOINT.name, progress)?))
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
