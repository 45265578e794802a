//! Several conditional writes that happen together or not at all.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::error::TransactionCanceledException;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use backon::Retryable;

use crate::StoreError;
use crate::audit_items::Draft;
use crate::error::is_for_good;
use crate::journal::outcomes;
use crate::keys::Key;
use crate::retry::RETRY;
use crate::size::{self, MAX_ITEM_BYTES};
use crate::table::{Item, Table, Tenant};

/// The most actions one transaction may hold.
pub const MAX_ACTIONS: usize = 100;

/// Reasons for which a transaction is cancelled that pass soon. A table without room has two names for it.
const REPEATED: [&str; 3] = [
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
];

/// The most bytes that the actions of one transaction may have together. `DynamoDB` allows 4 MB of items. Of an update only what
/// it sends is known here, so a quarter is left for the items that updates touch.
pub const MAX_BYTES: usize = 3 * 1024 * 1024;

/// Identifies an action of a transaction. To add an action returns its id; [`Refusals`] tells by the id whether its condition held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionId(usize);

/// How a transaction ended. A refusal is an outcome: another write was faster.
#[derive(Debug)]
#[must_use]
pub enum TransactionOutcome {
    /// All of it was applied.
    Committed,
    /// Nothing was applied, because the conditions of these actions did not hold.
    Refused(Refusals),
}

impl TransactionOutcome {
    /// Whether all of it was applied.
    pub const fn committed(&self) -> bool {
        matches!(self, Self::Committed)
    }
}

/// The actions whose conditions did not hold when a transaction was refused. With each comes the item as `DynamoDB` had it at that moment;
/// without one, if there was none, or if the action deletes.
#[derive(Debug, Clone)]
pub struct Refusals(Vec<(ActionId, Option<Item>)>);

impl Refusals {
    /// Whether the condition of this action did not hold.
    pub fn contains(&self, action: ActionId) -> bool {
        self.0.iter().any(|(refused, _)| *refused == action)
    }

    /// The item that did not fulfil the condition of this action: see [`Refusals`].
    pub fn item(&self, action: ActionId) -> Option<Item> {
        let (_, item) = self.0.iter().find(|(refused, _)| *refused == action)?;
        item.clone()
    }
}

