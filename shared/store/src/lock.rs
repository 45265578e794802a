//! The lock of an integration: a lease with a fencing number (R44, R45).
//!
//! One item says which administrator's import holds the integration, and until when its worker is believed alive. The
//! epoch grows each time either changes hands. Every write of a worker is a transaction that renews the lease on condition
//! of the epoch (which costs no more than a bare check), and so refuses whoever was paused beyond their lease.

use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::ids::{ImportId, IntegrationId};
use domain::import::{Epoch, Holder, Import, Person};
use jiff::Timestamp;
use serde::Deserialize;

use crate::StoreError;
use crate::imports::expires;
use crate::keys::{self, Key};
use crate::schema::Kind;
use crate::table::{Item, Table, Tenant, body, number, text};
use crate::tx::{self, Transaction};

/// How long an administrator keeps an integration without using it.
pub const REVIEW_LEASE: Duration = Duration::from_mins(30);

/// How long a worker is believed alive after its last write. One that merely waits longer for an answer may be joined by a
/// second, whose first write ends the first one's; nothing is lost by that but work.
pub const WORKER_LEASE: Duration = Duration::from_secs(30);

const RELEASE: &str = "SET #until = :zero REMOVE #import, workerUntil";

const LOCK: Kind = Kind::first("lock");

/// The lock item.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LockItem {
    pub epoch: Epoch,
    #[serde(default)]
    pub import: Option<ImportId>,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    since: i64,
    until: i64,
    #[serde(default)]
    worker_until: Option<i64>,
    /// Grows with every decision that is made in review.
    #[serde(default)]
    decisions: u64,
    /// The import that was executing when its lock was taken from it: it may still be finishing what it had begun.
    #[serde(default)]
    unfinished: Option<ImportId>,
}

impl LockItem {
    pub(crate) fn read(item: Item) -> Result<Self, StoreError> {
        body(LOCK, item)
    }

    /// Who holds the integration at `now`; `None` when it is free.
    pub(crate) fn holder(&self, now: Timestamp) -> Option<Holder> {
        let until = Timestamp::from_second(self.until).ok().filter(|until| *until > now)?;
        Some(Holder {
            person: Person {
                subject: self.subject.clone(),
                name: self.name.clone(),
            },
            import: self.import.clone()?,
            since: Timestamp::from_second(self.since).unwrap_or(until),
            until,
        })
    }
}

/// What came of asking for the worker's place.
#[derive(Debug)]
pub enum LeaseOutcome {
    /// The place is ours.
    Acquired(Lease),
    /// Another worker is at it until then, unless it renews.
    Busy(Timestamp),
    /// The import does not hold the integration any more.
    LockLost,
}

impl Tenant {
    /// Who holds the integration.
    pub async fn holder(&self, integration: &IntegrationId, now: Timestamp) -> Result<Option<Holder>, StoreError> {
        Ok(self.lock(integration).await?.and_then(|lock| lock.holder(now)))
    }

    /// How many decisions were ever made on rows of the integration's imports: unchanged, no row was decided on meanwhile.
    pub async fn decisions(&self, integration: &IntegrationId) -> Result<u64, StoreError> {
        Ok(self.lock(integration).await?.map_or(0, |lock| lock.decisions))
    }

    pub(crate) async fn lock(&self, integration: &IntegrationId) -> Result<Option<LockItem>, StoreError> {
        let item = self.get(Table::Records, &keys::lock(&self.msp, integration)).await?;
        item.map(LockItem::read).transpose()
    }

    /// Asks to be the worker on an import.
    pub async fn acquire_lease(&self, import: &Import, now: Timestamp) -> Result<LeaseOutcome, StoreError> {
        let (update, condition) = (
            "SET epoch = epoch + :one, workerUntil = :worker, #until = :until",
            "#import = :import AND (attribute_not_exists(workerUntil) OR workerUntil <= :now)",
        );
        let values = [
            (":one", number(1)),
            (":import", text(import.id.as_str())),
            (":now", number(now.as_second())),
            (":worker", number(end(now, WORKER_LEASE))),
            (":until", number(end(now, REVIEW_LEASE))),
        ];
        let key = keys::lock(&self.msp, &import.integration);
        self.acquire_lease_at((Table::Records, key), import, now, (update, condition, &values))
            .await
    }

