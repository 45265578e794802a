use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

const CAPACITY: Capacity = Capacity {
    partition: Rate {
        write: 10.0,
        read: 30.0,
    },
    table: Rate {
        write: 25.0,
        read: 1_000.0,
    },
    burst: Duration::from_secs(1),
};

/// A limiter on a clock that the test moves, in milliseconds.
struct Limited {
    limiter: Limiter,
    millis: Arc<AtomicI64>,
}

impl Limited {
    fn to(capacity: Capacity) -> Self {
        let millis = Arc::<AtomicI64>::default();
        let now = Arc::clone(&millis);
        let clock = move || Timestamp::from_millisecond(now.load(Ordering::SeqCst)).unwrap();
        let limiter = Limiter::new(capacity, Arc::new(clock));
        Self { limiter, millis }
    }

    fn wait(&self, millis: i64) {
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }

    /// Makes a request that costs so many units; what is answered, or the refusal.
    fn call(&self, operation: &str, request: &Value, units: f64) -> Result<Value, Value> {
        let consumed = json!({ "ConsumedCapacity": { "TableName": "t", "CapacityUnits": units } });
        let body = request.to_string();
        let admitted = self.limiter.admit(operation, body.as_bytes());
        let admitted = admitted.map_err(|Refused(refusal)| serde_json::from_str::<Value>(&refusal).unwrap())?;
        let answer = consumed.to_string().into_bytes();
        let answer = self.limiter.charge(operation, admitted.unwrap(), answer);
        Ok(serde_json::from_slice(&answer).unwrap())
    }

    fn put(&self, partition: &str, units: f64) -> Result<Value, Value> {
        self.call("PutItem", &put(partition), units)
    }
}

fn key(partition: &str) -> Value {
    json!({ "pk": { "S": partition }, "sk": { "S": "x" } })
}

fn put(partition: &str) -> Value {
    json!({ "TableName": "t", "Item": key(partition) })
}

fn kind(refusal: &Value) -> &str {
    refusal["__type"].as_str().unwrap().rsplit('#').next().unwrap()
}

#[test]
fn a_partition_takes_its_rate_and_another_is_not_held_up_by_it() {
    let limited = Limited::to(CAPACITY);
    limited.put("a", 15.0).unwrap();
    // What was too much is made up for first.
    let refusals = [limited.put("a", 1.0).unwrap_err(), limited.put("a", 1.0).unwrap_err()];
    let mut kinds = [kind(&refusals[0]), kind(&refusals[1])];
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        ["ProvisionedThroughputExceededException", "ThrottlingException"],
        "AWS' documents name both"
    );
    limited.put("b", 1.0).unwrap();
    limited.wait(490);
    limited.put("a", 1.0).unwrap_err();
    limited.wait(20);
    limited.put("a", 1.0).unwrap();
    assert_eq!(limited.limiter.refused(), 3);
}

#[test]
fn a_table_takes_no_more_than_its_quota_however_many_partitions_it_has() {
    let limited = Limited::to(CAPACITY);
    let taken = (0..100).take_while(|number| limited.put(&number.to_string(), 1.0).is_ok());
    assert_eq!(taken.count(), 25);
    limited.wait(1_000);
    limited.put("a", 1.0).unwrap();
}

#[test]
fn what_is_not_used_in_the_time_of_a_burst_can_be_used_later() {
    let limited = Limited::to(Capacity {
        burst: Duration::from_mins(5),
        table: Rate {
            write: 1_000.0,
            ..CAPACITY.table
        },
        ..CAPACITY
    });
    let taken = || (0..10_000).take_while(|_| limited.put("a", 1.0).is_ok()).count();
    assert_eq!(taken(), 3_000);
    limited.wait(2_000);
    assert_eq!(taken(), 20);
    limited.wait(1_000_000_000);
    assert_eq!(taken(), 3_000, "no more than that is kept");
}