/// Values that an expression refers to, as `(":name", value)`.
pub type Values<'a> = &'a [(&'a str, AttributeValue)];

/// One write or check of a transaction, with the bytes it counts for.
#[derive(Debug, Clone)]
pub struct Action {
    write: TransactWriteItem,
    bytes: usize,
    item: (Table, Key),
}

impl Action {
    /// The sort key of the item.
    pub(crate) fn sort_key(&self) -> &str {
        &self.item.1.sk
    }

    /// Writes a whole item, whatever stood there. Refused with a name if the item is larger than the table takes.
    pub fn put(tenant: &Tenant, table: Table, item: Item) -> Result<Self, StoreError> {
        let (bytes, key) = (size::of_item(&item), key_of(&item));
        let put = Put::builder().table_name(tenant.table(table)).set_item(Some(item));
        Self::of_put(put, bytes, (table, key))
    }

    /// Writes a whole item, if what stands there fulfils a condition.
    pub fn put_if(
        tenant: &Tenant,
        table: Table,
        item: Item,
        condition: &str,
        values: Values<'_>,
    ) -> Result<Self, StoreError> {
        let (bytes, key) = (size::of_item(&item), key_of(&item));
        let put = Put::builder().table_name(tenant.table(table)).set_item(Some(item));
        let put = put
            .condition_expression(condition)
            .set_expression_attribute_names(names(&[condition]))
            .set_expression_attribute_values(map(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Self::of_put(put, bytes, (table, key))
    }

    fn of_put(put: PutBuilder, bytes: usize, item: (Table, Key)) -> Result<Self, StoreError> {
        if bytes > MAX_ITEM_BYTES {
            return Err(StoreError::TooLarge {
                what: "item",
                message: format!("{bytes} bytes, {MAX_ITEM_BYTES} at most"),
            });
        }
        let put = put.build().map_err(|error| StoreError::shape("transaction", error))?;
        Ok(Self {
            write: TransactWriteItem::builder().put(put).build(),
            bytes,
            item,
        })
    }

    /// Changes an item.
    pub fn update(
        tenant: &Tenant,
        table: Table,
        key: &Key,
        update: &str,
        condition: &str,
        values: Values<'_>,
    ) -> Result<Self, StoreError> {
        let built = Update::builder()
            .table_name(tenant.table(table))
            .set_key(Some(key.to_item()))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_names(names(&[update, condition]))
            .set_expression_attribute_values(map(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| StoreError::shape("transaction", error))?;
        Ok(Self {
            write: TransactWriteItem::builder().update(built).build(),
            bytes: sent(key, &[update, condition], values),
            item: (table, key.clone()),
        })
    }

    /// Checks a condition on an item, and changes nothing.
    pub fn check(
        tenant: &Tenant,
        table: Table,
        key: &Key,
        condition: &str,
        values: Values<'_>,
    ) -> Result<Self, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(tenant.table(table))
            .set_key(Some(key.to_item()))
            .condition_expression(condition)
            .set_expression_attribute_names(names(&[condition]))
            .set_expression_attribute_values(map(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| StoreError::shape("transaction", error))?;
        Ok(Self {
            write: TransactWriteItem::builder().condition_check(check).build(),
            bytes: sent(key, &[condition], values),
            item: (table, key.clone()),
        })
    }

    /// Deletes an item, if its condition holds.
    pub fn delete(
        tenant: &Tenant,
        table: Table,
        key: &Key,
        condition: &str,
        values: Values<'_>,
    ) -> Result<Self, StoreError> {
        let delete = Delete::builder()
            .table_name(tenant.table(table))
            .set_key(Some(key.to_item()))
            .condition_expression(condition)
            .set_expression_attribute_names(names(&[condition]))
            .set_expression_attribute_values(map(values))
            .build()
            .map_err(|error| StoreError::shape("transaction", error))?;
        Ok(Self {
            write: TransactWriteItem::builder().delete(delete).build(),
            bytes: sent(key, &[condition], values),
            item: (table, key.clone()),
        })
    }
}

impl Action {
    /// Whether two actions update one item in the same way, on the same condition; the values may differ by the time that passed.
    fn is_same_update(&self, other: &Self) -> bool {
        let update = |action: &Self| {
            let update = action.write.update()?;
            Some((update.update_expression.clone(), update.condition_expression.clone()))
        };
        self.item == other.item && update(self).is_some() && update(self) == update(other)
    }
}

/// The key that an item has.
fn key_of(item: &Item) -> Key {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    Key {
        pk: text("pk").unwrap_or_default(),
        sk: text("sk").unwrap_or_default(),
    }
}

/// The bytes of an action that sends a key and expressions instead of a whole item.
fn sent(key: &Key, expressions: &[&str], values: Values<'_>) -> usize {
    let values = values.iter().map(|(name, value)| name.len() + size::of_value(value));
    let expressions = expressions.iter().map(|expression| expression.len());
    size::of_item(&key.to_item()) + values.chain(expressions).sum::<usize>()
}

/// A transaction being put together. It is never larger than `DynamoDB` takes: an action that has no room in it is refused with
/// [`StoreError::TooLarge`] and leaves it as it was.
#[derive(Debug, Clone, Default)]
pub struct Transaction {
    actions: Vec<Action>,
    bytes: usize,
    /// Entries of the audit trail, each counted as an action; they are packed together when the transaction is complete.
    audit: Vec<Draft>,
    /// Outcomes of companies, likewise.
    outcomes: Vec<outcomes::Draft>,
}

impl Transaction {
    /// An empty transaction.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many actions it holds.
    pub const fn len(&self) -> usize {
        self.actions.len() + self.audit.len() + self.outcomes.len()
    }

    /// Whether it holds none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether all of these can be added.
    pub fn has_room_for<'a>(&self, more: impl IntoIterator<Item = &'a Action>) -> bool {
        let (actions, bytes) = more
            .into_iter()
            .fold((0, 0), |(actions, bytes), action| (actions + 1, bytes + action.bytes));
        self.has_room(actions, bytes)
    }

    const fn has_room(&self, actions: usize, bytes: usize) -> bool {
        self.len() + actions <= MAX_ACTIONS && self.bytes + bytes <= MAX_BYTES
    }

    /// Adds an action, and returns its id.
    pub fn push(&mut self, action: Action) -> Result<ActionId, StoreError> {
        self.make_room(action.bytes)?;
        let id = ActionId(self.actions.len());
        self.bytes += action.bytes;
        self.actions.push(action);
        Ok(id)
    }

    /// Adds an entry of the audit trail.
    pub(crate) fn audit(&mut self, draft: Draft) -> Result<(), StoreError> {
        let bytes = draft.bytes()?;
        self.make_room(bytes)?;
        self.bytes += bytes;
        self.audit.push(draft);
        Ok(())
    }

    /// Adds outcomes of a company.
    pub(crate) fn add_outcomes(&mut self, draft: outcomes::Draft) -> Result<(), StoreError> {
        let bytes = draft.bytes()?;
        // They are one company's, and go into one item.
        if bytes > size::ROOM {
            return Err(StoreError::TooLarge {
                what: "outcomes",
                message: format!("{bytes} bytes of one company, {} at most", size::ROOM),
            });
        }
        self.make_room(bytes)?;
        self.bytes += bytes;
        self.outcomes.push(draft);
        Ok(())
    }

    /// Refuses an action of so many bytes if the transaction has no room for it.
    fn make_room(&self, bytes: usize) -> Result<(), StoreError> {
        if self.has_room(1, bytes) {
            return Ok(());
        }
        let (actions, bytes) = (self.len() + 1, self.bytes + bytes);
        Err(StoreError::TooLarge {
            what: "transaction",
            message: format!("{actions} actions of {bytes} bytes, {MAX_ACTIONS} of {MAX_BYTES} at most"),
        })
    }

    /// Adds the actions of another transaction with the same first action, which is not added again. `false`, with nothing added, if
    /// they do not fit, or one of them is about an item that this one is about: `DynamoDB` takes no two actions about one item.
    pub(crate) fn append(&mut self, other: &Self) -> bool {
        let (Some(first), Some((same, more))) = (self.actions.first(), other.actions.split_first()) else {
            return false;
        };
        if !first.is_same_update(same) {
            return false;
        }
        let is_known = |action: &Action| self.actions.iter().any(|known| known.item == action.item);
        // All but the first action, of which nothing is added.
        let bytes = other.bytes.saturating_sub(same.bytes);
        if !self.has_room(other.len() - 1, bytes) || more.iter().any(is_known) {
            return false;
        }
        self.bytes += bytes;
        self.actions.extend_from_slice(more);
        self.audit.extend_from_slice(&other.audit);
        self.outcomes.extend_from_slice(&other.outcomes);
        true
    }

    /// Writes a whole item, whatever stood there.
    pub fn put(&mut self, tenant: &Tenant, table: Table, item: Item) -> Result<ActionId, StoreError> {
        self.push(Action::put(tenant, table, item)?)
    }

    /// Writes an item that must not be there yet.
    pub fn add(&mut self, tenant: &Tenant, table: Table, item: Item) -> Result<ActionId, StoreError> {
        self.put_if(tenant, table, item, "attribute_not_exists(pk)", &[])
    }

    /// Writes a whole item, if what stands there fulfils a condition.
    pub fn put_if(
        &mut self,
        tenant: &Tenant,
        table: Table,
        item: Item,
        condition: &str,
        values: Values<'_>,
    ) -> Result<ActionId, StoreError> {
        self.push(Action::put_if(tenant, table, item, condition, values)?)
    }

    /// Changes an item.
    pub fn update(
        &mut self,
        tenant: &Tenant,
        table: Table,
        key: &Key,
        update: &str,
        condition: &str,
        values: Values<'_>,
    ) -> Result<ActionId, StoreError> {
        self.push(Action::update(tenant, table, key, update, condition, values)?)
    }

    /// Checks a condition on an item, and changes nothing.
    pub fn check(
        &mut self,
        tenant: &Tenant,
        table: Table,
        key: &Key,
        condition: &str,
        values: Values<'_>,
    ) -> Result<ActionId, StoreError> {
        self.push(Action::check(tenant, table, key, condition, values)?)
    }

    /// Deletes an item, if its condition holds.
    pub fn delete(
        &mut self,
        tenant: &Tenant,
        table: Table,
        key: &Key,
        condition: &str,
        values: Values<'_>,
    ) -> Result<ActionId, StoreError> {
        self.push(Action::delete(tenant, table, key, condition, values)?)
    }

    /// Applies the transaction. If it conflicts with another write to one of the items, or the table has no room, waits and tries again.
    pub async fn commit(self, tenant: &Tenant) -> Result<TransactionOutcome, StoreError> {
        let entries = tenant.audit_items(&self.audit)?.into_iter();
        let entries = entries.map(|item| (Table::Records, item));
        let outcomes = outcomes::items(&self.outcomes)?.into_iter();
        let packed = entries.chain(outcomes.map(|item| (Table::Imports, item)));
        let packed = packed.map(|(table, item)| Action::put_if(tenant, table, item, "attribute_not_exists(pk)", &[]));
        let packed = packed.collect::<Result<Vec<Action>, StoreError>>()?;
        let actions = self.actions.into_iter().chain(packed);
        let actions: Vec<TransactWriteItem> = actions.map(|action| action.write).collect();
        let attempt = || async {
            let sent = tenant
                .client()
                .transact_write_items()
                .set_transact_items(Some(actions.clone()))
                .send()
                .await;
            match sent {
                Ok(_) => Ok(TransactionOutcome::Committed),
                Err(error) => match error.as_service_error() {
                    Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => refusals(cancelled),
                    _ => Err(Failed::For(StoreError::sdk("TransactWriteItems", error))),
                },
            }
        };
        match attempt
            .retry(RETRY.with_jitter())
            .when(|failed| matches!(failed, Failed::Conflict))
            .await
        {
            Ok(outcome) => Ok(outcome),
            Err(Failed::For(error)) => Err(error),
            Err(Failed::Conflict) => Err(StoreError::Service {
                operation: "TransactWriteItems",
                message: "TransactionConflict".to_owned(),
            }),
        }
    }
}

enum Failed {
    Conflict,
    For(StoreError),
}

fn refusals(cancelled: &TransactionCanceledException) -> Result<TransactionOutcome, Failed> {
    let reasons = cancelled.cancellation_reasons();
    let with = |code: &str| {
        let matching = reasons
            .iter()
            .enumerate()
            .filter(|(_, reason)| reason.code() == Some(code));
        matching
            .map(|(index, reason)| (ActionId(index), reason.item().cloned()))
            .collect::<Vec<_>>()
    };
    let refusals = Refusals(with("ConditionalCheckFailed"));
    if !refusals.0.is_empty() {
        return Ok(TransactionOutcome::Refused(refusals));
    }
    if REPEATED.iter().any(|code| !with(code).is_empty()) {
        return Err(Failed::Conflict);
    }
    let codes: Vec<&str> = reasons
        .iter()
        .filter_map(|reason| reason.code())
        .filter(|code| *code != "None")
        .collect();
    let (operation, message) = ("TransactWriteItems", codes.join(", "));
    Err(Failed::For(if codes.iter().any(|code| is_for_good(code)) {
        StoreError::Refused { operation, message }
    } else {
        StoreError::Service { operation, message }
    }))
}

pub(crate) fn map(values: Values<'_>) -> Option<Item> {
    (!values.is_empty()).then(|| {
        values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    })
}

/// The names of `#placeholders` in expressions: each means the attribute of that very name, as many are reserved words.
pub(crate) fn names(expressions: &[&str]) -> Option<HashMap<String, String>> {
    let words = expressions
        .iter()
        .flat_map(|expression| expression.split('#').skip(1))
        .filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            rest.get(..end).filter(|word| !word.is_empty())
        });
    let names: HashMap<String, String> = words.map(|word| (format!("#{word}"), word.to_owned())).collect();
    (!names.is_empty()).then_some(names)
}
