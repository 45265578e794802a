//! Every fault of every call has its one outcome, and nothing is asked twice that may have been done (R82, R87). The table is
//! `matrix.tsv`.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use directory::lastpass::{Accepted, LastPass};
use futures::{StreamExt, stream};
use http_client::HttpPolicy;

use crate::account::{Account, impatient};
use crate::faults::{Trouble, for_call, of_any_call, of_lists, policy};
use crate::outcome::{CALLS, Call, named};
use crate::table::{Row, compare};
use crate::tls::{self, Authority, Place};

const TABLE: &str = include_str!("matrix.tsv");

/// Rows that are tried at once.
const CONCURRENCY: usize = 6;

/// What comes of a call that meets a fault, how often it was sent, and, if it writes, how often it was done.
async fn outcome(call: Call, trouble: &Trouble) -> String {
    let account = Account::start().await;
    account.switch("patchFields", "pending");
    let accepted = match call {
        Call::Progress => account.client().create_company("Nieuw").await.unwrap(),
        _ => Accepted::default(),
    };
    for fault in for_call(call, trouble) {
        account.fault(fault);
    }
    let before = account.requests().len();
    let client = account.client_with(policy(trouble));
    let ended = call.make(&client, &accepted).await;
    let sent = account.requests().len() - before;
    let word = ended.as_ref().map_or_else(|failed| named(failed), |told| told.as_str());
    let mut outcome = format!("{word}; sent {sent}");
    if call.writes() {
        let done = call.effects(&account).await;
        write!(outcome, ", done {done}").unwrap();
        assert!(done <= 1, "{} with {}: {outcome}", call.name(), trouble.name);
        if let Err(failed) = &ended {
            assert!(
                failed.may_be_applied() || done == 0,
                "{} with {}: {outcome}",
                call.name(),
                trouble.name
            );
        }
    }
    outcome
}

async fn measured() -> Vec<Row> {
    let mut cases: Vec<(Call, Trouble)> = Vec::new();
    for call in CALLS {
        cases.extend(of_any_call().into_iter().map(|trouble| (call, trouble)));
    }
    for call in [Call::Companies, Call::Users] {
        cases.extend(of_lists().into_iter().map(|trouble| (call, trouble)));
    }
    let rows = cases.iter().map(|(call, trouble)| async move {
        [
            call.name().to_owned(),
            trouble.name.to_owned(),
            outcome(*call, trouble).await,
        ]
    });
    let rows: Vec<_> = rows.collect();
    let mut rows: Vec<Row> = stream::iter(rows).buffered(CONCURRENCY).collect().await;
    rows.extend(unconnected().await);
    rows
}

/// What comes of changes that meet no LastPass: they were sent to nobody, except over TLS that breaks afterwards.
async fn unconnected() -> Vec<Row> {
    let (account, authority) = (Account::start().await, Authority::new());
    let behind = account.origin.trim_start_matches("http://").parse().unwrap();
    let places = tls::places(&authority, behind).await;
    let (_full, full) = tls::full().await;
    let places: Vec<&Place> = places.iter().filter(|place| place.name != "TLS").collect();
    let mut origins: Vec<(&str, String)> = places.iter().map(|place| (place.name, place.origin.clone())).collect();
    origins.push(("no connection in time", format!("http://{full}")));
    let mut rows = Vec::new();
    for call in CALLS.into_iter().filter(|call| call.writes()) {
        for (name, origin) in &origins {
            let policy = HttpPolicy {
                extra_roots: vec![authority.root.clone()],
                connect_timeout: Duration::from_millis(500),
                ..impatient()
            };
            let access = account.access_at(origin, policy);
            let client = LastPass::new(&access, Instant::now() + Duration::from_mins(1)).unwrap();
            let failed = call.make(&client, &Accepted::default()).await.unwrap_err();
            let done = account.requests().len();
            let outcome = format!("{}; done {done}", named(&failed));
            rows.push([call.name().to_owned(), (*name).to_owned(), outcome]);
        }
    }
    let changes = CALLS.into_iter().filter(|call| call.writes()).count();
    for place in places {
        let tried = place.connections.load(Ordering::SeqCst);
        assert_eq!(tried, changes, "{}: each is tried once", place.name);
    }
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r87_every_fault_of_every_call_has_its_outcome() {
    const HEADING: &str = "What LastPass does, and what comes of it for each call: the outcome, how often it was sent, and how often it was done.";
    compare(
        "matrix of LastPass' calls",
        ("matrix.tsv", HEADING, TABLE),
        &measured().await,
    );
}
