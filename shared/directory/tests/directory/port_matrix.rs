//! The outcome of each write and read of the port under each fault of LastPass: at once, and once LastPass is
//! well again. Nothing is made twice (R82, R87). The table is `port.tsv`.

use directory::{Directory as _, DirectoryError, Look, NewAddress, NewCompany, NewUser};
use domain::ids::IdempotencyKey;
use futures::{StreamExt, stream};

use crate::account::{company, jan};
use crate::faults::{Trouble, for_call, of_any_call, policy};
use crate::outcome::Call;
use crate::port::{Database, Port, request};
use crate::table::{Row, compare};

const TABLE: &str = include_str!("port.tsv");

/// Rows that are tried at once.
const CONCURRENCY: usize = 4;

/// How often something is tried again once LastPass is well.
const MAX_TRIES: usize = 200;

/// What the port is asked, and the call of LastPass that the faults are for.
const CALLS: [(&str, Call); 6] = [
    ("read companies", Call::Companies),
    ("read users", Call::Users),
    ("look again", Call::Users),
    ("create company", Call::CreateCompany),
    ("create user", Call::CreateUser),
    ("change address", Call::ChangeAddress),
];

/// The outcome of a call: a word, and whether the call has to be repeated.
type Step = (&'static str, bool);

fn of_error(error: &DirectoryError) -> Step {
    match error {
        DirectoryError::Unavailable(_) => ("unavailable", true),
        DirectoryError::Busy(..) => ("busy", true),
        DirectoryError::Refused(_) => ("refused", true),
        DirectoryError::Unauthorized(_) => ("unauthorized", true),
        DirectoryError::Forbidden(_) => ("forbidden", true),
    }
}

async fn step(port: &Port, what: &str, trouble: &Trouble) -> Step {
    let run = port.run_with(policy(trouble));
    let address = "nieuw@jansen.example".parse().unwrap();
    match what {
        "read companies" | "read users" => match port.read_with(policy(trouble)).await {
            Ok(()) => ("read", false),
            Err(error) => of_error(&error),
        },
        "look again" => match run.look_again(&company()).await {
            Ok(Look::AsKnown) => ("as known", false),
            Ok(Look::Differs) => ("differs", false),
            Ok(Look::Gone) => ("gone", false),
            Err(error) => of_error(&error),
        },
        "create company" => match run.create_company(&IdempotencyKey::by_hand("1"), "Nieuw").await {
            Ok(NewCompany::Created(_)) => ("created", false),
            Ok(NewCompany::Unknown) => ("outcome unknown", false),
            Ok(NewCompany::Waits(until)) => {
                port.wait_until(until);
                ("waits", true)
            }
            Err(error) => of_error(&error),
        },
        "create user" => match run
            .create_users(&company(), &[request("1", "nieuw@jansen.example")])
            .await
            .remove(0)
        {
            Ok(NewUser::Created(_)) => ("created", false),
            Ok(NewUser::AddressTaken(_)) => ("taken", true),
            Ok(NewUser::AddressTakenElsewhere(_)) => ("taken elsewhere", true),
            Ok(NewUser::Waits(until)) => {
                port.wait_until(until);
                ("waits", true)
            }
            Err(error) => of_error(&error),
        },
        _ => match run.change_address(&company(), &jan(), None, &address).await {
            Ok(NewAddress::WaitsForUser) => ("waits for the user", false),
            Ok(NewAddress::NotPossible(_)) => ("not possible", false),
            Ok(NewAddress::NoSuchUser) => ("no such user", false),
            Ok(_) => ("another outcome", false),
            Err(error) => of_error(&error),
        },
    }
}

async fn outcome(database: &Database, (what, call): (&str, Call), trouble: &Trouble) -> String {
    let port = Port::start(database, &format!("{what} {}", trouble.name)).await;
    port.account.switch("patchFields", "pending");
    port.read().await.unwrap();
    // So that the company is none that was made just now, which may not take users yet.
    port.account.clock.advance(3_600);
    for fault in for_call(call, trouble) {
        port.account.fault(fault);
    }
    let (first, mut is_open) = step(&port, what, trouble).await;
    port.account.heal();
    let mut last = first;
    for _ in 0..MAX_TRIES {
        if !is_open {
            break;
        }
        (last, is_open) = step(&port, what, trouble).await;
    }
    let mut outcome = first.to_owned();
    if last != first {
        outcome = format!("{first}, then {last}");
    }
    if call.writes() {
        let done = call.effects(&port.account).await;
        assert!(done <= 1, "{what} with {}: {outcome}, done {done}", trouble.name);
        outcome = format!("{outcome}; done {done}");
    }
    // The company that was there is known in any case, and one that was created is known besides.
    let known = port.run().companies().await.unwrap().len();
    let is_made = call == Call::CreateCompany && last == "created";
    assert!(
        known == 1 + usize::from(is_made) && !is_open,
        "{what} with {}: {outcome}",
        trouble.name
    );
    outcome
}

async fn measured() -> Vec<Row> {
    let database = Database::start().await;
    let database = &database;
    let cases = CALLS
        .into_iter()
        .flat_map(|call| of_any_call().into_iter().map(move |trouble| (call, trouble)));
    let cases: Vec<_> = cases.collect();
    let rows = cases.iter().map(|(call, trouble)| async move {
        [
            call.0.to_owned(),
            trouble.name.to_owned(),
            outcome(database, *call, trouble).await,
        ]
    });
    let rows: Vec<_> = rows.collect();
    stream::iter(rows).buffered(CONCURRENCY).collect().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r82_every_fault_of_every_call_of_the_port_has_its_outcome() {
    const HEADING: &str = "What LastPass does, and what comes of it at the port: at once, and once LastPass is well again; and how often it was done.";
    compare(
        "matrix of LastPass at the port",
        ("port.tsv", HEADING, TABLE),
        &measured().await,
    );
}
