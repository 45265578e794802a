//! Another address is requested once, of the user that is meant (R84, R86).

use directory::{Directory as _, NewAddress};
use domain::ids::UserId;

use crate::account::{company, jan, lost};
use crate::port::{Database, Port};

#[tokio::test]
async fn r84_an_address_change_that_was_asked_for_is_not_asked_twice() {
    let database = Database::start().await;
    let address = "jan.nieuw@jansen.example".parse().unwrap();
    for (patch, reply, lose, expected) in [
        ("pending", "user", false, NewAddress::WaitsForUser),
        ("pending", "accepted", true, NewAddress::WaitsForUser),
        ("atOnce", "noContent", false, NewAddress::Changed),
        ("atOnce", "user", true, NewAddress::Changed),
        ("ignored", "user", false, NewAddress::WaitsForUser),
        ("refused", "user", false, NewAddress::NotPossible(None)),
    ] {
        let port = Port::start(&database, &format!("{patch}-{reply}-{lose}")).await;
        port.account.switch("patchFields", patch);
        port.account.switch("patchReply", reply);
        if lose {
            port.account.fault(lost("PATCH", ""));
        }
        let from = "jan@jansen.example".parse().unwrap();
        let changed = port
            .run()
            .change_address(&company(), &jan(), Some(&from), &address)
            .await;
        match (changed.unwrap(), expected) {
            (NewAddress::NotPossible(said), NewAddress::NotPossible(_)) => {
                assert!(said.unwrap().as_str().contains("The email cannot be changed."));
            }
            (changed, expected) => assert_eq!(changed, expected, "{patch} {reply}"),
        }
        assert_eq!(port.account.count("PATCH", "/50101"), 1);
    }
}

#[tokio::test]
async fn r86_a_run_that_died_after_asking_for_an_address_asks_nobody_twice() {
    let database = Database::start().await;
    let port = Port::start(&database, "died").await;
    port.account.switch("patchFields", "pending");
    port.read().await.unwrap();
    let from = "jan@jansen.example".parse().unwrap();
    let change = async |to: &str| {
        let (run, to) = (port.run(), to.parse().unwrap());
        run.change_address(&company(), &jan(), Some(&from), &to).await.unwrap()
    };
    assert_eq!(change("jan.nieuw@jansen.example").await, NewAddress::WaitsForUser);
    assert_eq!(change("jan.nieuw@jansen.example").await, NewAddress::WaitsForUser);
    assert_eq!(port.account.count("PATCH", "/50101"), 1);
    // Another address is another question.
    assert_eq!(change("j.jansen@jansen.example").await, NewAddress::WaitsForUser);
    assert_eq!(port.account.count("PATCH", "/50101"), 2);
}

#[tokio::test]
async fn r84_only_the_user_that_is_meant_is_asked_for_another_address() {
    let database = Database::start().await;
    let port = Port::start(&database, "meant").await;
    port.account.switch("patchFields", "pending");
    port.read().await.unwrap();
    let run = port.run();
    let address = |text: &str| text.parse().unwrap();
    let change = async |user: &str, from: &str, to: &str| {
        let changed = run
            .change_address(&company(), &UserId::new(user), Some(&address(from)), &address(to))
            .await;
        changed.unwrap()
    };
    assert_eq!(
        change("59999", "x@x.example", "y@x.example").await,
        NewAddress::NoSuchUser
    );
    assert_eq!(
        change("50101", "x@x.example", "y@x.example").await,
        NewAddress::ChangedMeanwhile
    );
    assert_eq!(
        change("50101", "x@x.example", "JAN@jansen.example").await,
        NewAddress::Changed
    );
    let taken = change("50101", "jan@jansen.example", "piet@jansen.example").await;
    assert!(
        matches!(&taken, NewAddress::AddressTaken(holder) if holder.id.as_str() == "50102"),
        "{taken:?}"
    );
    let not_possible = change("50102", "piet@jansen.example", "y@x.example").await;
    assert!(matches!(not_possible, NewAddress::NotPossible(_)), "{not_possible:?}");
    assert!(port.account.mails().is_empty());
}
