//! The two tables, and reading and writing items in them.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::MspId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::keys::{self, Key};
use crate::schema::{Kind, SCHEMA};
use crate::{StoreError, packed};

/// An item as DynamoDB has it.
pub type Item = HashMap<String, AttributeValue>;

/// The attribute that holds packed records.
pub const PACKED: &str = "data";

/// Items of a long list that are in memory at once.
const ITEMS_AT_ONCE: i32 = 1_000;

/// Which table an item is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// What lasts: integrations, locks, mappings, the built-in directory.
    Records,
    /// Work under way, which expires.
    Imports,
}

/// What a read shows of the writes just before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// All of them.
    Strong,
    /// Maybe not the last ones, of whatever worker or call; at half the price.
    Eventual,
}

impl Consistency {
    const fn is_strong(self) -> bool {
        matches!(self, Self::Strong)
    }
}

/// The store of all tenants. Good for nothing but [`Store::of`], and for finding work that was left.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) client: Client,
    pub(crate) records: String,
    pub(crate) imports: String,
}

impl Store {
    /// A store on two tables.
    pub fn new(client: Client, records: impl Into<String>, imports: impl Into<String>) -> Self {
        Self {
            client,
            records: records.into(),
            imports: imports.into(),
        }
    }

    /// Opens a connection before anybody waits for one. What is asked for does not exist.
    pub async fn warm(&self) {
        let get = self.client.get_item().table_name(&self.records);
        // If this fails, so will the first call, which says why.
        let _ = get.set_key(Some(keys::nothing().to_item())).send().await;
    }

    /// The data of one tenant.
    pub fn of(&self, msp: &MspId) -> Tenant {
        Tenant {
            store: self.clone(),
            msp: msp.clone(),
        }
    }
}

/// The data of one MSP.
#[derive(Debug, Clone)]
pub struct Tenant {
    store: Store,
    /// Whose data it is.
    pub msp: MspId,
}

impl Tenant {
    /// The client, for adapters that keep items of their own.
    pub const fn client(&self) -> &Client {
        &self.store.client
    }

    /// The name of a table.
    pub fn table(&self, table: Table) -> &str {
        match table {
            Table::Records => &self.store.records,
            Table::Imports => &self.store.imports,
        }
    }

    /// Reads one item, strongly consistent.
    pub async fn get(&self, table: Table, key: &Key) -> Result<Option<Item>, StoreError> {
        self.get_with(table, key, Consistency::Strong).await
    }

    /// Reads an item that is written once and never changed. What an eventually consistent read finds is right, then; what it does not
    /// find is looked for once more.
    pub(crate) async fn get_unchanging(&self, table: Table, key: &Key) -> Result<Option<Item>, StoreError> {
        match self.get_with(table, key, Consistency::Eventual).await? {
            Some(item) => Ok(Some(item)),
            None => self.get(table, key).await,
        }
    }

    async fn get_with(&self, table: Table, key: &Key, consistency: Consistency) -> Result<Option<Item>, StoreError> {
        let answer = self
            .client()
            .get_item()
            .table_name(self.table(table))
            .set_key(Some(key.to_item()))
            .consistent_read(consistency.is_strong())
            .send()
            .await
            .map_err(|error| StoreError::sdk("GetItem", error))?;
        Ok(answer.item)
    }

    /// Reads all items of a partition whose sort key begins with `prefix`, in order, strongly consistent.
    pub async fn query(&self, table: Table, pk: &str, prefix: &str) -> Result<Vec<Item>, StoreError> {
        self.query_with(table, pk, prefix, Consistency::Strong).await
    }

