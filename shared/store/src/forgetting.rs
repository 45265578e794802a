//! What a removed integration has left is forgotten when its time is over (R52): mappings, history and audit trail. There may be many
//! thousands of items, so the sweeper deletes some of them each time it comes, and the removed integration itself last.

use domain::ids::{IntegrationId, MspId};
use domain::integration::RemovedIntegration;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::Deserialize;

use crate::StoreError;
use crate::keys::{self, Key};
use crate::many::write_each;
use crate::schema::Kind;
use crate::sweep::UNDER_WAY;
use crate::table::{Item, Readable, Store, Table, Tenant, bare_item, body, number, readable, text};
use crate::tx::{Action, Transaction};

const FORGETTING: Kind = Kind::first("forgetting");

/// What the index finds them by, before the month in which their time is over: the sweeper does not read those of years to come.
const ASSIGNMENT: &str = "forget#";

/// Months that the sweeper looks back. It would have to stand still for so long to miss one.
const MONTHS: i32 = 6;

/// A removed integration whose time is over, or will be within the month.
#[derive(Debug, Deserialize)]
pub struct Forgotten {
    /// The tenant.
    pub msp: MspId,
    /// The integration.
    pub id: IntegrationId,
}

fn month(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date().first_of_month()
}

fn assignment(month: Date) -> String {
    format!("{ASSIGNMENT}{}", month.strftime("%Y-%m"))
}

impl Store {
    /// The removed integrations whose time is over in this month or was in one of those before, of all tenants.
    pub async fn forgotten(&self, now: Timestamp) -> Result<Readable<Forgotten>, StoreError> {
        let mut found = Vec::new();
        for back in 0..=MONTHS {
            let query = self
                .client
                .query()
                .table_name(&self.imports)
                .index_name(UNDER_WAY)
                .key_condition_expression("assignment = :assignment")
                .expression_attribute_values(
                    ":assignment",
                    text(assignment(month(now).saturating_sub(Span::new().months(back)))),
                );
            let items: Vec<Item> = query
                .into_paginator()
                .items()
                .send()
                .collect::<Result<_, _>>()
                .await
                .map_err(|error| StoreError::sdk("Query", error))?;
            found.extend(items.into_iter().map(|item| body(FORGETTING, item)));
        }
        Ok(readable(FORGETTING, found))
    }
}

impl Tenant {
    /// Adds to the transaction that removes an integration when what it leaves is forgotten.
    pub(crate) fn forget_later(&self, tx: &mut Transaction, removed: &RemovedIntegration) -> Result<(), StoreError> {
        let (id, due) = (&removed.integration.id, removed.kept_until());
        let mut item = bare_item(FORGETTING, &keys::forgetting(&self.msp, id));
        item.insert("msp".to_owned(), text(self.msp.as_str()));
        item.insert("id".to_owned(), text(id.as_str()));
        item.insert("assignment".to_owned(), text(assignment(month(due))));
        item.insert("due".to_owned(), number(due.as_second()));
        tx.put(self, Table::Imports, item)?;
        Ok(())
    }

    /// The write by which an integration that comes back keeps what it has left, refused once that is being deleted.
    pub(crate) fn forget_nothing(&self, id: &IntegrationId) -> Result<Action, StoreError> {
        let key = keys::forgetting(&self.msp, id);
        Action::delete(self, Table::Imports, &key, "attribute_not_exists(begun)", &[])
    }

    /// Deletes what a removed integration has left, if its time is over: at most so many items. Killed anywhere, it goes on the next
    /// time; the removed integration and the item that says so go last.
    pub async fn forget(&self, id: &IntegrationId, now: Timestamp, most: usize) -> Result<usize, StoreError> {
        let key = keys::forgetting(&self.msp, id);
        let values = [(":now", number(now.as_second())), (":true", number(1))];
        let (update, condition) = ("SET begun = :true", "due <= :now");
        if !self
            .update_alone(Table::Imports, &key, update, condition, &values)
            .await?
        {
            return Ok(0);
        }
        let mut deleted = 0;
        if let Some(removed) = self.removed(id).await? {
            for partition in self.partitions(&removed) {
                deleted += self.empty(&partition, most - deleted).await?;
                if deleted >= most {
                    return Ok(deleted);
                }
            }
            self.delete_alone(Table::Records, &keys::removed(&self.msp, id)).await?;
        }
        self.delete_alone(Table::Imports, &key).await?;
        Ok(deleted)
    }

    /// Where a removed integration has left items: its own partition, and one for each month of its trail.
    fn partitions(&self, removed: &RemovedIntegration) -> Vec<String> {
        let integration = &removed.integration;
        let mut partitions = vec![keys::integration_partition(&self.msp, &integration.id)];
        let mut at = month(removed.at);
        while at >= month(integration.created_at) {
            partitions.push(keys::audit(&self.msp, &integration.id, at, "").pk);
            at = at.saturating_sub(Span::new().months(1));
        }
        partitions
    }

    /// Deletes the items of a partition, at most so many.
    async fn empty(&self, partition: &str, most: usize) -> Result<usize, StoreError> {
        let mut deleted = 0;
        while deleted < most {
            let limit = i32::try_from(most - deleted).unwrap_or(i32::MAX);
            let (items, _) = self
                .query_page(Table::Records, partition, "", None, Some(limit))
                .await?;
            if items.is_empty() {
                break;
            }
            let keys = items.iter().filter_map(|item| item.get("sk")?.as_s().ok());
            let keys: Vec<Key> = keys.map(|sk| Key::in_import(partition, sk)).collect();
            deleted += keys.len();
            let delete = |key: Key| async move { self.delete_alone(Table::Records, &key).await };
            write_each(keys, delete).await?;
        }
        Ok(deleted)
    }
}
