//! The lock of an integration: a lease with a fencing token (R44, R45).
//!
//! One item says which administrator's import holds the integration, and until when its worker is believed alive. The token grows
//! each time either changes hands.

use std::time::Duration;

use domain::ids::{ImportId, IntegrationId};
use domain::import::{FencingToken, Holder, Import, Person};
use jiff::Timestamp;
use serde::Deserialize;

use crate::StoreError;
use crate::fenced::FencedTransaction;
use crate::keys;
use crate::schema::Kind;
use crate::table::{Item, Table, Tenant, body, number, text};
use crate::tx::{Action, Transaction, Values};

/// How long an import keeps an integration after its administrator or its worker last used it, or after the end of a wait.
pub const REVIEW_LEASE: Duration = Duration::from_mins(30);

pub(crate) const RELEASE: &str = "SET #until = :zero REMOVE #import, workerUntil";

pub(crate) const LOCK: Kind = Kind::first("lock");

/// The lock item.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LockItem {
    #[serde(rename = "epoch")]
    pub token: FencingToken,
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
    pub worker_until: Option<i64>,
    /// Grows with every decision that is made in review.
    #[serde(default)]
    pub decisions: u64,
    /// The import that was executing when its lock was taken from it: it may still be finishing what it had begun.
    #[serde(default)]
    pub unfinished: Option<ImportId>,
}

impl LockItem {
    pub(crate) fn read(item: Item) -> Result<Self, StoreError> {
        body(LOCK, item)
    }

