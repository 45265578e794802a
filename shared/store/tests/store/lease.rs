//! The lease of the one worker on an import, and transactions that only its holder can apply.

use std::time::Duration;

use domain::import::Import;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::fenced::{FencedOutcome, FencedTransaction};
use store::lease::{Lease, LeaseOutcome, WORKER_LEASE};
use store::lock::REVIEW_LEASE;
use store::tx::Action;
use store::{Key, Table, Tenant};

use crate::wire::{Wire, import, now};

/// A database that has this item when the lease is asked for, and gives it only if it is free.
fn database(is_free: bool, item: Value) -> Wire {
    Wire::new(move |operation, _| match operation {
        "UpdateItem" if is_free => (200, json!({ "Attributes": item })),
        "UpdateItem" => {
            let refusal = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
            (400, json!({ "__type": refusal, "message": "refused", "Item": item }))
        }
        _ => (200, json!({})),
    })
}

async fn ask(wire: &Wire, import: &Import) -> LeaseOutcome {
    wire.tenant().acquire_lease(import, now()).await.unwrap()
}

async fn acquire(wire: &Wire) -> Lease {
    match ask(wire, &import()).await {
        LeaseOutcome::Acquired(lease) => lease,
        other => panic!("{other:?}"),
    }
}

/// The moment behind a lease that begins now.
fn end(lease: Duration) -> Value {
    behind(now(), lease)
}

fn behind(moment: Timestamp, lease: Duration) -> Value {
    json!({ "N": (moment.as_second() + i64::try_from(lease.as_secs()).unwrap()).to_string() })
}

/// The fence of the only transaction that was sent.
fn fence(wire: &Wire) -> Value {
    let sent = wire.calls("TransactWriteItems");
    assert_eq!(sent.len(), 1);
    sent[0]["TransactItems"][0]["Update"].clone()
}

fn assert_proves_token(fence: &Value, token: &str) {
    assert_eq!(fence["ConditionExpression"], "epoch = :token");
    assert_eq!(fence["ExpressionAttributeValues"][":token"], json!({ "N": token }));
}

#[tokio::test]
async fn r45_a_worker_gets_the_lease_on_its_import() {
    let item = json!({ "epoch": { "N": "7" }, "until": { "N": "0" }, "unfinished": { "S": "before" } });
    let wire = database(true, item);
    let lease = acquire(&wire).await;
    let asked = &wire.calls("UpdateItem")[0];
    assert_eq!(asked["TableName"], "Records");
    assert_eq!(asked["ExpressionAttributeValues"][":import"], json!({ "S": "x" }));
    assert_eq!(asked["ExpressionAttributeValues"][":worker"], end(WORKER_LEASE));
    assert_eq!(asked["ExpressionAttributeValues"][":until"], end(REVIEW_LEASE));
    assert_eq!(lease.version(&import()), "x.7");
    assert_eq!(lease.unfinished().unwrap().as_str(), "before");
}

#[tokio::test]
async fn r45_an_abandoned_import_has_a_lease_of_its_own() {
    let wire = database(true, json!({ "epoch": { "N": "1" }, "until": { "N": "0" } }));
    let mut import = import();
    import.abandoned = true;
    let LeaseOutcome::Acquired(lease) = ask(&wire, &import).await else {
        panic!("the lease is free")
    };
    let asked = &wire.calls("UpdateItem")[0];
    assert_eq!(asked["TableName"], "Imports");
    assert_eq!(asked["Key"]["sk"], json!({ "S": "WORKER" }));
    assert!(lease.unfinished().is_none());
    // So do its writes: those of the import that has the lock are not held up.
    let tenant = wire.tenant();
    let committed = lease.transaction(&tenant, now()).unwrap().commit(&tenant).await;
    assert!(committed.unwrap().committed());
    assert_eq!(fence(&wire)["TableName"], "Imports");
}

#[tokio::test]
async fn r45_a_second_worker_is_told_until_when_the_first_has_it() {
    let until = now() + WORKER_LEASE;
    let held = |import: &str, worker: Option<Timestamp>| {
        let mut item = json!({ "epoch": { "N": "7" }, "until": { "N": "0" }, "import": { "S": import } });
        if let Some(until) = worker {
            item["workerUntil"] = json!({ "N": until.as_second().to_string() });
        }
        item
    };
    let busy = ask(&database(false, held("x", Some(until))), &import()).await;
    assert!(
        matches!(busy, LeaseOutcome::Busy(moment) if moment == until),
        "{busy:?}"
    );
    for lost in [held("another", Some(until)), held("another", None), held("x", None)] {
        let outcome = ask(&database(false, lost), &import()).await;
        assert!(matches!(outcome, LeaseOutcome::LockLost), "{outcome:?}");
    }
    let nothing = ask(&database(false, Value::Null), &import()).await;
    assert!(matches!(nothing, LeaseOutcome::LockLost), "{nothing:?}");
}

