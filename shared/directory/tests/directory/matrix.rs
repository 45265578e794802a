//! Every fault of every call has its one outcome, and nothing is asked twice that may have been done (R82, R87). The table is
//! `matrix.tsv`.

use std::fmt::Write as _;

use directory::lastpass::Accepted;
use futures::{StreamExt, stream};

use crate::account::Account;
use crate::faults::{Trouble, for_call, of_any_call, of_lists, policy};
use crate::outcome::{CALLS, Call, named};
use crate::table::{Row, compare};

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
    stream::iter(rows).buffered(CONCURRENCY).collect().await
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
