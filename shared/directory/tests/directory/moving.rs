//! Lists that change while they are walked (R10, R15).

use std::time::Duration;

use serde_json::{Value, json};

use crate::account::{company, impatient};
use crate::port::{Database, Port, ids};

/// How late the second page is: time enough to change what it shows. Should it not be, the list is walked unchanged.
const LATE: u64 = 1_500;

/// An MSP whose company has more users than two pages, all of them known.
async fn with_many(database: &Database, msp: &str) -> Port {
    let port = Port::start(database, msp).await;
    let users: Vec<Value> = (0..1_100)
        .map(|n| json!({"id": 60_000 + n, "companyId": 1101, "name": format!("U {n}"), "email": format!("u{n}@x.example")}))
        .collect();
    port.account.change(json!({ "users": users }));
    port.read_with(many()).await.unwrap();
    port
}

fn many() -> http_client::HttpPolicy {
    http_client::HttpPolicy {
        largest_reply: 1_000_000,
        ..impatient()
    }
}

/// Reads again, and lets something happen while the second page of the users is on its way.
async fn read_while(port: &Port, happens: impl Fn()) {
    let before = port.account.count("GET", "/users");
    port.account
        .fault(json!({"match": {"path": "/users$"}, "skip": 1, "times": 1, "answer": {"delayMs": LATE}}));
    let changed = async {
        while port.account.count("GET", "/users") < before + 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        happens();
    };
    let (read, ()) = tokio::join!(port.read_with(many()), changed);
    read.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r15_who_slips_between_two_pages_is_not_gone() {
    let database = Database::start().await;
    let port = with_many(&database, "slips").await;
    port.account.switch("pageTokenUnderChange", "offsetBased");
    let first: Value = json!({"delete": {"users": [60_000, 60_001, 60_002]}});
    let delete = || port.account.change(first.clone());
    read_while(&port, delete).await;
    let listed = ids(&port.run(), &company()).await;
    // With the three on the first page, which was read before they were deleted.
    assert_eq!(listed.len(), 1_102);
    assert!(
        ["60498", "60499", "60500", "60501", "60502"]
            .iter()
            .all(|id| listed.iter().any(|one| one == id))
    );
    port.account.heal();
    port.read_with(many()).await.unwrap();
    assert_eq!(ids(&port.run(), &company()).await.len(), 1_102 - 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r10_a_list_whose_page_tokens_expire_is_walked_anew() {
    let database = Database::start().await;
    let port = with_many(&database, "expires").await;
    port.account.switch("pageTokenUnderChange", "expires");
    let before = port.account.count("GET", "/users");
    read_while(&port, || port.account.clock.advance(61)).await;
    assert_eq!(ids(&port.run(), &company()).await.len(), 1_102);
    assert!(port.account.count("GET", "/users") >= before + 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r10_who_comes_between_two_pages_is_listed_once() {
    let database = Database::start().await;
    let port = with_many(&database, "comes").await;
    port.account.switch("pageTokenUnderChange", "offsetBased");
    // Behind the ids of the first page, so that a row of it is shown once more.
    let add = || {
        let users = [json!({"id": 101, "companyId": 1101, "name": "Eerst", "email": "eerst@x.example"})];
        port.account.change(json!({ "users": users }));
    };
    read_while(&port, add).await;
    let mut listed = ids(&port.run(), &company()).await;
    let all = listed.len();
    listed.dedup();
    assert_eq!(listed.len(), all);
    assert!((1_102..=1_103).contains(&all), "{all}");
}