#[tokio::test]
async fn r45_every_write_proves_the_token_and_renews_the_lease() {
    let wire = database(true, json!({ "epoch": { "N": "7" }, "until": { "N": "0" } }));
    let (tenant, lease) = (wire.tenant(), acquire(&wire).await);
    let outcome = lease.transaction(&tenant, now()).unwrap().commit(&tenant).await;
    assert!(outcome.unwrap().committed());
    let fence = fence(&wire);
    assert_proves_token(&fence, "7");
    assert_eq!(fence["ExpressionAttributeValues"][":worker"], end(WORKER_LEASE));
    assert_eq!(fence["ExpressionAttributeValues"][":until"], end(REVIEW_LEASE));
}

#[tokio::test]
async fn r45_a_worker_that_leaves_lets_the_next_one_begin() {
    let wire = database(true, json!({ "epoch": { "N": "7" }, "until": { "N": "0" } }));
    let (tenant, lease) = (wire.tenant(), acquire(&wire).await);
    lease.leave_if_possible(&tenant).await;
    let fence = fence(&wire);
    assert_proves_token(&fence, "7");
    assert_eq!(fence["UpdateExpression"], "REMOVE workerUntil");
}

#[tokio::test]
async fn r43_a_worker_that_waits_keeps_the_integration_until_then() {
    let wire = database(true, json!({ "epoch": { "N": "7" }, "until": { "N": "0" } }));
    let (tenant, lease) = (wire.tenant(), acquire(&wire).await);
    let until = now() + Duration::from_hours(2);
    let outcome = lease.waiting(&tenant, until).unwrap().commit(&tenant).await;
    assert!(outcome.unwrap().committed());
    let fence = fence(&wire);
    assert_proves_token(&fence, "7");
    assert_eq!(
        fence["ExpressionAttributeValues"][":until"],
        behind(until, REVIEW_LEASE)
    );
}

/// Answers a transaction of two actions, of which the one at this place is refused.
fn refusing(place: usize) -> Wire {
    Wire::new(move |operation, _| {
        if operation == "UpdateItem" {
            return (
                200,
                json!({ "Attributes": { "epoch": { "N": "7" }, "until": { "N": "0" } } }),
            );
        }
        let mut reasons = vec![json!({ "Code": "None" }); 2];
        reasons[place] = json!({ "Code": "ConditionalCheckFailed", "Item": { "epoch": { "N": "8" } } });
        let refusal = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
        (
            400,
            json!({ "__type": refusal, "Message": "refused", "CancellationReasons": reasons }),
        )
    })
}

/// A transaction that proves the lease and writes one item.
fn write(tenant: &Tenant, lease: &Lease, item: &str) -> FencedTransaction {
    let key = Key::in_records(&tenant.msp, "#TEST", item);
    let mut tx = lease.transaction(tenant, now()).unwrap();
    tx.push(Action::put(tenant, Table::Records, key.to_item()).unwrap())
        .unwrap();
    tx
}

#[tokio::test]
async fn r45_a_write_after_the_lease_was_lost_is_refused() {
    let wire = refusing(0);
    let (tenant, lease) = (wire.tenant(), acquire(&wire).await);
    let outcome = write(&tenant, &lease, "a").commit(&tenant).await.unwrap();
    assert!(!outcome.committed());
    let FencedOutcome::FenceLost(Some(item)) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(item["epoch"].as_n().unwrap(), "8");
}

#[tokio::test]
async fn r45_a_condition_that_fails_does_not_lose_the_lease() {
    let wire = refusing(1);
    let (tenant, lease) = (wire.tenant(), acquire(&wire).await);
    let outcome = write(&tenant, &lease, "a").commit(&tenant).await.unwrap();
    assert!(matches!(outcome, FencedOutcome::Refused(_)), "{outcome:?}");
}

#[tokio::test]
async fn r45_writes_under_one_lease_can_share_a_transaction() {
    let wire = Wire::willing();
    let (tenant, lease) = (wire.tenant(), acquire(&wire).await);
    let mut tx = write(&tenant, &lease, "a");
    assert!(tx.append(&write(&tenant, &lease, "b")));
    assert!(!tx.append(&write(&tenant, &lease, "b")), "one item twice");
    assert_eq!(tx.len(), 3, "the proof of the lease takes room as well");
    assert!(tx.commit(&tenant).await.unwrap().committed());
    let sent = wire.calls("TransactWriteItems");
    assert_eq!(
        sent[0]["TransactItems"].as_array().unwrap().len(),
        3,
        "one fence, two items"
    );
}
