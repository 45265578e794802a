//! Imports: one item each, written only when its state changes, since every write of it may start a worker.

use domain::audit::AuditAction;
use domain::directory::ReservationId;
use domain::filter::Filter;
use domain::ids::{IdempotencyKey, ImportId, IntegrationId};
use domain::import::{Holder, Import, ImportState, Person};
use jiff::Timestamp;
use serde::Deserialize;

use crate::StoreError;
use crate::audit;
use crate::keys;
use crate::lock::{self, Lease, LockItem};
use crate::retry::Attempts;
use crate::schema::Kind;
use crate::table::{Item, Readable, Table, Tenant, bare_item, body, item, number, readable, text, value};
use crate::tx::{Action, Outcome, Transaction};

pub(crate) const IMPORT: Kind = Kind::first("import");
const OCCASION: Kind = Kind::first("occasion");

/// How long the work of an import is kept; its line in the history is kept for good.
const KEPT_DAYS: i64 = 90;

/// What came of starting an import.
#[derive(Debug)]
pub enum Started {
    /// It runs.
    Running,
    /// Somebody holds the integration.
    Locked(Holder),
    /// The occasion has started this import before.
    Already(ImportId),
}

/// What came of a change of state.
#[derive(Debug)]
#[must_use]
pub enum Moved {
    /// It was made.
    Committed,
    /// The import does not hold the integration any more.
    LockLost,
    /// The import is in another state by now.
    WrongState,
}

impl Tenant {
    /// Takes the lock and writes the import, in one transaction with giving up the import whose lease had run out.
    /// An unattended one also writes its `occasion`, which can start one import only (R49).
    pub async fn start(
        &self,
        import: &Import,
        occasion: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Started, StoreError> {
        let mut attempts = Attempts::at("lock");
        loop {
            // The lock before the occasion: an import that an occasion started comes into both at once, so that whoever
            // finds it in the way also finds it to be its own.
            let seen = self.lock(&import.integration).await?;
            if let Some(occasion) = occasion
                && let Some(known) = self.started_by(&import.integration, occasion).await?
            {
                return Ok(Started::Already(known));
            }
            if let Some(holder) = seen.as_ref().and_then(|lock| lock.holder(now)) {
                return Ok(Started::Locked(holder));
            }
            let previous = match seen.as_ref().and_then(|lock| lock.import.as_ref()) {
                Some(previous) => self.import(previous).await?,
                None => None,
            };
            let is_executing = |previous: &&Import| previous.state == ImportState::Executing;
            let unfinished = previous.as_ref().filter(is_executing).map(|previous| &previous.id);
            let mut tx = Transaction::new();
            let epoch = seen.as_ref().map(|lock| lock.epoch);
            lock::take(&mut tx, self, import, (epoch, unfinished), now)?;
            tx.add(self, Table::Imports, import_item(self, import)?)?;
            tx.add(self, Table::Records, history_item(self, import)?)?;
            match occasion {
                Some(occasion) => tx.add(self, Table::Imports, occasion_item(self, import, occasion))?,
                // What an administrator filtered by is offered again; what the policy says is not.
                None => self.remember_filter(&mut tx, &import.integration, &import.filter)?,
            }
            let act = AuditAction::ImportStarted {
                filter: import.filter.clone(),
            };
            let entry = audit::by(import, &import.started_by, act, now);
            self.audit(&mut tx, &import.integration, &entry, &format!("{}.started", import.id))?;
            if let Some(previous) = previous {
                self.abandon(&mut tx, previous, now)?;
            }
            if tx.commit(self).await?.committed() {
                return Ok(Started::Running);
            }
            // Somebody was faster, or ended the import that was to be abandoned: look again.
            attempts.again().await?;
        }
    }

    /// The import that an occasion has started.
    pub async fn started_by(
        &self,
        integration: &IntegrationId,
        occasion: &IdempotencyKey,
    ) -> Result<Option<ImportId>, StoreError> {
        let key = keys::occasion(&self.msp, integration, occasion);
        let item = self.get(Table::Imports, &key).await?;
        let import = item.map(|item| body::<OccasionItem>(OCCASION, item)).transpose()?;
        Ok(import.map(|item| item.import))
    }

    /// Lets an administrator take over an unattended import that stopped in review; of several, one does.
    pub async fn take_over(&self, import: &mut Import, person: &Person, now: Timestamp) -> Result<Moved, StoreError> {
        let before = import.holder().clone();
        import.taken_over_by = Some(person.clone());
        let mut tx = Transaction::new();
        lock::pass_on(&mut tx, self, import, &before, now)?;
        put_import(&mut tx, self, import, ImportState::Review, now)?;
        Ok(moved(&tx.commit(self).await?))
    }

    /// Ends an import whose lease ran out. One that was executing is left to a worker, which finishes what was begun.
    fn abandon(&self, tx: &mut Transaction, mut import: Import, now: Timestamp) -> Result<(), StoreError> {
        let seen = import.state;
        match seen {
            ImportState::Executing => import.abandoned = true,
            ImportState::Fetching | ImportState::Review => {
                import.state = ImportState::Cancelled;
                import.error = Some(domain::problem::Problem::ImportAbandoned);
                import.ended_at = Some(now);
            }
            _ => return Ok(()),
        }
        put_import(tx, self, &import, seen, now)
    }

    /// Reads an import.
    pub async fn import(&self, id: &ImportId) -> Result<Option<Import>, StoreError> {
        let item = self.get(Table::Imports, &keys::import(&self.msp, id)).await?;
        item.map(|item| body(IMPORT, item)).transpose()
    }

    /// The imports of an integration, the newest first, but for those that cannot be read.
    pub async fn history(
        &self,
        integration: &IntegrationId,
        after: Option<&str>,
        limit: i32,
    ) -> Result<(Readable<Import>, Option<String>), StoreError> {
        let pk = keys::integration_partition(&self.msp, integration);
        let start = after.map(|id| keys::history(&self.msp, integration, &ImportId::new(id)).to_item());
        let page = self
            .client()
            .query()
            .table_name(self.table(Table::Records))
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":prefix", text(keys::HISTORY))
            .scan_index_forward(false)
            .set_exclusive_start_key(start)
            .limit(limit)
            .send()
            .await
            .map_err(|error| StoreError::sdk("Query", error))?;
        let last = page
            .last_evaluated_key
            .as_ref()
            .and_then(|key| key.get("sk")?.as_s().ok());
        let next = last.and_then(|sk| sk.strip_prefix(keys::HISTORY)).map(str::to_owned);
        let items = page.items.unwrap_or_default().into_iter();
        let imports = readable(IMPORT, items.map(|item| body(IMPORT, item)));
        Ok((imports, next))
    }