    /// Asks to be the worker on an import whose lock was taken from it while it was executing, to finish what it had begun. The
    /// import that has the lock waits until this one has ended, so that each mapping is still written by one worker at a time.
    pub async fn acquire_final_lease(&self, import: &Import, now: Timestamp) -> Result<LeaseOutcome, StoreError> {
        let (update, condition) = (
            "SET epoch = if_not_exists(epoch, :zero) + :one, workerUntil = :worker, #until = :until, #import = :import, \
             expires = :expires, #schema = :schema",
            "attribute_not_exists(workerUntil) OR workerUntil <= :now",
        );
        let values = [
            (":zero", number(0)),
            (":one", number(1)),
            (":import", text(import.id.as_str())),
            (":now", number(now.as_second())),
            (":worker", number(end(now, WORKER_LEASE))),
            (":until", number(end(now, REVIEW_LEASE))),
            (":expires", number(expires(import))),
            (":schema", number(LOCK.schema)),
        ];
        let key = keys::last_worker(&self.msp, &import.id);
        self.acquire_lease_at((Table::Imports, key), import, now, (update, condition, &values))
            .await
    }

    async fn acquire_lease_at(
        &self,
        (table, key): (Table, Key),
        import: &Import,
        now: Timestamp,
        (update, condition, values): (&str, &str, tx::Values<'_>),
    ) -> Result<LeaseOutcome, StoreError> {
        let answer = self
            .client()
            .update_item()
            .table_name(self.table(table))
            .set_key(Some(key.to_item()))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_names(tx::names(&[update, condition]))
            .set_expression_attribute_values(tx::map(values))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let answer = match answer {
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                    return why_not(refused.item.clone(), import, now);
                }
                _ => return Err(StoreError::sdk("UpdateItem", error)),
            },
            Ok(answer) => answer,
        };
        let lock = LockItem::read(answer.attributes.unwrap_or_default())?;
        Ok(LeaseOutcome::Acquired(Lease {
            table,
            key,
            epoch: lock.epoch,
            unfinished: lock.unfinished,
        }))
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
    epoch: Epoch,
    unfinished: Option<ImportId>,
}

impl Lease {
    /// The import from which the lock was taken while it was executing, by this import or by one before it. It may have ended since.
    pub const fn unfinished(&self) -> Option<&ImportId> {
        self.unfinished.as_ref()
    }

    /// A transaction that is applied only while the place is still ours, and renews the lease. That is its action 0.
    pub fn transaction(&self, tenant: &Tenant, now: Timestamp) -> Result<Transaction, StoreError> {
        self.with(
            tenant,
            "SET workerUntil = :worker, #until = :until",
            &[
                (":worker", number(end(now, WORKER_LEASE))),
                (":until", number(end(now, REVIEW_LEASE))),
            ],
        )
    }

    /// A transaction that also leaves the worker's place; the import keeps the integration.
    pub fn leaving(&self, tenant: &Tenant) -> Result<Transaction, StoreError> {
        self.with(tenant, "REMOVE workerUntil", &[])
    }

    /// A transaction that leaves the worker's place until a moment to come; the import keeps the integration at least for as
    /// long after it as it would have now, however far away that is.
    pub fn waiting(&self, tenant: &Tenant, until: Timestamp) -> Result<Transaction, StoreError> {
        self.with(
            tenant,
            "SET #until = :until REMOVE workerUntil",
            &[(":until", number(end(until, REVIEW_LEASE)))],
        )
    }

    /// Leaves the worker's place after a failure, so that the next run need not wait for the lease to end. If this fails
    /// too, it waits.
    pub async fn leave_if_possible(&self, tenant: &Tenant) {
        match self.leaving(tenant) {
            Ok(tx) => drop(tx.commit(tenant).await),
            Err(error) => tracing::warn!(%error, "the worker's place could not be left"),
        }
    }

    /// A transaction that also sets the integration free.
    pub(crate) fn releasing(&self, tenant: &Tenant) -> Result<Transaction, StoreError> {
        self.with(tenant, RELEASE, &[(":zero", number(0))])
    }

    fn with(&self, tenant: &Tenant, update: &str, values: tx::Values<'_>) -> Result<Transaction, StoreError> {
        let mut values = values.to_vec();
        values.push((":epoch", number(self.epoch.0)));
        let mut tx = Transaction::new();
        tx.update(tenant, self.table, &self.key, update, "epoch = :epoch", &values)?;
        Ok(tx)
    }
}

/// Adds the taking of a lock whose last known epoch is `seen`, for an import that is about to start; from an import that was
/// executing, if there is an `unfinished` one.
pub(crate) fn take(
    tx: &mut Transaction,
    tenant: &Tenant,
    import: &Import,
    (seen, unfinished): (Option<Epoch>, Option<&ImportId>),
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut update =
        "SET epoch = :next, #import = :import, subject = :subject, #name = :name, since = :now, #until = :until, \
        #schema = :schema"
            .to_owned();
    let condition = match seen {
        None => "attribute_not_exists(pk)",
        Some(_) => "epoch = :seen AND (attribute_not_exists(#import) OR #until <= :now)",
    };
    let mut values = vec![
        (":next", number(seen.map_or(0, |epoch| epoch.0) + 1)),
        (":schema", number(LOCK.schema)),
        (":import", text(import.id.as_str())),
        (":subject", text(&import.started_by.subject)),
        (":name", text(&import.started_by.name)),
        (":now", number(now.as_second())),
        (":until", number(end(now, REVIEW_LEASE))),
    ];
    if let Some(seen) = seen {
        values.push((":seen", number(seen.0)));
    }
    if let Some(unfinished) = unfinished {
        update += ", unfinished = :unfinished";
        values.push((":unfinished", text(unfinished.as_str())));
    }
    update += " REMOVE workerUntil";
    tx.update(
        tenant,
        Table::Records,
        &keys::lock(&tenant.msp, &import.integration),
        &update,
        condition,
        &values,
    )
}

