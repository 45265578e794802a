//! Every fault of every call has its one outcome, and nothing is asked twice that may have been done (R82, R87). The table is
//! `matrix.tsv`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use directory::lastpass::Accepted;
use futures::{StreamExt, stream};

use crate::account::Account;
use crate::faults::{Trouble, for_call, of_any_call, of_lists, policy};
use crate::outcome::{CALLS, Call, named};

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
    assert!(account.forbidden().is_empty());
    outcome
}

async fn measured() -> Vec<[String; 3]> {
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
    let measured = measured().await;
    let lines: Vec<String> = measured.iter().map(|cells| cells.join("\t")).collect();
    if std::env::var_os("WRITE_MATRIX").is_some() {
        let heading = "# What LastPass does, and what comes of it for each call: the outcome, how often it was sent, and how often it was done.";
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/directory/matrix.tsv");
        std::fs::write(file, format!("{heading}\n{}\n", lines.join("\n"))).unwrap();
        return;
    }
    let expected: Vec<&str> = TABLE.lines().filter(|line| !line.starts_with('#')).collect();
    let wrong: Vec<_> = lines.iter().filter(|line| !expected.contains(&line.as_str())).collect();
    print_table(&measured);
    println!("matrix of LastPass: {} rows, {} wrong", lines.len(), wrong.len());
    assert!(wrong.is_empty() && lines.len() == expected.len(), "{wrong:#?}");
}

/// A row for each fault and a column for each call, as the documents show them.
fn print_table(measured: &[[String; 3]]) {
    let mut faults: Vec<&str> = Vec::new();
    let mut cells: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for [call, fault, outcome] in measured {
        if !faults.contains(&fault.as_str()) {
            faults.push(fault);
        }
        cells.insert((fault, call), outcome);
    }
    println!("| fault | {} |", CALLS.map(|call| call.name()).join(" | "));
    println!("|---{}|", "|---".repeat(CALLS.len()));
    for fault in faults {
        let outcomes = CALLS.map(|call| *cells.get(&(fault, call.name())).unwrap_or(&"–"));
        println!("| {fault} | {} |", outcomes.join(" | "));
    }
}