    /// The import that holds the integration or held it last, and the one that it was taken from while it was executing.
    pub(crate) fn imports(&self) -> impl Iterator<Item = &ImportId> {
        let unfinished = self.unfinished.as_ref().filter(|id| Some(*id) != self.import.as_ref());
        self.import.iter().chain(unfinished)
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
}

/// Adds the write that takes a lock whose last known token is `seen`, for an import that is about to start. `unfinished` is the import from
/// which the lock is taken while it executes, if there is one.
pub(crate) fn take(
    tx: &mut Transaction,
    tenant: &Tenant,
    import: &Import,
    (seen, unfinished): (Option<FencingToken>, Option<&ImportId>),
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut update =
        "SET epoch = :next, #import = :import, subject = :subject, #name = :name, since = :now, #until = :until, \
        #schema = :schema"
            .to_owned();
    let condition = match seen {
        None => "attribute_not_exists(pk)",
        Some(_) => FREE_SINCE,
    };
    let mut values = vec![
        (":next", number(seen.map_or(0, |token| token.0) + 1)),
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
    tx.push(on_lock(tenant, import, &update, condition, &values)?)?;
    Ok(())
}

/// Nobody has acquired the lock since the token `:seen`, and it is free or expired.
const FREE_SINCE: &str = "epoch = :seen AND (attribute_not_exists(#import) OR #until <= :now)";

/// Adds the write that keeps a lock free whose last known token is `seen`. It is refused if somebody holds the lock. It raises the
/// token, so that no earlier worker can write any more.
pub(crate) fn vacate(
    tx: &mut Transaction,
    tenant: &Tenant,
    integration: &IntegrationId,
    seen: Option<FencingToken>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let key = keys::lock(&tenant.msp, integration);
    let Some(seen) = seen else {
        tx.check(tenant, Table::Records, &key, "attribute_not_exists(pk)", &[])?;
        return Ok(());
    };
    let values = [
        (":seen", number(seen.0)),
        (":next", number(seen.0 + 1)),
        (":now", number(now.as_second())),
        (":zero", number(0)),
    ];
    let update = "SET epoch = :next, #until = :zero REMOVE #import, workerUntil, unfinished";
    tx.update(tenant, Table::Records, &key, update, FREE_SINCE, &values)?;
    Ok(())
}

/// Adds the check that nobody has taken a lock since its token was `seen`, and that nobody holds it.
pub(crate) fn check_free(
    tx: &mut Transaction,
    tenant: &Tenant,
    integration: &IntegrationId,
    seen: Option<FencingToken>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let key = keys::lock(&tenant.msp, integration);
    let Some(seen) = seen else {
        tx.check(tenant, Table::Records, &key, "attribute_not_exists(pk)", &[])?;
        return Ok(());
    };
    let values = [(":seen", number(seen.0)), (":now", number(now.as_second()))];
    tx.check(tenant, Table::Records, &key, FREE_SINCE, &values)?;
    Ok(())
}

/// A transaction that renews the lock of an import by an administrator's use of it.
pub(crate) fn renewing(tenant: &Tenant, import: &Import, now: Timestamp) -> Result<FencedTransaction, StoreError> {
    renewing_with(tenant, import, now, ("", "", &[]))
}

/// A transaction that renews the lock by a decision on a row, and counts the decision.
pub(crate) fn renewing_and_counting(
    tenant: &Tenant,
    import: &Import,
    now: Timestamp,
) -> Result<FencedTransaction, StoreError> {
    renewing_with(tenant, import, now, (" ADD decisions :one", "", &[(":one", number(1))]))
}

/// Adds the write that counts a decision. It is refused if a decision was made, or somebody took the integration, since the lock was
/// `seen`.
pub(crate) fn count_decision(
    tx: &mut Transaction,
    tenant: &Tenant,
    integration: &IntegrationId,
    seen: Option<&LockItem>,
) -> Result<(), StoreError> {
    let key = keys::lock(&tenant.msp, integration);
    let Some(seen) = seen else {
        tx.check(tenant, Table::Records, &key, "attribute_not_exists(pk)", &[])?;
        return Ok(());
    };
    let mut values = vec![(":seen", number(seen.token.0)), (":one", number(1))];
    let condition = match seen.decisions {
        0 => "epoch = :seen AND attribute_not_exists(decisions)",
        decisions => {
            values.push((":decisions", number(decisions)));
            "epoch = :seen AND decisions = :decisions"
        }
    };
    tx.update(tenant, Table::Records, &key, "ADD decisions :one", condition, &values)?;
    Ok(())
}

/// A transaction that renews the lock only if the decision counter still equals `decisions`.
pub(crate) fn renewing_undecided(
    tenant: &Tenant,
    import: &Import,
    now: Timestamp,
    decisions: u64,
) -> Result<FencedTransaction, StoreError> {
    let condition = match decisions {
        0 => " AND attribute_not_exists(decisions)",
        _ => " AND decisions = :decisions",
    };
    let values = [(":decisions", number(decisions))];
    let values = if decisions == 0 { &[][..] } else { &values };
    renewing_with(tenant, import, now, ("", condition, values))
}

fn renewing_with(
    tenant: &Tenant,
    import: &Import,
    now: Timestamp,
    (update, condition, more): (&str, &str, Values<'_>),
) -> Result<FencedTransaction, StoreError> {
    let mut values = vec![
        (":import", text(import.id.as_str())),
        (":until", number(end(now, REVIEW_LEASE))),
    ];
    values.extend_from_slice(more);
    let (update, condition) = (
        format!("SET #until = :until{update}"),
        format!("#import = :import{condition}"),
    );
    FencedTransaction::new(on_lock(tenant, import, &update, &condition, &values)?)
}

/// A transaction that passes the lock on from one holder to the import's new one.
pub(crate) fn passing_on(
    tenant: &Tenant,
    import: &Import,
    before: &Person,
    now: Timestamp,
) -> Result<FencedTransaction, StoreError> {
    let holder = import.holder();
    let values = [
        (":import", text(import.id.as_str())),
        (":before", text(&before.subject)),
        (":subject", text(&holder.subject)),
        (":name", text(&holder.name)),
        (":now", number(now.as_second())),
        (":until", number(end(now, REVIEW_LEASE))),
    ];
    let (update, condition) = (
        "SET subject = :subject, #name = :name, since = :now, #until = :until",
        "#import = :import AND subject = :before",
    );
    FencedTransaction::new(on_lock(tenant, import, update, condition, &values)?)
}

/// A transaction that is applied only if an import has lost the lock, or if its time has run out, so that another import may take the lock.
pub(crate) fn lapsed(tenant: &Tenant, import: &Import, now: Timestamp) -> Result<FencedTransaction, StoreError> {
    let values = [(":import", text(import.id.as_str())), (":now", number(now.as_second()))];
    FencedTransaction::new(Action::check(
        tenant,
        Table::Records,
        &keys::lock(&tenant.msp, &import.integration),
        "attribute_not_exists(#import) OR #import <> :import OR #until <= :now",
        &values,
    )?)
}

/// A transaction in which an administrator releases the lock, if the import still has it.
pub(crate) fn releasing(tenant: &Tenant, import: &Import) -> Result<FencedTransaction, StoreError> {
    let values = [
        (":import", text(import.id.as_str())),
        (":zero", number(0)),
        (":one", number(1)),
    ];
    // The token grows, so that the next write of a worker is refused.
    let update = "SET #until = :zero, epoch = epoch + :one REMOVE #import, workerUntil";
    FencedTransaction::new(on_lock(tenant, import, update, "#import = :import", &values)?)
}

fn on_lock(
    tenant: &Tenant,
    import: &Import,
    update: &str,
    condition: &str,
    values: Values<'_>,
) -> Result<Action, StoreError> {
    let key = keys::lock(&tenant.msp, &import.integration);
    Action::update(tenant, Table::Records, &key, update, condition, values)
}

pub(crate) fn end(now: Timestamp, lease: Duration) -> i64 {
    now.as_second()
        .saturating_add(i64::try_from(lease.as_secs()).unwrap_or(i64::MAX))
}