    /// Lets a reviewed import begin, by its administrator: `None` if there were more `decisions` since.
    pub async fn begin(
        &self,
        import: &Import,
        decisions: u64,
        now: Timestamp,
        more: Vec<Action>,
    ) -> Result<Option<Moved>, StoreError> {
        let mut tx = Transaction::new();
        lock::renew_undecided(&mut tx, self, import, now, decisions)?;
        put_import(&mut tx, self, import, ImportState::Review, now)?;
        for action in more {
            tx.push(action)?;
        }
        let outcome = tx.commit(self).await?;
        let is_still_ours = |lock: &LockItem| lock.import.as_ref() == Some(&import.id);
        Ok(match outcome.in_the_way(0).map(LockItem::read).transpose()? {
            Some(lock) if is_still_ours(&lock) => None,
            _ => Some(moved(&outcome)),
        })
    }

    /// Moves an import on, by its administrator, from the state it was `seen` in. Holds and renews the lock.
    pub async fn move_on(&self, import: &Import, seen: ImportState, now: Timestamp) -> Result<Moved, StoreError> {
        let mut tx = Transaction::new();
        lock::renew(&mut tx, self, import, now)?;
        put_import(&mut tx, self, import, seen, now)?;
        Ok(moved(&tx.commit(self).await?))
    }

    /// Has an import in review begin with its `reservation` or not at all, by its administrator: every other confirmation, which
    /// may have died or be slow, is refused from here on.
    pub async fn set_only_confirmation(&self, import: &Import, now: Timestamp) -> Result<Moved, StoreError> {
        let mut tx = Transaction::new();
        lock::renew(&mut tx, self, import, now)?;
        self.set_only_confirmation_in(tx, import).await
    }

    /// The same by its worker.
    pub async fn set_only_confirmation_as_worker(
        &self,
        lease: &Lease,
        import: &Import,
        now: Timestamp,
    ) -> Result<Moved, StoreError> {
        self.set_only_confirmation_in(lease.transaction(self, now)?, import)
            .await
    }

    async fn set_only_confirmation_in(&self, mut tx: Transaction, import: &Import) -> Result<Moved, StoreError> {
        let reservation = import.reservation.as_ref().map_or("", ReservationId::as_str);
        tx.update(
            self,
            Table::Imports,
            &keys::import(&self.msp, &import.id),
            "SET reservation = :reservation",
            "#state = :review",
            &[
                (":reservation", text(reservation)),
                (":review", text(ImportState::Review.as_str())),
            ],
        )?;
        Ok(moved(&tx.commit(self).await?))
    }

    /// Makes sure that no confirmation of an import in review succeeds which was made before, unless somebody holds the
    /// integration for it: then `false`.
    pub async fn invalidate_lapsed(&self, import: &Import, now: Timestamp) -> Result<bool, StoreError> {
        let mut tx = Transaction::new();
        lock::prove_lapsed(&mut tx, self, import, now)?;
        let nobody = Import {
            reservation: None,
            ..import.clone()
        };
        Ok(matches!(
            self.set_only_confirmation_in(tx, &nobody).await?,
            Moved::Committed
        ))
    }

    /// Ends an import, by its administrator: releases the lock as well.
    pub async fn end(&self, import: &Import, seen: ImportState, now: Timestamp) -> Result<Moved, StoreError> {
        let mut tx = Transaction::new();
        lock::release(&mut tx, self, import)?;
        put_import(&mut tx, self, import, seen, now)?;
        Ok(moved(&tx.commit(self).await?))
    }

