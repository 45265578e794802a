//! LastPass is read at the fetch, a piece at a time: what was read of a piece that fails is not read again (R87).

use std::time::{Duration, Instant};

use directory::{Directory as _, DirectoryError, Reading, ReadingLimits, Reservation};
use domain::directory::ReservationId;
use domain::ids::{ImportId, ManagedCompanyId};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{Key, Table};

use crate::account::{company, impatient};
use crate::port::{Database, Port, ids};

/// Companies besides the one that is there: more than two pieces.
const MANY: u32 = 20;

/// Lists of users that LastPass takes in a night.
const OF_A_NIGHT: u64 = 3;

/// Nights that a walk may take here.
const MAX_NIGHTS: usize = 40;

const DAY: i64 = 24 * 3_600;

/// An account with a user in each of many companies, 2001 and up.
async fn with_companies(database: &Database, msp: &str) -> Port {
    let port = Port::start(database, msp).await;
    let numbers = 2_001..=2_000 + MANY;
    let companies: Vec<Value> = numbers
        .clone()
        .map(|id| json!({"id": id, "name": format!("C{id}")}))
        .collect();
    let users: Vec<Value> = numbers
        .map(|id| json!({"companyId": id, "name": "U", "email": format!("u@{id}.example")}))
        .collect();
    port.account.change(json!({ "companies": companies, "users": users }));
    port
}

fn limits(until: Instant) -> ReadingLimits {
    ReadingLimits {
        max_age: SignedDuration::from_hours(24),
        until,
    }
}

async fn read_on(port: &Port, from: Option<&Reading>) -> Result<Option<Reading>, DirectoryError> {
    let in_time = limits(Instant::now() + Duration::from_mins(1));
    port.run().read_on(from, &in_time).await
}

