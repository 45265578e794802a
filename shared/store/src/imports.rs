//! Imports. Each has one item, and every write of that item may start a worker. So the item is written only for a transition, for a new
//! confirmation, or to call a worker again; progress is stored in `checkpoint`.

use domain::audit::AuditAction;
use domain::directory::ReservationId;
use domain::ids::{IdempotencyKey, ImportId, IntegrationId};
use domain::import::{Event, Holder, Import, ImportState, Person, Transition};
use jiff::Timestamp;

use crate::StoreError;
use crate::audit;
use crate::expiry::expire;
use crate::fenced::{FencedOutcome, FencedTransaction};
use crate::keys;
use crate::lease::Lease;
use crate::lock::{self, LockItem};
use crate::occasions::add_event;
use crate::records::{IMPORT, ImportRecord};
use crate::retry::Attempts;
use crate::table::{Item, Readable, Table, Tenant, body, item, readable, text};
use crate::tx::{Action, ActionId, Transaction};

/// How starting an import ended.
#[derive(Debug)]
pub enum Started {
    /// It runs.
    Running,
    /// Somebody holds the integration.
    Locked(Holder),
    /// The event has started this import before.
    Already(ImportId),
    /// The integration is paused, and so no event starts an import (R52).
    Paused,
    /// The integration was removed meanwhile.
    Removed,
}

/// How writing a transition ended.
#[derive(Debug)]
#[must_use]
pub enum Moved {
    /// It was written.
    Committed,
    /// The import does not hold the integration any more.
    LockLost,
    /// The import is in another state by now, or another condition of the transaction did not hold.
    WrongState,
}

/// How writing a confirmation ended.
#[derive(Debug)]
#[must_use]
pub enum Confirmed {
    /// The import executes.
    Committed,
    /// A row was decided on since the plan was computed.
    DecidedMeanwhile,
    /// The confirmation was refused for another reason.
    Refused(Moved),
}

