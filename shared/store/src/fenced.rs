//! Transactions that only the holder of a lease or a lock can apply.

use std::ops::{Deref, DerefMut};

use crate::StoreError;
use crate::table::{Item, Tenant};
use crate::tx::{Action, ActionId, Refusals, Transaction, TransactionOutcome};

/// A transaction that is applied only while its fence holds: the proof of a lease or a lock, which is its first action.
#[derive(Debug, Clone)]
pub struct FencedTransaction {
    tx: Transaction,
    fence: ActionId,
}

/// How a fenced transaction ended.
#[derive(Debug, Clone)]
#[must_use]
pub enum FencedOutcome {
    /// All of it was applied.
    Committed,
    /// Nothing was applied: the lease or the lock is not held any more, as this item says.
    FenceLost(Option<Item>),
    /// Nothing was applied: the fence holds, and the conditions of these actions do not.
    Refused(Refusals),
}

impl FencedTransaction {
    pub(crate) fn new(fence: Action) -> Result<Self, StoreError> {
        let mut tx = Transaction::new();
        let fence = tx.push(fence)?;
        Ok(Self { tx, fence })
    }

    /// Adds the actions of another transaction with the same fence. `false`, with nothing added, if the fences differ, if the actions
    /// do not fit, or if both transactions are about one item.
    pub fn append(&mut self, other: &Self) -> bool {
        self.tx.append(&other.tx)
    }

    /// Applies the transaction. If it conflicts with another write to one of the items, or the table has no room, waits and tries again.
    pub async fn commit(self, tenant: &Tenant) -> Result<FencedOutcome, StoreError> {
        Ok(match self.tx.commit(tenant).await? {
            TransactionOutcome::Committed => FencedOutcome::Committed,
            TransactionOutcome::Refused(refusals) if refusals.contains(self.fence) => {
                FencedOutcome::FenceLost(refusals.item(self.fence))
            }
            TransactionOutcome::Refused(refusals) => FencedOutcome::Refused(refusals),
        })
    }
}

impl FencedOutcome {
    /// Whether all of it was applied.
    pub const fn committed(&self) -> bool {
        matches!(self, Self::Committed)
    }
}

impl Deref for FencedTransaction {
    type Target = Transaction;

    fn deref(&self) -> &Transaction {
        &self.tx
    }
}

impl DerefMut for FencedTransaction {
    fn deref_mut(&mut self) -> &mut Transaction {
        &mut self.tx
    }
}
