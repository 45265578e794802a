//! The lease of the one worker on an import (R45).
//!
//! Acquiring it raises the fencing token of its item. A worker changes the import and its mappings only in transactions that renew or end
//! the lease on condition of the token; this costs no more than a bare check. So the next such transaction of a worker that outlived its
//! lease is refused. Some writes do no harm without the lease and do not prove it: for example, items of a snapshot that does not count
//! yet, and the claim of a name.

use std::time::Duration;

use domain::ids::ImportId;
use domain::import::{FencingToken, Import};
use jiff::Timestamp;

use crate::StoreError;
use crate::fenced::FencedTransaction;
use crate::keys::{self, Key};
use crate::lock::{LOCK, LockItem, RELEASE, REVIEW_LEASE, end};
use crate::single::UpdateOutcome;
use crate::table::{Item, Table, Tenant, number, text};
use crate::tx::{Action, Values};

/// How long a worker is believed alive after its last write. If a slow worker outlives it, a second one may start; acquiring the
/// lease raises the fencing token, so the first one's next write is refused. Only work is repeated.
pub const WORKER_LEASE: Duration = Duration::from_secs(30);

/// The answer to a worker that asks for the lease.
#[derive(Debug)]
pub enum LeaseOutcome {
    /// The lease is ours.
    Acquired(Lease),
    /// Another worker has it until then, unless it renews.
    Busy(Timestamp),
    /// The import does not hold the integration any more.
    LockLost,
}

impl Tenant {
    /// Acquires the lease of the worker on an import. An abandoned import, whose lock was taken while it was executing, has a lease
    /// of its own, under which its worker finishes what it had begun. The import that has the lock waits until it has ended, so that
    /// each mapping is still written by one worker at a time.
    pub async fn acquire_lease(&self, import: &Import, now: Timestamp) -> Result<LeaseOutcome, StoreError> {
        let mut values = vec![
            (":one", number(1)),
            (":import", text(import.id.as_str())),
            (":now", number(now.as_second())),
            (":worker", number(end(now, WORKER_LEASE))),
            (":until", number(end(now, REVIEW_LEASE))),
        ];
        if !import.abandoned {
            let (update, condition) = (
                "SET epoch = epoch + :one, workerUntil = :worker, #until = :until",
                "#import = :import AND (attribute_not_exists(workerUntil) OR workerUntil <= :now)",
            );
            let key = keys::lock(&self.msp, &import.integration);
            return self
                .acquire_lease_at((Table::Records, key), import, now, (update, condition, &values))
                .await;
        }
        let (update, condition) = (
            "SET epoch = if_not_exists(epoch, :zero) + :one, workerUntil = :worker, #until = :until, #import = :import, \
             expires = :expires, #schema = :schema",
            "attribute_not_exists(workerUntil) OR workerUntil <= :now",
        );
        values.extend([
            (":zero", number(0)),
            (":expires", number(import.rows_until().as_second())),
            (":schema", number(LOCK.schema)),
        ]);
        let key = keys::last_worker(&self.msp, &import.id);
        self.acquire_lease_at((Table::Imports, key), import, now, (update, condition, &values))
            .await
    }

    async fn acquire_lease_at(
        &self,
        (table, key): (Table, Key),
        import: &Import,
        now: Timestamp,
        (update, condition, values): (&str, &str, Values<'_>),
    ) -> Result<LeaseOutcome, StoreError> {
        match self.update_one(table, &key, update, condition, values).await? {
            UpdateOutcome::Applied(item) => {
                let lock = LockItem::read(item)?;
                Ok(LeaseOutcome::Acquired(Lease {
                    table,
                    key,
                    token: lock.token,
                    unfinished: lock.unfinished,
                }))
            }
            UpdateOutcome::Refused(item) => why_not(item, import, now),
        }
    }
}

fn why_not(item: Option<Item>, import: &Import, now: Timestamp) -> Result<LeaseOutcome, StoreError> {
    let Some(lock) = item.map(LockItem::read).transpose()? else {
        return Ok(LeaseOutcome::LockLost);
    };
    Ok(match lock.worker_until {
        Some(until) if lock.import.as_ref() == Some(&import.id) => {
            LeaseOutcome::Busy(Timestamp::from_second(until).unwrap_or(now))
        }
        _ => LeaseOutcome::LockLost,
    })
}

/// Proof of being the one worker on an import.
#[derive(Debug, Clone)]
pub struct Lease {
    table: Table,
    key: Key,
    token: FencingToken,
    unfinished: Option<ImportId>,
}

impl Lease {
    /// The import from which the lock was taken while it was executing, by this import or by one before it. It may have ended since.
    pub const fn unfinished(&self) -> Option<&ImportId> {
        self.unfinished.as_ref()
    }

    /// A name for what is written under this lease, which no other lease has.
    pub fn version(&self, import: &Import) -> String {
        format!("{}.{}", import.id, self.token.0)
    }

    /// A transaction that is applied only while the lease is ours, and renews it.
    pub fn transaction(&self, tenant: &Tenant, now: Timestamp) -> Result<FencedTransaction, StoreError> {
        self.with(
            tenant,
            "SET workerUntil = :worker, #until = :until",
            &[
                (":worker", number(end(now, WORKER_LEASE))),
                (":until", number(end(now, REVIEW_LEASE))),
            ],
        )
    }

    /// A transaction that also gives the lease up; the import keeps the integration.
    pub fn leaving(&self, tenant: &Tenant) -> Result<FencedTransaction, StoreError> {
        self.with(tenant, "REMOVE workerUntil", &[])
    }

    /// A transaction that also gives the lease up until a moment to come. The import keeps the integration for the lease of a review
    /// after that moment, however far away it is.
    pub fn waiting(&self, tenant: &Tenant, until: Timestamp) -> Result<FencedTransaction, StoreError> {
        self.with(
            tenant,
            "SET #until = :until REMOVE workerUntil",
            &[(":until", number(end(until, REVIEW_LEASE)))],
        )
    }

    /// Gives the lease up after a failure, so that the next run need not wait for its end. If this fails too, it waits.
    pub async fn leave_if_possible(&self, tenant: &Tenant) {
        match self.leaving(tenant) {
            Ok(tx) => drop(tx.commit(tenant).await),
            Err(error) => tracing::warn!(%error, "the lease could not be given up"),
        }
    }

    /// A transaction that also releases the lock.
    pub(crate) fn releasing(&self, tenant: &Tenant) -> Result<FencedTransaction, StoreError> {
        self.with(tenant, RELEASE, &[(":zero", number(0))])
    }

    fn with(&self, tenant: &Tenant, update: &str, values: Values<'_>) -> Result<FencedTransaction, StoreError> {
        let mut values = values.to_vec();
        values.push((":token", number(self.token.0)));
        let fence = Action::update(tenant, self.table, &self.key, update, "epoch = :token", &values)?;
        FencedTransaction::new(fence)
    }
}
