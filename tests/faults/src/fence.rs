//! What is looked at in every write: whether a worker that has lost its place gets through, and whether the licences add up.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::engine::{Engine, RECORDS};
use crate::wire::Watch;
use crate::world::MSP;

/// What was seen.
#[derive(Default)]
pub struct Fence {
    /// Writes that prove an epoch which is not the lock's any more.
    pub stale: AtomicUsize,
    /// Of those, the ones that were accepted.
    pub accepted: AtomicUsize,
    /// Of those, the ones that were accepted before, while their place was still held, and whose answer was lost: DynamoDB answers the
    /// same request, by its token, as it did then, and writes nothing.
    pub repeated: AtomicUsize,
    /// Requests that were accepted, by their tokens.
    answered: Mutex<HashSet<String>>,
    /// Moments at which used, reserved and free licences were looked at.
    pub looked: AtomicUsize,
    /// Moments at which they did not add up, or one was below zero that may not be.
    pub unbalanced: AtomicUsize,
}

impl Fence {
    /// Whether a request was accepted before; one that is accepted now is remembered.
    fn is_repeated(&self, body: &str, status: u16) -> bool {
        let body: Value = serde_json::from_str(body).unwrap();
        let Some(token) = body["ClientRequestToken"].as_str() else {
            return false;
        };
        let mut answered = self.answered.lock().unwrap();
        let is_repeated = answered.contains(token);
        if status == 200 {
            answered.insert(token.to_owned());
        }
        is_repeated
    }
}

impl Watch for Fence {
    fn look(&self, engine: &Engine, operation: &str, body: &str, apply: &dyn Fn() -> (u16, String)) -> (u16, String) {
        let stale = operation == "TransactWriteItems" && is_stale(engine, body);
        let answer = apply();
        let is_repeated = operation == "TransactWriteItems" && self.is_repeated(body, answer.0);
        if stale {
            self.stale.fetch_add(1, Ordering::SeqCst);
            let counter = if is_repeated { &self.repeated } else { &self.accepted };
            counter.fetch_add(usize::from(answer.0 == 200), Ordering::SeqCst);
        }
        if body.contains("LICENCES") && operation != "GetItem" {
            self.looked.fetch_add(1, Ordering::SeqCst);
            self.unbalanced
                .fetch_add(usize::from(!add_up(engine)), Ordering::SeqCst);
        }
        answer
    }
}

fn is_stale(engine: &Engine, body: &str) -> bool {
    let body: Value = serde_json::from_str(body).unwrap();
    let proof = &body["TransactItems"][0]["Update"];
    if proof["ConditionExpression"] != "epoch = :token" {
        return false;
    }
    // The lock, or the place of the last worker of an import that has lost it.
    let lock = item_of(engine, &proof["TableName"], &proof["Key"]);
    proof["ExpressionAttributeValues"][":token"] != lock["epoch"]
}

/// Whether used, reserved and free licences are the total, none below zero that may not be.
pub fn add_up(engine: &Engine) -> bool {
    let pool = item(
        engine,
        &json!({ "pk": { "S": format!("MSP#{MSP}") }, "sk": { "S": "LICENCES" } }),
    );
    if pool.is_null() {
        return true;
    }
    let reserved = pool["reservations"]["M"]
        .as_object()
        .unwrap()
        .values()
        .map(number)
        .collect::<Vec<_>>();
    let (total, used, free) = (
        number(&pool["total"]),
        number(&pool["used"]),
        number(&pool["available"]),
    );
    // Billed by use, more may be used than was bought (R47).
    let may_owe = pool["mode"]["S"] == "consumption";
    let none_below_zero = reserved.iter().chain([&used]).all(|number| *number >= 0) && (free >= 0 || may_owe);
    none_below_zero && used + free + reserved.iter().sum::<i64>() == total
}

/// A number attribute.
pub fn number(value: &Value) -> i64 {
    value["N"].as_str().unwrap().parse().unwrap()
}

fn item(engine: &Engine, key: &Value) -> Value {
    item_of(engine, &json!(RECORDS), key)
}

fn item_of(engine: &Engine, table: &Value, key: &Value) -> Value {
    let get = json!({ "TableName": table, "Key": key, "ConsistentRead": true });
    let (_, answer) = engine.answer("GetItem", &get.to_string());
    serde_json::from_str::<Value>(&answer).unwrap()["Item"].take()
}