impl Tenant {
    /// Takes the lock and writes the import, in one transaction with giving up the import whose lease had run out.
    /// An unattended one also writes its idempotency `key`, which can start one import only (R49), or another one after an import that
    /// failed for a fault that passes (R63).
    pub async fn start(
        &self,
        import: &Import,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Started, StoreError> {
        let mut attempts = Attempts::at("lock");
        loop {
            // Read the lock before the key: an import that an event started writes both at once, so that a repeated event that
            // finds it in the way also finds it to be its own.
            let seen = self.lock(&import.integration).await?;
            let known = match key {
                Some(key) => self.started_by(&import.integration, key).await?,
                None => None,
            };
            if let Some(known) = &known
                && !self.may_be_repeated(known).await?
            {
                return Ok(Started::Already(known.clone()));
            }
            if let Some(holder) = seen.as_ref().and_then(|lock| lock.holder(now)) {
                return Ok(Started::Locked(holder));
            }
            match self.integration(&import.integration).await? {
                None => return Ok(Started::Removed),
                Some(integration) if integration.paused && key.is_some() => return Ok(Started::Paused),
                Some(_) => {}
            }
            let previous = match seen.as_ref().and_then(|lock| lock.import.as_ref()) {
                Some(previous) => self.import(previous).await?,
                None => None,
            };
            let is_executing = |previous: &&Import| previous.state == ImportState::Executing;
            let unfinished = previous.as_ref().filter(is_executing).map(|previous| &previous.id);
            let mut tx = Transaction::new();
            let token = seen.as_ref().map(|lock| lock.token);
            lock::take(&mut tx, self, import, (token, unfinished), now)?;
            tx.add(self, Table::Imports, import_item(self, import)?)?;
            tx.add(self, Table::Records, history_item(self, import)?)?;
            match key {
                Some(key) => {
                    self.check_not_paused(&mut tx, &import.integration)?;
                    add_event(&mut tx, self, import, key, known.as_ref())?
                }
                // What an administrator filtered by is offered again; what the policy says is not.
                None => self.remember_filter(&mut tx, &import.integration, &import.filter)?,
            };
            let action = AuditAction::ImportStarted {
                filter: import.filter.clone(),
            };
            let entry = audit::by(import, &import.started_by, action, now);
            self.audit(&mut tx, &import.integration, &entry, &format!("{}.started", import.id))?;
            // One that was executing is left to a worker, which finishes what it had begun. One that has ended stays as it is.
            if let Some(Ok(lost)) = previous.map(|previous| previous.apply(Event::LockLost, now)) {
                put_transition(&mut tx, self, &lost, now)?;
            }
            if tx.commit(self).await?.committed() {
                return Ok(Started::Running);
            }
            // Somebody was faster, or ended the import that was to be abandoned: look again.
            attempts.again().await?;
        }
    }

    /// Lets an administrator take over an unattended import that stopped in review; of several, one does.
    pub async fn take_over(&self, taken: &Transition, before: &Person, now: Timestamp) -> Result<Moved, StoreError> {
        let mut tx = lock::passing_on(self, taken.import(), before, now)?;
        put_transition(&mut tx, self, taken, now)?;
        Ok(moved(&tx.commit(self).await?))
    }

    /// Reads an import.
    pub async fn import(&self, id: &ImportId) -> Result<Option<Import>, StoreError> {
        let item = self.get(Table::Imports, &keys::import(&self.msp, id)).await?;
        item.map(read).transpose()
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
        let imports = readable(IMPORT, items.map(read));
        Ok((imports, next))
    }

    /// Writes a confirmation by the administrator, if the decision counter still equals `decisions`.
    pub async fn confirm(
        &self,
        confirmed: &Transition,
        decisions: u64,
        now: Timestamp,
    ) -> Result<Confirmed, StoreError> {
        let import = confirmed.import();
        let mut tx = lock::renewing_undecided(self, import, now, decisions)?;
        put_transition(&mut tx, self, confirmed, now)?;
        tx.push(self.forget_nothing_to_do(import)?)?;
        let outcome = tx.commit(self).await?;
        if let FencedOutcome::FenceLost(Some(item)) = &outcome
            && LockItem::read(item.clone())?.import.as_ref() == Some(&import.id)
        {
            return Ok(Confirmed::DecidedMeanwhile);
        }
        Ok(match moved(&outcome) {
            Moved::Committed => Confirmed::Committed,
            refused => Confirmed::Refused(refused),
        })
    }

    /// Writes a transition by the administrator. Renews the lock, or releases it if the import ends.
    pub async fn transition(&self, transition: &Transition, now: Timestamp) -> Result<Moved, StoreError> {
        let import = transition.import();
        let mut tx = if import.state.is_final() {
            lock::releasing(self, import)?
        } else {
            lock::renewing(self, import, now)?
        };
        put_transition(&mut tx, self, transition, now)?;
        Ok(moved(&tx.commit(self).await?))
    }

    /// Writes a transition by the worker, with `more` in the same transaction. Gives the lease up, and releases the lock if the import
    /// ends.
    pub async fn transition_as_worker(
        &self,
        lease: &Lease,
        transition: &Transition,
        now: Timestamp,
        more: Vec<Action>,
    ) -> Result<Moved, StoreError> {
        let mut tx = if transition.import().state.is_final() {
            lease.releasing(self)?
        } else {
            lease.leaving(self)?
        };
        put_transition(&mut tx, self, transition, now)?;
        push_all(&mut tx, more)?;
        Ok(moved(&tx.commit(self).await?))
    }

    /// Makes `reservation` the only confirmation that may start this import. All others, dead or slow, are refused from now on.
    pub async fn set_only_confirmation(
        &self,
        import: &Import,
        reservation: &ReservationId,
        now: Timestamp,
    ) -> Result<Moved, StoreError> {
        let tx = lock::renewing(self, import, now)?;
        self.set_confirmation(tx, import, reservation.as_str()).await
    }

    /// Makes `reservation` the only confirmation that may start this import, as its worker.
    pub async fn set_only_confirmation_as_worker(
        &self,
        lease: &Lease,
        import: &Import,
        reservation: &ReservationId,
        now: Timestamp,
    ) -> Result<Moved, StoreError> {
        let tx = lease.transaction(self, now)?;
        self.set_confirmation(tx, import, reservation.as_str()).await
    }

    /// Invalidates every confirmation made so far. Returns `false`, changing nothing, while the import holds the lock, and if it is not in
    /// review any more.
    pub async fn invalidate_lapsed(&self, import: &Import, now: Timestamp) -> Result<bool, StoreError> {
        let tx = lock::lapsed(self, import, now)?;
        Ok(matches!(self.set_confirmation(tx, import, "").await?, Moved::Committed))
    }

    async fn set_confirmation(
        &self,
        mut tx: FencedTransaction,
        import: &Import,
        reservation: &str,
    ) -> Result<Moved, StoreError> {
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

    /// Renews the lock of an import as a decision does, and decides nothing (R72).
    pub async fn keep(&self, import: &Import, now: Timestamp) -> Result<Moved, StoreError> {
        let mut tx = lock::renewing(self, import, now)?;
        let key = keys::import(&self.msp, &import.id);
        let review = [(":state", text(ImportState::Review.as_str()))];
        tx.check(self, Table::Imports, &key, "#state = :state", &review)?;
        Ok(moved(&tx.commit(self).await?))
    }

    /// A transaction that is applied only while an import is in review and holds the integration. It renews the lock and counts a
    /// decision. The action proves the review.
    pub(crate) fn in_review(
        &self,
        import: &Import,
        now: Timestamp,
    ) -> Result<(FencedTransaction, ActionId), StoreError> {
        let mut tx = lock::renewing_and_counting(self, import, now)?;
        let key = keys::import(&self.msp, &import.id);
        let review = [(":state", text(ImportState::Review.as_str()))];
        let in_review = tx.check(self, Table::Imports, &key, "#state = :state", &review)?;
        Ok((tx, in_review))
    }
}

fn moved(outcome: &FencedOutcome) -> Moved {
    match outcome {
        FencedOutcome::Committed => Moved::Committed,
        FencedOutcome::FenceLost(_) => Moved::LockLost,
        FencedOutcome::Refused(_) => Moved::WrongState,
    }
}

fn push_all(tx: &mut Transaction, actions: Vec<Action>) -> Result<(), StoreError> {
    for action in actions {
        tx.push(action)?;
    }
    Ok(())
}

/// Adds a transition of an import: its item, its line in the history, and, if the transition has them, the event for operators and the
/// entry in the audit trail. A confirmation is refused if another one was made the only one.
pub(crate) fn put_transition(
    tx: &mut Transaction,
    tenant: &Tenant,
    transition: &Transition,
    now: Timestamp,
) -> Result<(), StoreError> {
    let import = transition.import();
    let mut values = vec![(":from", text(transition.from().as_str()))];
    let condition = match transition.confirmed_reservation() {
        Some(own) => {
            values.push((":reservation", text(own.as_str())));
            "#state = :from AND (attribute_not_exists(reservation) OR reservation = :reservation)"
        }
        None => "#state = :from",
    };
    tx.put_if(tenant, Table::Imports, import_item(tenant, import)?, condition, &values)?;
    tx.put(tenant, Table::Records, history_item(tenant, import)?)?;
    if let Some(event) = transition
        .published(now)
        .and_then(|event| tenant.event_of_import(&event))
    {
        tx.put(tenant, Table::Imports, event)?;
    }
    if let Some(action) = transition.audit() {
        let what = format!("{}.{}", import.id, action.name());
        let entry = audit::by(import, import.holder(), action, now);
        tenant.audit(tx, &import.integration, &entry, &what)?;
    }
    Ok(())
}

fn read(item: Item) -> Result<Import, StoreError> {
    Ok(body::<ImportRecord>(IMPORT, item)?.into())
}

fn import_item(tenant: &Tenant, import: &Import) -> Result<Item, StoreError> {
    let record = ImportRecord::from(import);
    let mut item = item(record.kind(), &keys::import(&tenant.msp, &import.id), &record)?;
    expire(&mut item, IMPORT, import.started_at);
    // What the pipe lets through: see `infra/`.
    if let Some(assignment) = import.assignment() {
        item.insert("assignment".to_owned(), text(assignment.as_str()));
    }
    Ok(item)
}

fn history_item(tenant: &Tenant, import: &Import) -> Result<Item, StoreError> {
    let record = ImportRecord::from(import);
    let key = keys::history(&tenant.msp, &import.integration, &import.id);
    item(record.kind(), &key, &record)
}
