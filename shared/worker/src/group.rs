//! Transactions of one worker, committed in groups.
//!
//! Each proves the lease, which costs as much as another item, and two on the lease at once would only conflict with each other.
//! So one at a time is committed, and takes along those that wait behind it: all or none of them are applied, under one
//! proof. If a condition of one of them does not hold, each is committed by itself.

use std::sync::{Mutex, PoisonError};

use store::fenced::{FencedOutcome, FencedTransaction};
use store::{StoreError, Tenant};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{Mutex as AsyncMutex, oneshot};

type Outcome = Result<FencedOutcome, StoreError>;

/// The transactions that wait, and whose turn it is.
#[derive(Default)]
pub(crate) struct Group {
    waiting: Mutex<Vec<Queued>>,
    turn: AsyncMutex<()>,
}

struct Queued {
    tx: FencedTransaction,
    outcome: oneshot::Sender<Outcome>,
}

impl Group {
    /// Commits a transaction, by itself or with others.
    pub(crate) async fn commit(&self, tenant: &Tenant, tx: FencedTransaction) -> Outcome {
        let (sender, mut outcome) = oneshot::channel();
        self.lock().push(Queued { tx, outcome: sender });
        loop {
            let _turn = self.turn.lock().await;
            match outcome.try_recv() {
                Ok(outcome) => return outcome,
                Err(TryRecvError::Empty) => self.commit_waiting(tenant).await,
                // Whoever committed it was stopped in between: nobody knows whether it was applied.
                Err(TryRecvError::Closed) => {
                    return Err(StoreError::Contention {
                        what: "a transaction of a group",
                    });
                }
            }
        }
    }

    /// Commits the first of those that wait, with the others that fit.
    async fn commit_waiting(&self, tenant: &Tenant) {
        let (Some(all), group) = self.take() else { return };
        let outcome = all.commit(tenant).await;
        // Only of a refusal it is known that nothing was applied; what failed may have been, and is not repeated here.
        let is_each_alone = group.len() > 1 && matches!(outcome, Ok(FencedOutcome::Refused(_)));
        for Queued { tx, outcome: to } in group {
            let outcome = if is_each_alone {
                tx.commit(tenant).await
            } else {
                outcome.clone()
            };
            drop(to.send(outcome));
        }
    }

    /// Takes the first and the others that fit, with all of their actions together.
    fn take(&self) -> (Option<FencedTransaction>, Vec<Queued>) {
        let mut waiting = self.lock();
        // One whose company was stopped is not to be applied.
        waiting.retain(|waiting| !waiting.outcome.is_closed());
        let mut all: Option<FencedTransaction> = None;
        let group = waiting.extract_if(.., |waiting| {
            if let Some(all) = &mut all {
                return all.append(&waiting.tx);
            }
            all = Some(waiting.tx.clone());
            true
        });
        let group = group.collect();
        (all, group)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Queued>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