#[test]
fn reads_and_writes_have_limits_of_their_own_and_a_query_is_of_its_partition() {
    let limited = Limited::to(CAPACITY);
    let query = json!({ "TableName": "t", "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
        "ExpressionAttributeValues": { ":pk": { "S": "a" }, ":prefix": { "S": "x" } } });
    limited.call("Query", &query, 31.0).unwrap();
    limited.call("Query", &query, 1.0).unwrap_err();
    let get = json!({ "TableName": "t", "Key": key("a") });
    limited.call("GetItem", &get, 1.0).unwrap_err();
    limited.put("a", 1.0).unwrap();
    assert!(limited.limiter.admit("DescribeTable", b"{}").unwrap().is_none());
}

#[test]
fn a_transaction_says_which_of_its_actions_have_no_room() {
    let limited = Limited::to(CAPACITY);
    limited.put("b", 11.0).unwrap();
    let request = json!({ "TransactItems": [{ "Put": put("a") }, { "Put": put("b") }] });
    let refusals = [1, 2].map(|_| limited.call("TransactWriteItems", &request, 4.0).unwrap_err());
    let mut codes: Vec<&str> = Vec::new();
    for refusal in &refusals {
        assert_eq!(kind(refusal), "TransactionCanceledException");
        assert_eq!(refusal["CancellationReasons"][0]["Code"], "None");
        codes.push(refusal["CancellationReasons"][1]["Code"].as_str().unwrap());
    }
    codes.sort_unstable();
    assert_eq!(codes, ["ProvisionedThroughputExceeded", "ThrottlingError"]);
    limited.wait(1_000);
    limited.call("TransactWriteItems", &request, 4.0).unwrap();
    // Each of the two has taken a half.
    for partition in ["a", "b"] {
        let taken = (0..100).take_while(|_| limited.put(partition, 1.0).is_ok()).count();
        assert!((7..=8).contains(&taken), "{partition}: {taken}");
    }
}

#[test]
fn a_batch_is_answered_in_part_and_refused_only_as_a_whole() {
    let limited = Limited::to(CAPACITY);
    let get = |partition: &str| json!({ "TableName": "t", "Key": key(partition) });
    limited.call("GetItem", &get("b"), 31.0).unwrap();
    let keys = |of: &[&str]| -> Vec<Value> { of.iter().map(|of| key(of)).collect() };
    let request = json!({ "RequestItems": { "t": { "Keys": keys(&["a", "b", "c"]), "ConsistentRead": true } } });
    let body = request.to_string();
    let admitted = limited.limiter.admit("BatchGetItem", body.as_bytes()).unwrap().unwrap();
    let sent: Value = serde_json::from_slice(admitted.body.as_ref().unwrap()).unwrap();
    assert_eq!(sent["RequestItems"]["t"]["Keys"], json!(keys(&["a", "c"])));
    let answer = limited
        .limiter
        .charge("BatchGetItem", admitted, br#"{"Responses":{}}"#.to_vec());
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let left_over = json!({ "t": { "Keys": keys(&["b"]), "ConsistentRead": true } });
    assert_eq!(answer["UnprocessedKeys"], left_over);
    let none = json!({ "RequestItems": left_over });
    let refused = limited.call("BatchGetItem", &none, 1.0).unwrap_err();
    assert!(kind(&refused).ends_with("Exception"), "{refused}");
}

#[test]
fn a_batch_of_writes_hands_back_those_that_have_no_room() {
    let limited = Limited::to(CAPACITY);
    limited.put("b", 11.0).unwrap();
    let write = |partition: &str| json!({ "PutRequest": { "Item": key(partition) } });
    let request = json!({ "RequestItems": { "t": [write("a"), write("b")] } });
    let answer = limited.call("BatchWriteItem", &request, 1.0).unwrap();
    assert_eq!(answer["UnprocessedItems"], json!({ "t": [write("b")] }));
}
