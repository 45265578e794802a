//! How AWS answers what it has no room for.

use serde_json::{Value, json};

const MESSAGE: &str = "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so \
    please try again shortly. If exceptions persist, check if you have a hot key: \
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html";

/// The answer to a request of which these parts have room. `is_other` takes the other of two answers that AWS may give.
pub(super) fn refusal(operation: &str, has_room: &[bool], is_other: bool) -> String {
    if operation.starts_with("Transact") {
        return cancelled(has_room, is_other);
    }
    let (namespace, name) = if is_other {
        ("com.amazon.coral.availability", "ThrottlingException")
    } else {
        (
            "com.amazonaws.dynamodb.v20120810",
            "ProvisionedThroughputExceededException",
        )
    };
    json!({ "__type": format!("{namespace}#{name}"), "message": MESSAGE }).to_string()
}

fn cancelled(has_room: &[bool], is_other: bool) -> String {
    let code = if is_other {
        "ProvisionedThroughputExceeded"
    } else {
        "ThrottlingError"
    };
    let reasons = has_room.iter().map(|has_room| {
        if *has_room {
            json!({ "Code": "None" })
        } else {
            json!({ "Code": code, "Message": MESSAGE })
        }
    });
    let codes = has_room.iter().map(|has_room| if *has_room { "None" } else { code });
    let codes: Vec<&str> = codes.collect();
    let message = format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
        codes.join(", ")
    );
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    json!({ "__type": kind, "Message": message, "CancellationReasons": reasons.collect::<Vec<_>>() }).to_string()
}

/// The answer to a part of a batch, with what is left over of the whole.
pub(super) fn with_left_over(operation: &str, answer: &[u8], rest: Value) -> Vec<u8> {
    let Ok(mut answer) = serde_json::from_slice::<Value>(answer) else {
        return answer.to_owned();
    };
    let name = if operation == "BatchGetItem" {
        "UnprocessedKeys"
    } else {
        "UnprocessedItems"
    };
    // A refused part is answered as it is.
    if answer.get("__type").is_none() {
        answer[name] = rest;
    }
    answer.to_string().into_bytes()
}
