//! No run begins a change that it cannot end, and no run sends a user whom another one has sent (R82).

use std::time::Duration;

use directory::{Directory as _, DirectoryError, NewAddress, NewCompany, NewUser};
use domain::ids::IdempotencyKey;
use serde_json::json;
use store::{Key, Table};

use crate::account::{company, impatient, jan};
use crate::port::{Database, Port, request};

/// What is noted in the database of what was sent, by the name of the record.
async fn noted(port: &Port, name: &str) -> Vec<store::Item> {
    let pk = Key::in_records(&port.tenant.msp, "#LASTPASS", "").pk;
    port.tenant.query(Table::Records, &pk, name).await.unwrap()
}

#[tokio::test]
async fn r82_a_change_is_not_begun_at_the_end_of_a_run() {
    let database = Database::start().await;
    let port = Port::start(&database, "end-of-run").await;
    port.account.switch("patchFields", "atOnce");
    port.read().await.unwrap();
    let (from, address) = (
        "jan@jansen.example".parse().unwrap(),
        "j@jansen.example".parse().unwrap(),
    );
    let (key, users) = (IdempotencyKey::by_hand("1"), [request("2", "nieuw@x.example")]);
    let late = port.run_for(impatient(), Duration::from_secs(5));
    let made = late.create_company(&key, "Nieuw").await;
    assert!(matches!(made, Err(DirectoryError::Busy(..))), "{made:?}");
    let made = late.create_users(&company(), &users).await;
    assert!(matches!(made[..], [Err(DirectoryError::Busy(..))]), "{made:?}");
    let changed = late.change_address(&company(), &jan(), Some(&from), &address).await;
    assert!(matches!(changed, Err(DirectoryError::Busy(..))), "{changed:?}");
    let sent = port
        .account
        .requests()
        .into_iter()
        .filter(|request| request.method != "GET");
    assert_eq!(sent.count(), 0);
    for name in ["CREATION#", "CREATING#", "ASKING#"] {
        assert!(noted(&port, name).await.is_empty(), "{name}");
    }

    // So that the next run makes all of it, and waits for nothing.
    let next = port.run();
    let made = next.create_company(&key, "Nieuw").await.unwrap();
    assert!(matches!(made, NewCompany::Waits(_)), "{made:?}");
    let made = next.create_users(&company(), &users).await;
    assert!(matches!(made[..], [Ok(NewUser::Created(_))]), "{made:?}");
    let changed = next.change_address(&company(), &jan(), Some(&from), &address).await;
    assert_eq!(changed.unwrap(), NewAddress::Changed);
}

/// Two integrations of an MSP may import into one managed company.
#[tokio::test]
async fn r82_two_runs_send_one_new_person_once() {
    let database = Database::start().await;
    let port = Port::start(&database, "two-runs").await;
    port.read().await.unwrap();
    let (one, two) = (port.run(), port.run());
    for run in [&one, &two] {
        run.look_again(&company()).await.unwrap();
    }
    let users = ["1", "2"].map(|key| [request(key, "nieuw@x.example")]);
    let company = company();
    let (first, second) = tokio::join!(
        one.create_users(&company, &users[0]),
        two.create_users(&company, &users[1])
    );
    let made = [first, second].concat();
    assert!(made.iter().all(Result::is_ok), "{made:?}");
    assert!(
        made.iter().any(|made| matches!(made, Ok(NewUser::Created(_)))),
        "{made:?}"
    );
    assert_eq!(port.account.count("POST", "/users"), 1);
}

#[tokio::test]
async fn r82_whom_another_run_has_sent_is_looked_for_before() {
    let database = Database::start().await;
    let port = Port::start(&database, "seen-before").await;
    port.read().await.unwrap();
    let (one, two) = (port.run(), port.run());
    two.look_again(&company()).await.unwrap();
    let first = one.create_users(&company(), &[request("1", "nieuw@x.example")]).await;
    let second = two.create_users(&company(), &[request("2", "nieuw@x.example")]).await;
    assert!(
        matches!((&first[0], &second[0]), (Ok(NewUser::Created(one)), Ok(NewUser::Created(two))) if one == two),
        "{first:?} {second:?}"
    );
    assert_eq!(port.account.count("POST", "/users"), 1);
}

#[tokio::test]
async fn r82_a_doubt_of_one_run_is_kept_by_another() {
    let database = Database::start().await;
    let port = Port::start(&database, "kept-doubt").await;
    port.read().await.unwrap();
    let (one, two, company) = (port.run(), port.run(), company());
    // The one that comes first is not answered; the other one ends its batch later.
    port.account
        .fault(json!({"match": {"method": "POST"}, "times": 1, "answer": {"reset": true}}));
    port.account
        .fault(json!({"match": {"method": "POST"}, "skip": 1, "times": 1, "answer": {"delayMs": 1_000}}));
    let users = [request("1", "een@x.example"), request("2", "twee@x.example")];
    let (first, second) = tokio::join!(
        one.create_users(&company, &users[..1]),
        two.create_users(&company, &users[1..])
    );
    let outcomes = [first, second].concat();
    let again = port.run().create_users(&company, &users).await;
    for made in [&outcomes, &again] {
        let waits = made.iter().filter(|made| matches!(made, Ok(NewUser::Waits(_)))).count();
        assert_eq!(waits, 1, "{made:?}");
    }
    assert_eq!(port.account.count("POST", "/users"), 2);
}