    /// Reads all items of a partition whose sort key begins with `prefix`, in order.
    pub async fn query_with(
        &self,
        table: Table,
        pk: &str,
        prefix: &str,
        consistency: Consistency,
    ) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut after = None;
        loop {
            let of = (prefix, consistency);
            let page = self.query_page_with(table, pk, of, after.as_ref(), None).await?;
            items.extend(page.0);
            after = page.1;
            if after.is_none() {
                return Ok(items);
            }
        }
    }

    /// Reads all items of a partition whose sort key begins with one of the prefixes or lies between them, in order.
    pub(crate) async fn query_among(
        &self,
        table: Table,
        pk: &str,
        prefixes: impl Iterator<Item = String>,
        consistency: Consistency,
    ) -> Result<Vec<Item>, StoreError> {
        let mut prefixes: Vec<String> = prefixes.collect();
        prefixes.sort_unstable();
        let (Some(from), Some(to)) = (prefixes.first(), prefixes.last()) else {
            return Ok(Vec::new());
        };
        let pages = self
            .client()
            .query()
            .table_name(self.table(table))
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":from", text(from))
            // Behind every key that begins with the last prefix.
            .expression_attribute_values(":to", text(format!("{to}\u{10ffff}")))
            .consistent_read(consistency.is_strong())
            .into_paginator()
            .items()
            .send();
        pages
            .collect::<Result<_, _>>()
            .await
            .map_err(|error| StoreError::sdk("Query", error))
    }

    /// Reads the items of a partition whose sort keys lie between two, the last one first, until `is_enough` has seen enough of them;
    /// strongly consistent.
    pub(crate) async fn query_back(
        &self,
        table: Table,
        pk: &str,
        (from, to): (&str, &str),
        mut is_enough: impl FnMut(&Item) -> bool,
    ) -> Result<Vec<Item>, StoreError> {
        let query = self
            .client()
            .query()
            .table_name(self.table(table))
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":from", text(from))
            .expression_attribute_values(":to", text(to))
            .scan_index_forward(false)
            // What is read beyond what is enough is paid for.
            .limit(1)
            .consistent_read(true);
        let (mut items, mut after) = (Vec::new(), None);
        loop {
            let page = query.clone().set_exclusive_start_key(after).send().await;
            let page = page.map_err(|error| StoreError::sdk("Query", error))?;
            for item in page.items.unwrap_or_default() {
                let is_enough = is_enough(&item);
                items.push(item);
                if is_enough {
                    return Ok(items);
                }
            }
            after = page.last_evaluated_key;
            if after.is_none() {
                return Ok(items);
            }
        }
    }

    /// Reads very many items of a partition, strongly consistent, and gives each to `take`. Only a page of them is in memory at once: as
    /// attributes they take up to ten times what is read from them.
    pub async fn query_each<E: From<StoreError>>(
        &self,
        table: Table,
        (pk, prefix): (&str, &str),
        mut take: impl FnMut(Item) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut after = None;
        loop {
            let page = self.query_page(table, pk, prefix, after.as_ref(), Some(ITEMS_AT_ONCE));
            let (items, next) = page.await?;
            items.into_iter().try_for_each(&mut take)?;
            after = next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Reads one page of at most 1 MB, strongly consistent: the items, and the key to go on after. An empty `prefix` is that of all keys.
    pub async fn query_page(
        &self,
        table: Table,
        pk: &str,
        prefix: &str,
        after: Option<&Item>,
        limit: Option<i32>,
    ) -> Result<(Vec<Item>, Option<Item>), StoreError> {
        self.query_page_with(table, pk, (prefix, Consistency::Strong), after, limit)
            .await
    }

    /// Reads one page of at most 1 MB: the items, and the key to go on after. An empty `prefix` is that of all keys.
    pub async fn query_page_with(
        &self,
        table: Table,
        pk: &str,
        (prefix, consistency): (&str, Consistency),
        after: Option<&Item>,
        limit: Option<i32>,
    ) -> Result<(Vec<Item>, Option<Item>), StoreError> {
        let query = self
            .client()
            .query()
            .table_name(self.table(table))
            .expression_attribute_values(":pk", text(pk));
        // DynamoDB refuses an empty prefix.
        let query = if prefix.is_empty() {
            query.key_condition_expression("pk = :pk")
        } else {
            query
                .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
                .expression_attribute_values(":prefix", text(prefix))
        };
        let page = query
            .set_exclusive_start_key(after.cloned())
            .set_limit(limit)
            .consistent_read(consistency.is_strong())
            .send()
            .await
            .map_err(|error| StoreError::sdk("Query", error))?;
        Ok((page.items.unwrap_or_default(), page.last_evaluated_key))
    }
}

impl Key {
    /// The key as DynamoDB wants it.
    pub fn to_item(&self) -> Item {
        HashMap::from([("pk".to_owned(), text(&self.pk)), ("sk".to_owned(), text(&self.sk))])
    }
}

/// A string attribute.
pub fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// An attribute of whatever can be serialised.
pub fn value<T: Serialize + ?Sized>(what: &'static str, value: &T) -> Result<AttributeValue, StoreError> {
    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(value).map_err(|error| StoreError::shape(what, error))
}

/// An item of a key and the fields of `body`.
pub fn item<T: Serialize>(kind: Kind, key: &Key, body: &T) -> Result<Item, StoreError> {
    let mut item: Item =
        serde_dynamo::aws_sdk_dynamodb_1::to_item(body).map_err(|error| StoreError::shape(kind.name, error))?;
    item.extend(bare_item(kind, key));
    Ok(item)
}

/// An item of a key and one packed body.
pub fn packed_item<T: Serialize + ?Sized>(kind: Kind, key: &Key, body: &T) -> Result<Item, StoreError> {
    Ok(already_packed(kind, key, packed::pack(kind.name, body)?))
}

/// An item of a key and a body that is packed already.
pub(crate) fn already_packed(kind: Kind, key: &Key, bytes: Vec<u8>) -> Item {
    let mut item = bare_item(kind, key);
    item.insert(PACKED.to_owned(), AttributeValue::B(Blob::new(bytes)));
    item
}

/// An item of a key and the number of its schema.
pub fn bare_item(kind: Kind, key: &Key) -> Item {
    let mut item = key.to_item();
    item.insert(SCHEMA.to_owned(), number(kind.schema));
    item
}

/// The fields of an item.
pub fn body<T: DeserializeOwned>(kind: Kind, item: Item) -> Result<T, StoreError> {
    kind.check(&item)?;
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|error| StoreError::shape(kind.name, error))
}

