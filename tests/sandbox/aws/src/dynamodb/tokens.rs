//! The tokens by which a repeated transaction is recognised.
//!
//! dynoxide 3.2.0 keeps them too, and looks at each of the last ten minutes in every transaction: an import that writes 50,000 of them
//! spent half of its time there. So its transactions come without tokens, and are recognised here, to the same effect.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

/// How long a token is known.
const KEPT: Duration = Duration::from_mins(10);

/// What a transaction that is read again takes for each item, up to 4 KB.
const UNITS_OF_REPLAY: usize = 2;

/// A request to write, as far as it says whether it is a repeated one.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Transaction {
    client_request_token: Option<String>,
    transact_items: Vec<BTreeMap<String, Value>>,
}

/// The tokens of the last ten minutes.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    by_token: HashMap<String, Slot>,
    /// The oldest first.
    since: VecDeque<(Instant, String)>,
}

/// The digest of the transaction that succeeded with a token. It is locked while one is under way.
pub(super) type Slot = Arc<tokio::sync::Mutex<Option<u64>>>;

/// What a token says about a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Recognised {
    /// It is to be done.
    New,
    /// It has been done.
    Done,
    /// Another one was done with its token.
    Other,
}

impl Transaction {
    /// Reads the body of a transaction with a token.
    pub(super) fn read(body: &Bytes) -> Option<Self> {
        let read: Self = serde_json::from_slice(body).ok()?;
        // A token that is refused is refused by the engine.
        let token = read.client_request_token.as_ref()?;
        (1..=36).contains(&token.len()).then_some(read)
    }

    /// Whether it is the one that has been done with its token.
    pub(super) fn recognise(&self, done: Option<u64>) -> Recognised {
        match done {
            None => Recognised::New,
            Some(digest) if digest == self.digest() => Recognised::Done,
            Some(_) => Recognised::Other,
        }
    }

    /// The same for the same items, in whatever order their attributes come.
    pub(super) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        json!(self.transact_items).to_string().hash(&mut hasher);
        hasher.finish()
    }

    /// The answer to a repeated one: nothing is written, and its items are charged as read.
    pub(super) fn replay(&self) -> String {
        let mut tables = BTreeMap::<&str, usize>::new();
        for action in self.transact_items.iter().flat_map(BTreeMap::values) {
            *tables
                .entry(action["TableName"].as_str().unwrap_or_default())
                .or_default() += UNITS_OF_REPLAY;
        }
        let units = |(table, units): (&str, usize)| json!({ "TableName": table, "CapacityUnits": units, "ReadCapacityUnits": units });
        json!({ "ConsumedCapacity": tables.into_iter().map(units).collect::<Vec<_>>() }).to_string()
    }
}

impl Tokens {
    /// The slot of a transaction's token.
    pub(super) fn slot(&self, transaction: &Transaction, now: Instant) -> Slot {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((since, _)) = known.since.front()
            && now.duration_since(*since) >= KEPT
            && let Some((_, token)) = known.since.pop_front()
        {
            known.by_token.remove(&token);
        }
        let token = transaction.client_request_token.clone().unwrap_or_default();
        if let Some(slot) = known.by_token.get(&token) {
            return slot.clone();
        }
        let slot = Slot::default();
        known.since.push_back((now, token.clone()));
        known.by_token.insert(token, slot.clone());
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(token: &str, items: &str) -> Bytes {
        format!(r#"{{"ClientRequestToken":"{token}","TransactItems":{items}}}"#).into()
    }

    #[test]
    fn a_token_is_known_for_ten_minutes() {
        let (tokens, body, now) = (Tokens::default(), body("a", "[]"), Instant::now());
        let transaction = Transaction::read(&body).unwrap();
        *tokens.slot(&transaction, now).try_lock().unwrap() = Some(transaction.digest());
        let at = |after| {
            let slot = tokens.slot(&transaction, now + after);
            let done = slot.try_lock().unwrap();
            transaction.recognise(*done)
        };
        assert_eq!(at(KEPT / 2), Recognised::Done);
        assert_eq!(at(KEPT), Recognised::New);
        assert_eq!(tokens.0.lock().unwrap().since.len(), 1);
    }

    #[test]
    fn a_token_of_other_items_is_recognised() {
        let (one, other) = (
            body("a", r#"[{"Put":{}}]"#),
            body("a", r#"[{"Put":{"TableName":"x"}}]"#),
        );
        let (one, other) = (Transaction::read(&one).unwrap(), Transaction::read(&other).unwrap());
        assert_eq!(one.recognise(None), Recognised::New);
        assert_eq!(one.recognise(Some(one.digest())), Recognised::Done);
        assert_eq!(other.recognise(Some(one.digest())), Recognised::Other);
    }

    #[test]
    fn a_repeated_transaction_is_charged_as_read() {
        let body = body(
            "a",
            r#"[{"Put":{"TableName":"x"}},{"Update":{"TableName":"x"}},{"Delete":{"TableName":"y"}}]"#,
        );
        let answer: Value = serde_json::from_str(&Transaction::read(&body).unwrap().replay()).unwrap();
        let units = json!([
            { "TableName": "x", "CapacityUnits": 4, "ReadCapacityUnits": 4 },
            { "TableName": "y", "CapacityUnits": 2, "ReadCapacityUnits": 2 },
        ]);
        assert_eq!(answer["ConsumedCapacity"], units);
    }

    #[test]
    fn what_has_no_token_of_a_fitting_length_is_left_to_the_engine() {
        assert!(Transaction::read(&Bytes::from(r#"{"TransactItems":[]}"#)).is_none());
        for token in ["", &"x".repeat(37)] {
            assert!(Transaction::read(&body(token, "[]")).is_none());
        }
    }
}