/// Adds the renewal of a lock by an administrator's use of it.
pub(crate) fn renew(tx: &mut Transaction, tenant: &Tenant, import: &Import, now: Timestamp) -> Result<(), StoreError> {
    renew_with(tx, tenant, import, now, ("", "", &[]))
}

/// The same by a decision on a row, which is counted.
pub(crate) fn renew_and_count(
    tx: &mut Transaction,
    tenant: &Tenant,
    import: &Import,
    now: Timestamp,
) -> Result<(), StoreError> {
    renew_with(
        tx,
        tenant,
        import,
        now,
        (" ADD decisions :one", "", &[(":one", number(1))]),
    )
}

/// The same, unless a decision was made since there were so many.
pub(crate) fn renew_undecided(
    tx: &mut Transaction,
    tenant: &Tenant,
    import: &Import,
    now: Timestamp,
    decisions: u64,
) -> Result<(), StoreError> {
    let condition = match decisions {
        0 => " AND attribute_not_exists(decisions)",
        _ => " AND decisions = :decisions",
    };
    let values = [(":decisions", number(decisions))];
    let values = if decisions == 0 { &[][..] } else { &values };
    renew_with(tx, tenant, import, now, ("", condition, values))
}

fn renew_with(
    tx: &mut Transaction,
    tenant: &Tenant,
    import: &Import,
    now: Timestamp,
    (update, condition, more): (&str, &str, tx::Values<'_>),
) -> Result<(), StoreError> {
    let mut values = vec![
        (":import", text(import.id.as_str())),
        (":until", number(end(now, REVIEW_LEASE))),
    ];
    values.extend_from_slice(more);
    tx.update(
        tenant,
        Table::Records,
        &keys::lock(&tenant.msp, &import.integration),
        &format!("SET #until = :until{update}"),
        &format!("#import = :import{condition}"),
        &values,
    )
}

/// Adds the passing on of a lock from one holder to the import's new one.
pub(crate) fn pass_on(
    tx: &mut Transaction,
    tenant: &Tenant,
    import: &Import,
    before: &Person,
    now: Timestamp,
) -> Result<(), StoreError> {
    let holder = import.holder();
    let values = [
        (":import", text(import.id.as_str())),
        (":before", text(&before.subject)),
        (":subject", text(&holder.subject)),
        (":name", text(&holder.name)),
        (":now", number(now.as_second())),
        (":until", number(end(now, REVIEW_LEASE))),
    ];
    let key = keys::lock(&tenant.msp, &import.integration);
    tx.update(
        tenant,
        Table::Records,
        &key,
        "SET subject = :subject, #name = :name, since = :now, #until = :until",
        "#import = :import AND subject = :before",
        &values,
    )
}

/// Adds the proof that an import does not hold the integration, or only until somebody else wants it.
pub(crate) fn prove_lapsed(
    tx: &mut Transaction,
    tenant: &Tenant,
    import: &Import,
    now: Timestamp,
) -> Result<(), StoreError> {
    let values = [(":import", text(import.id.as_str())), (":now", number(now.as_second()))];
    tx.check(
        tenant,
        Table::Records,
        &keys::lock(&tenant.msp, &import.integration),
        "attribute_not_exists(#import) OR #import <> :import OR #until <= :now",
        &values,
    )
}

/// Adds the release of a lock by an administrator, if the import still has it.
pub(crate) fn release(tx: &mut Transaction, tenant: &Tenant, import: &Import) -> Result<(), StoreError> {
    let values = [
        (":import", text(import.id.as_str())),
        (":zero", number(0)),
        (":one", number(1)),
    ];
    let key = keys::lock(&tenant.msp, &import.integration);
    // The epoch grows, so that a worker which is still at work is refused from here on.
    let update = "SET #until = :zero, epoch = epoch + :one REMOVE #import, workerUntil";
    tx.update(tenant, Table::Records, &key, update, "#import = :import", &values)
}

fn end(now: Timestamp, lease: Duration) -> i64 {
    now.as_second()
        .saturating_add(i64::try_from(lease.as_secs()).unwrap_or(i64::MAX))
}
