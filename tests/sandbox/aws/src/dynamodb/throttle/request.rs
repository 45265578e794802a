//! Which partitions a request needs, and what is sent of a batch that is let in only in part.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::access::of_dynamodb;

/// Bytes that a write unit pays for.
const WRITE_UNIT: usize = 1024;

/// What a request needs of one partition.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// The table, or `table/index/name`.
    pub of: String,
    /// The partition key.
    pub key: String,
    /// What it costs at least, and its share in what all of the request costs.
    pub weight: f64,
}

impl Part {
    pub(super) fn table(&self) -> &str {
        self.of.split('/').next().unwrap_or_default()
    }
}

/// What a request needs.
#[derive(Debug)]
pub(super) struct Asked {
    /// In the order of the request.
    pub parts: Vec<Part>,
}

impl Asked {
    pub(super) fn read(operation: &str, body: &[u8]) -> Self {
        let weights = weights(operation, body);
        let calls = of_dynamodb(operation, body).into_iter().enumerate();
        let parts = calls.map(|(number, call)| Part {
            of: call.resource,
            key: call.key.unwrap_or_default(),
            weight: weights.get(number).copied().unwrap_or(1.0),
        });
        Self { parts: parts.collect() }
    }

    /// Leaves out the parts that have no room.
    pub(super) fn keep(&mut self, has_room: &[bool]) {
        let mut has_room = has_room.iter();
        self.parts.retain(|_| has_room.next() == Some(&true));
    }
}

/// The units of each action of a transaction: an item that is written is in the request, of any other nothing is known.
fn weights(operation: &str, body: &[u8]) -> Vec<f64> {
    if operation != "TransactWriteItems" {
        return Vec::new();
    }
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let actions = request["TransactItems"].as_array().into_iter().flatten();
    let weight = |action: &Value| {
        let item = &action["Put"]["Item"];
        let bytes = if item.is_null() { 1 } else { item.to_string().len() };
        let units = u32::try_from(bytes.div_ceil(WRITE_UNIT)).unwrap_or(u32::MAX);
        2.0 * f64::from(units)
    };
    actions.map(weight).collect()
}

/// The requests of a batch that have room, as a request of their own, and the others as they are handed back.
pub(super) fn split(operation: &str, body: &[u8], has_room: &[bool]) -> (Value, Value) {
    let mut request: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut rest = request["RequestItems"].take();
    let mut sent = rest.clone();
    // In the order in which the parts were read.
    let mut has_room = has_room.iter().copied().cycle();
    let tables = rest.as_object().into_iter().flatten().map(|(name, _)| name.clone());
    let tables: BTreeSet<String> = tables.collect();
    let is_get = operation == "BatchGetItem";
    for table in tables {
        let (kept, left) = if is_get {
            (&mut sent[&table]["Keys"], &mut rest[&table]["Keys"])
        } else {
            (&mut sent[&table], &mut rest[&table])
        };
        let all: Vec<Value> = left.as_array().cloned().unwrap_or_default();
        let (with, without): (Vec<_>, Vec<_>) = all.into_iter().partition(|_| has_room.next() == Some(true));
        let (is_kept, is_left) = (!with.is_empty(), !without.is_empty());
        (*kept, *left) = (with.into(), without.into());
        drop_unless(is_kept, &mut sent, &table);
        drop_unless(is_left, &mut rest, &table);
    }
    request["RequestItems"] = sent;
    (request, rest)
}

fn drop_unless(is_needed: bool, tables: &mut Value, table: &str) {
    if !is_needed && let Some(tables) = tables.as_object_mut() {
        tables.remove(table);
    }
}