    /// Moves an import on, by its worker: leaves the worker's place, and sets the integration free when the import ends.
    pub async fn hand_over(
        &self,
        lease: &Lease,
        import: &Import,
        seen: ImportState,
        now: Timestamp,
    ) -> Result<Moved, StoreError> {
        self.hand_over_with(lease, import, seen, now, Vec::new()).await
    }

    /// As [`Self::hand_over`], with more in the same transaction.
    pub async fn hand_over_with(
        &self,
        lease: &Lease,
        import: &Import,
        seen: ImportState,
        now: Timestamp,
        more: Vec<Action>,
    ) -> Result<Moved, StoreError> {
        let mut tx = if import.state.is_final() {
            lease.releasing(self)?
        } else {
            lease.leaving(self)?
        };
        put_import(&mut tx, self, import, seen, now)?;
        for action in more {
            tx.push(action)?;
        }
        Ok(moved(&tx.commit(self).await?))
    }

    /// Adds the proof that an import is in review and still holds the integration, renews its lease, and counts a decision.
    pub(crate) fn prove_review(&self, tx: &mut Transaction, import: &Import, now: Timestamp) -> Result<(), StoreError> {
        lock::renew_and_count(tx, self, import, now)?;
        let key = keys::import(&self.msp, &import.id);
        tx.check(
            self,
            Table::Imports,
            &key,
            "#state = :state",
            &[(":state", text(ImportState::Review.as_str()))],
        )
    }

    fn remember_filter(
        &self,
        tx: &mut Transaction,
        integration: &IntegrationId,
        filter: &Filter,
    ) -> Result<(), StoreError> {
        let filter = value("filter", filter)?;
        let key = keys::integration(&self.msp, integration);
        tx.update(
            self,
            Table::Records,
            &key,
            "SET lastFilter = :filter",
            "attribute_exists(pk)",
            &[(":filter", filter)],
        )
    }
}

/// Which of the proofs of [`Tenant::move_on`], [`Tenant::end`], [`Tenant::hand_over`] and [`Tenant::prove_review`] failed.
fn moved(outcome: &Outcome) -> Moved {
    match outcome {
        Outcome::Committed => Moved::Committed,
        refused if refused.refused(0) => Moved::LockLost,
        Outcome::Refused(_) => Moved::WrongState,
    }
}

/// Moves an import on from the state it was `seen` in, and its line in the history, with an entry in the audit trail if that is an
/// act of somebody. It begins only by the confirmation that is intended, if one is.
fn put_import(
    tx: &mut Transaction,
    tenant: &Tenant,
    import: &Import,
    seen: ImportState,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut values = vec![(":seen", text(seen.as_str()))];
    let condition = match &import.reservation {
        Some(own) if seen == ImportState::Review && import.state == ImportState::Executing => {
            values.push((":reservation", text(own.as_str())));
            "#state = :seen AND (attribute_not_exists(reservation) OR reservation = :reservation)"
        }
        _ => "#state = :seen",
    };
    tx.put_if(tenant, Table::Imports, import_item(tenant, import)?, condition, &values)?;
    tx.put(tenant, Table::Records, history_item(tenant, import)?)?;
    if let Some(act) = AuditAction::of(import, seen) {
        let what = format!("{}.{}", import.id, act.name());
        let entry = audit::by(import, import.holder(), act, now);
        tenant.audit(tx, &import.integration, &entry, &what)?;
    }
    Ok(())
}

fn import_item(tenant: &Tenant, import: &Import) -> Result<Item, StoreError> {
    let mut item = item(IMPORT, &keys::import(&tenant.msp, &import.id), import)?;
    item.insert(EXPIRES.to_owned(), number(expires(import)));
    // What the pipe lets through: see `infra/`.
    if let Some(assignment) = import.assignment() {
        item.insert("assignment".to_owned(), text(assignment.as_str()));
    }
    Ok(item)
}

#[derive(Deserialize)]
struct OccasionItem {
    import: ImportId,
}

fn occasion_item(tenant: &Tenant, import: &Import, occasion: &IdempotencyKey) -> Item {
    let mut item = bare_item(OCCASION, &keys::occasion(&tenant.msp, &import.integration, occasion));
    item.insert("import".to_owned(), text(import.id.as_str()));
    item.insert(EXPIRES.to_owned(), number(expires(import)));
    item
}

fn history_item(tenant: &Tenant, import: &Import) -> Result<Item, StoreError> {
    item(
        IMPORT,
        &keys::history(&tenant.msp, &import.integration, &import.id),
        import,
    )
}

/// The attribute by which the imports table forgets.
pub(crate) const EXPIRES: &str = "expires";

/// When the work of an import is forgotten, in seconds of Unix time.
pub(crate) fn expires(import: &Import) -> i64 {
    import.started_at.as_second() + KEPT_DAYS * 24 * 3600
}
