//! A copy of the database that lacks the last writes: what eventually consistent reads may be answered from.
//!
//! `DynamoDB` keeps each item three times. An eventually consistent read is answered by any of them, which may not have the last writes
//! yet; how many those are, and for how long, is not promised. Here they are the last `lag` items that were written, whatever time has
//! passed, and a read is answered as things are or as they were: by turns that look random and are the same in each run.

use std::collections::VecDeque;

use dynoxide::Database;
use serde_json::{Value, json};

/// An item that was written: its table, its key, and what stands there since, if anything.
type Written = (String, Value, Value);

/// What an eventually consistent read is answered from.
pub(crate) struct Behind {
    /// The copy.
    pub copy: Database,
    /// How many items the copy lacks at most.
    lag: usize,
    /// Those that it lacks, the oldest first.
    lacking: VecDeque<Written>,
    turns: fastrand::Rng,
}

impl Behind {
    /// A copy that lacks nothing yet, and never more than the last `lag` items that were written.
    pub fn new(copy: Database, lag: usize) -> Self {
        Self {
            copy,
            lag,
            lacking: VecDeque::new(),
            turns: fastrand::Rng::with_seed(0),
        }
    }

    /// Lacks nothing, as at the beginning.
    pub fn begin_again(&mut self) {
        self.lacking.clear();
        self.turns = fastrand::Rng::with_seed(0);
    }

    /// Whether it is the copy that answers this time.
    pub fn is_asked(&mut self) -> bool {
        self.turns.bool()
    }

    /// Notes what stands in items since they were written; gives the items that the copy is to have by now.
    pub fn written(&mut self, items: impl IntoIterator<Item = Written>) -> Vec<Written> {
        self.lacking.extend(items);
        let known = self.lacking.len().saturating_sub(self.lag);
        self.lacking.drain(..known).collect()
    }
}

/// Whether a read may be answered from the copy. Indexes are always behind, and answer as things are.
pub(crate) fn may_be_behind(operation: &str, body: &str) -> bool {
    if !matches!(operation, "GetItem" | "Query") {
        return false;
    }
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    body["ConsistentRead"] != true && body["IndexName"].is_null()
}

/// The tables and keys that a write is about.
pub(crate) fn keys(operation: &str, body: &str) -> Vec<(String, Value)> {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let key_of = |write: &Value| {
        let key = if write["Item"].is_null() {
            &write["Key"]
        } else {
            &write["Item"]
        };
        let table = write["TableName"].as_str().unwrap_or_default().to_owned();
        (table, json!({ "pk": key["pk"], "sk": key["sk"] }))
    };
    match operation {
        "PutItem" | "UpdateItem" | "DeleteItem" => vec![key_of(&body)],
        "TransactWriteItems" => {
            let actions = body["TransactItems"].as_array().into_iter().flatten();
            let writes = actions.flat_map(|action| action.as_object().into_iter().flatten());
            let writes = writes.filter(|(kind, _)| *kind != "ConditionCheck");
            writes.map(|(_, write)| key_of(write)).collect()
        }
        _ => Vec::new(),
    }
}