#[tokio::test]
async fn r87_a_walk_ends_under_a_limit_of_few_requests_a_night() {
    let database = Database::start().await;
    let port = with_companies(&database, "nights").await;
    let night = |port: &Port| {
        port.account.heal();
        let later = json!({"status": 429, "headers": {"Retry-After": (10 * 3_600).to_string()}});
        port.account
            .fault(json!({"match": {"path": "/users$"}, "skip": OF_A_NIGHT, "answer": later}));
    };
    let mut reading = read_on(&port, None).await.unwrap();
    night(&port);
    let (mut nights, mut done) = (0, vec![0]);
    while let Some(from) = &reading {
        assert_eq!(from.total, 1 + u64::from(MANY));
        match read_on(&port, Some(from)).await {
            Ok(next) => {
                done.extend(next.as_ref().map(|next| next.done));
                reading = next;
            }
            Err(DirectoryError::Busy(_, until)) => {
                nights += 1;
                assert!(nights < MAX_NIGHTS, "{done:?}");
                port.wait_until(until);
                night(&port);
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(nights > 3, "{nights}");
    // Each call gets on, or fails and changes nothing.
    assert!(done.is_sorted_by(|one, next| one < next), "{done:?}");
    port.account.heal();
    for id in 2_001..=2_000 + MANY {
        let company = ManagedCompanyId::new(format!("lastpass-{id}"));
        assert_eq!(ids(&port.run(), &company).await.len(), 1, "{company}");
    }
    assert_eq!(port.run().licences().await.unwrap().used, 2 + u64::from(MANY));
}

#[tokio::test]
async fn r87_a_reading_goes_on_behind_the_last_company() {
    let database = Database::start().await;
    let port = with_companies(&database, "resumed").await;
    let begun = read_on(&port, None).await.unwrap().unwrap();
    assert_eq!((begun.done, begun.total, &begun.after), (0, 1 + u64::from(MANY), &None));
    port.account
        .fault(json!({"match": {"path": "2010/users$"}, "answer": {"status": 503}}));
    let halfway = read_on(&port, Some(&begun)).await.unwrap().unwrap();
    // 1101 and 2001 to 2009.
    let after = halfway.after.as_ref().map(|after| after.as_str().to_owned());
    assert_eq!((halfway.done, after.as_deref()), (10, Some("lastpass-2009")));
    let failed = read_on(&port, Some(&halfway)).await;
    assert!(matches!(failed, Err(DirectoryError::Unavailable(_))), "{failed:?}");

    port.account.heal();
    // As the checkpoint of a fetch has it.
    let kept: Reading = serde_json::from_str(&serde_json::to_string(&halfway).unwrap()).unwrap();
    assert_eq!(kept, halfway);
    let before = port.account.count("GET", "2020/users");
    assert_eq!(read_on(&port, Some(&kept)).await.unwrap(), None);
    assert_eq!(port.account.count("GET", "2020/users"), before + 1);
    for read_once in ["1101/users", "2001/users", "2009/users"] {
        assert_eq!(port.account.count("GET", read_once), 1, "{read_once}");
    }
    // The walk is whole: a day later nothing is older.
    assert_eq!(read_on(&port, None).await.unwrap(), None);
}

#[tokio::test]
async fn r87_no_request_is_begun_after_the_time_is_up() {
    let database = Database::start().await;
    let port = with_companies(&database, "late").await;
    let begun = read_on(&port, None).await.unwrap();
    let before = port.account.requests().len();
    let late = limits(Instant::now());
    assert_eq!(port.run().read_on(begun.as_ref(), &late).await.unwrap(), begun);
    assert_eq!(port.account.requests().len(), before);
    assert_eq!(read_on(&port, begun.as_ref()).await.unwrap(), None);
}

#[tokio::test]
async fn r81_a_key_that_is_rejected_midway_is_not_taken_for_progress() {
    let database = Database::start().await;
    let port = with_companies(&database, "rejected").await;
    let begun = read_on(&port, None).await.unwrap().unwrap();
    port.account
        .fault(json!({"match": {"path": "2010/users$"}, "answer": {"status": 401}}));
    let failed = read_on(&port, Some(&begun)).await;
    assert!(matches!(failed, Err(DirectoryError::Unauthorized(_))), "{failed:?}");
}

#[tokio::test]
async fn r89_created_users_count_until_all_are_read_again() {
    let database = Database::start().await;
    let port = Port::start(&database, "used").await;
    let used = async || port.run().licences().await.unwrap().used;
    port.read().await.unwrap();
    assert_eq!(used().await, 2, "Jan and Piet");
    let import = |name: &str| ReservationId::of(&ImportId::new(name), "c");
    let (run, three, none) = (port.run(), import("three"), import("none"));
    for reservation in [&three, &none] {
        assert_eq!(run.reserve(reservation, 5).await.unwrap(), Reservation::Made);
    }
    assert_eq!((used().await, run.reservations().await.unwrap().len()), (2, 2));
    for _ in 0..2 {
        run.release(&three, 3).await.unwrap();
        run.release(&none, 0).await.unwrap();
        // A confirmation that comes late, or again.
        run.reserve(&three, 5).await.unwrap();
    }
    assert_eq!((used().await, run.reservations().await.unwrap().len()), (5, 0));
    port.account.clock.advance(60);
    port.read().await.unwrap();
    assert_eq!(used().await, 2, "as many as are there");
}

/// When the items of the users of a company expire.
async fn expiries(port: &Port) -> Vec<i64> {
    let pk = Key::in_records(&port.tenant.msp, "#LASTPASSUSERS", "").pk;
    let prefix = format!("{}#", company());
    let items = port.tenant.query(Table::Records, &pk, &prefix).await.unwrap();
    let expiries = items.iter().map(|item| item["expires"].as_n().unwrap());
    expiries.map(|expires| expires.parse().unwrap()).collect()
}

fn expires_in(port: &Port, days: i64) -> i64 {
    port.now().as_second() + days * DAY
}

/// A plan that is computed while several items are renewed may see some of each list.
#[tokio::test]
async fn r71_renewing_users_in_several_items_is_a_change() {
    let database = Database::start().await;
    for (users, is_change) in [(0, false), (1_600, true)] {
        let port = Port::start(&database, &format!("renewed-{users}")).await;
        let more: Vec<Value> = (0..users)
            .map(|n| json!({"companyId": 1101, "name": "U", "email": format!("u{n}@x.example")}))
            .collect();
        port.account.change(json!({ "users": more }));
        let many = || http_client::HttpPolicy {
            largest_reply: 1_000_000,
            ..impatient()
        };
        let version = async || port.run().version(port.now()).await.unwrap();
        port.read_with(many()).await.unwrap();
        let (before, items) = (version().await, expiries(&port).await);
        assert_eq!(items.len() > 1, is_change, "{users}");

        port.account.clock.advance(10 * DAY);
        port.read_with(many()).await.unwrap();
        assert_eq!(version().await, before, "{users}: nothing is about to expire");
        assert_eq!(expiries(&port).await, items, "{users}");

        port.account.clock.advance(6 * DAY);
        port.read_with(many()).await.unwrap();
        assert_eq!(version().await != before, is_change, "{users}");
        assert!(version().await.is_some(), "{users}: the change has ended");
        let renewed = expiries(&port).await;
        assert_eq!(renewed.len(), items.len(), "{users}");
        assert!(
            renewed.iter().all(|expires| *expires > expires_in(&port, 29)),
            "{users}: {renewed:?}"
        );
        assert_eq!(ids(&port.run(), &company()).await.len(), 2 + users, "{users}");
    }
}