/// The packed body of an item.
pub fn packed_body<T: DeserializeOwned>(kind: Kind, item: &Item) -> Result<T, StoreError> {
    packed::unpack(kind.name, packed_bytes(kind, item)?)
}

/// The packed body of an item as it is.
pub fn packed_bytes(kind: Kind, item: &Item) -> Result<&[u8], StoreError> {
    kind.check(item)?;
    match item.get(PACKED) {
        Some(AttributeValue::B(blob)) => Ok(blob.as_ref()),
        _ => Err(StoreError::shape(kind.name, "packed attribute is missing")),
    }
}

/// The items of a list that can be read. One that cannot must not hide all others; the log names it.
pub(crate) fn readable<T>(kind: Kind, items: impl IntoIterator<Item = Result<T, StoreError>>) -> Readable<T> {
    let mut readable = Readable {
        items: Vec::new(),
        unreadable: 0,
    };
    for item in items {
        match item {
            Ok(item) => readable.items.push(item),
            Err(error) => {
                tracing::warn!(kind = kind.name, %error, "a record cannot be read and is left out of a list");
                readable.unreadable += 1;
            }
        }
    }
    readable
}

/// A list of which some lines may be missing, since they cannot be read.
#[derive(Debug)]
pub struct Readable<T> {
    /// The others.
    pub items: Vec<T>,
    /// How many are missing.
    pub unreadable: u64,
}
