//! Users and companies who are sent: nobody twice, whatever is lost (R82, R86).

use std::time::Duration;

use directory::{Directory as _, DirectoryError, NewAddress, NewCompany, NewUser};
use domain::ids::{IdempotencyKey, ManagedCompanyId, UserId};
use serde_json::{Value, json};
use store::{Key, Table};

use crate::account::{company, impatient, jan};
use crate::port::{Database, Port, request};

fn lost(method: &str, path: &str) -> Value {
    json!({"match": {"method": method, "path": path}, "times": 1, "answer": {"loseReply": true}})
}

#[tokio::test]
async fn r82_a_user_whose_reply_is_lost_is_found() {
    let database = Database::start().await;
    let port = Port::start(&database, "lost-user").await;
    port.account.fault(lost("POST", "/users$"));
    let made = port
        .run()
        .create_users(&company(), &[request("1", "nieuw@x.example")])
        .await;
    assert!(matches!(made[..], [Ok(NewUser::Created(_))]), "{made:?}");
    assert_eq!(port.account.mails().len(), 1);
}

#[tokio::test]
async fn r82_a_user_listed_late_is_waited_for_and_not_sent_again() {
    let database = Database::start().await;
    let port = Port::start(&database, "late-user").await;
    port.account.switch("eventualReads", "fiveSecondsLate");
    port.account.fault(lost("POST", "/users$"));
    let users = [request("1", "nieuw@x.example")];
    let run = port.run();
    let Ok(NewUser::Waits(until)) = run.create_users(&company(), &users).await.remove(0) else {
        panic!("it is not listed yet")
    };
    port.wait_until(until);
    // In the same run, which has seen the company without the user.
    let made = run.create_users(&company(), &users).await;
    assert!(matches!(made[..], [Ok(NewUser::Created(_))]), "{made:?}");
    assert_eq!(
        (port.account.count("POST", "/users"), port.account.mails().len()),
        (1, 1)
    );
}

/// A new company takes users from some moment on, which may come while several are sent.
#[tokio::test]
async fn r82_a_user_whom_a_new_company_does_not_take_yet_waits_though_others_are_taken() {
    let database = Database::start().await;
    let port = Port::start(&database, "ready-meanwhile").await;
    let Ok(NewCompany::Created(company)) = port.create_company("1", "Nieuw BV").await else {
        panic!("the company is created")
    };
    port.account
        .fault(json!({"match": {"method": "POST", "path": "/users$"}, "times": 1, "answer": {"status": 404}}));
    let users = ["1", "2", "3"].map(|key| request(key, &format!("{key}@nieuw.example")));
    let mut until = None;
    for outcome in port.run().create_users(&company, &users).await {
        match outcome {
            Ok(NewUser::Created(_)) => {}
            Ok(NewUser::Waits(moment)) if until.is_none() => until = Some(moment),
            other => panic!("{other:?}"),
        }
    }
    port.wait_until(until.expect("one is not taken yet"));
    let made = port.run().create_users(&company, &users).await;
    assert!(
        made.iter().all(|made| matches!(made, Ok(NewUser::Created(_)))),
        "{made:?}"
    );
    assert_eq!(port.account.mails().len(), 3);
}

#[tokio::test]
async fn r82_a_user_who_was_not_created_is_sent_again_after_looking() {
    let database = Database::start().await;
    let port = Port::start(&database, "sent-again").await;
    port.account
        .fault(json!({"match": {"method": "POST"}, "times": 1, "answer": {"reset": true}}));
    let users = [request("1", "nieuw@x.example")];
    let Ok(NewUser::Waits(until)) = port.run().create_users(&company(), &users).await.remove(0) else {
        panic!("the outcome is unknown")
    };
    assert!(until.duration_since(port.now()) > jiff::SignedDuration::from_mins(9));
    let soon = port.run().create_users(&company(), &users).await;
    assert!(matches!(soon[..], [Ok(NewUser::Waits(_))]), "{soon:?}");
    assert_eq!(
        port.account.count("POST", "/users"),
        1,
        "not before ten minutes are over"
    );
    port.wait_until(until);
    let made = port.run().create_users(&company(), &users).await;
    assert!(matches!(made[..], [Ok(NewUser::Created(_))]), "{made:?}");
    assert_eq!(port.account.mails().len(), 1);
}

/// Each import has idempotency keys of its own.
#[tokio::test]
async fn r82_a_new_import_does_not_send_a_user_again_at_once() {
    let database = Database::start().await;
    let port = Port::start(&database, "new-import").await;
    port.account
        .fault(json!({"match": {"method": "POST"}, "times": 1, "answer": {"reset": true}}));
    let first = [request("first", "nieuw@x.example")];
    let second = [request("second", "Nieuw@X.example")];
    let Ok(NewUser::Waits(until)) = port.run().create_users(&company(), &first).await.remove(0) else {
        panic!("the outcome is unknown")
    };
    let soon = port.run().create_users(&company(), &second).await;
    assert!(
        matches!(soon[..], [Ok(NewUser::Waits(also))] if also <= until),
        "{soon:?}"
    );
    assert_eq!(port.account.count("POST", "/users"), 1);
    let pk = Key::in_records(&port.tenant.msp, "#LASTPASS", "").pk;
    let noted = port.tenant.query(Table::Records, &pk, "SENDING#").await.unwrap();
    let noted = format!("{noted:?}").to_lowercase();
    assert!(
        noted.contains("sending#lastpass-1101") && !noted.contains("nieuw"),
        "{noted}"
    );

    port.wait_until(until);
    let made = port.run().create_users(&company(), &second).await;
    assert!(matches!(made[..], [Ok(NewUser::Created(_))]), "{made:?}");
    // And to the first import, should it be repeated, it is the same user.
    let again = port.run().create_users(&company(), &first).await;
    assert!(matches!((&made[0], &again[0]), (Ok(one), Ok(same)) if one == same));
    assert_eq!(
        (port.account.count("POST", "/users"), port.account.mails().len()),
        (2, 1)
    );
}

#[tokio::test]
async fn r86_a_user_who_is_listed_late_gets_no_mail_of_a_new_import() {
    let database = Database::start().await;
    let port = Port::start(&database, "late-to-another").await;
    port.account.switch("eventualReads", "fiveSecondsLate");
    port.account.fault(lost("POST", "/users$"));
    let (first, second) = (
        request("first", "nieuw@x.example"),
        request("second", "nieuw@x.example"),
    );
    let sent = port.run().create_users(&company(), &[first]).await;
    assert!(matches!(sent[..], [Ok(NewUser::Waits(_))]), "{sent:?}");
    let Ok(NewUser::Waits(until)) = port
        .run()
        .create_users(&company(), std::slice::from_ref(&second))
        .await
        .remove(0)
    else {
        panic!("it is not listed yet")
    };
    port.wait_until(until);
    let made = port.run().create_users(&company(), &[second]).await;
    assert!(matches!(made[..], [Ok(NewUser::Created(_))]), "{made:?}");
    assert_eq!(
        (port.account.count("POST", "/users"), port.account.mails().len()),
        (1, 1)
    );
}

#[tokio::test]
async fn r82_who_was_created_is_remembered_when_nobody_can_look_for_the_others() {
    let database = Database::start().await;
    let port = Port::start(&database, "half-looked").await;
    port.read().await.unwrap();
    let users = [request("1", "een@x.example"), request("2", "jan@jansen.example")];
    let run = port.run();
    // Jan is added by hand under another address while the run knows better, so that his creation is refused.
    run.look_again(&company()).await.unwrap();
    port.account
        .change(json!({"users": [{"companyId": 1101, "email": "twee@x.example", "name": "Twee"}]}));
    let users = [users[0].clone(), request("3", "twee@x.example")];
    port.account
        .fault(json!({"match": {"method": "GET", "path": "/users$"}, "answer": {"status": 500}}));
    let made = run.create_users(&company(), &users).await;
    assert!(
        matches!(
            &made[..],
            [Ok(NewUser::Created(_)), Err(DirectoryError::Unavailable(_))]
        ),
        "{made:?}"
    );
    port.account.heal();
    let again = run.create_users(&company(), &users).await;
    assert!(
        matches!(&again[..], [Ok(NewUser::Created(_)), Ok(NewUser::Created(_))]),
        "{again:?}"
    );
    assert_eq!(port.account.mails().len(), 1);
}

#[tokio::test]
async fn r82_a_company_whose_reply_is_lost_is_adopted_and_never_sent_again() {
    let database = Database::start().await;
    let port = Port::start(&database, "lost-company").await;
    port.account.fault(lost("POST", "managed-companies$"));
    let made = port.create_company("1", "Nieuw").await.unwrap();
    assert!(matches!(made, NewCompany::Created(_)), "{made:?}");
    assert_eq!(port.create_company("1", "Nieuw").await.unwrap(), made);
    assert_eq!(port.account.count("POST", "managed-companies"), 1);
}

#[tokio::test]
async fn r82_a_company_that_never_comes_is_unknown_and_adopted_when_it_does() {
    let database = Database::start().await;
    let port = Port::start(&database, "never").await;
    port.account.switch("companyCreateDelay", "never");
    assert_eq!(port.create_company("1", "Nieuw").await.unwrap(), NewCompany::Unknown);
    assert_eq!(
        port.create_company("2", "Nieuw").await.unwrap(),
        NewCompany::Unknown,
        "it would be taken for the first"
    );
    port.account
        .change(json!({"companies": [{"id": 1900, "name": "Nieuw"}]}));
    let adopted = NewCompany::Created(ManagedCompanyId::new("lastpass-1900"));
    assert_eq!(port.create_company("1", "Nieuw").await.unwrap(), adopted);
    assert_eq!(port.account.count("POST", "managed-companies"), 1);
}

#[tokio::test]
async fn r82_a_name_is_free_once_its_company_has_appeared() {
    let database = Database::start().await;
    let port = Port::start(&database, "appeared").await;
    port.account.switch("companyCreateDelay", "never");
    assert_eq!(port.create_company("1", "Nieuw").await.unwrap(), NewCompany::Unknown);
    port.account
        .change(json!({"companies": [{"id": 1900, "name": "Nieuw"}]}));
    port.account.switch("companyCreateDelay", "none");
    // Nobody asks for the first one any more.
    let second = port.create_company("2", "Nieuw").await.unwrap();
    let first = NewCompany::Created(ManagedCompanyId::new("lastpass-1900"));
    assert!(
        matches!(second, NewCompany::Created(_)) && second != first,
        "{second:?}"
    );
    assert_eq!(port.create_company("1", "Nieuw").await.unwrap(), first);
}

#[tokio::test]
async fn r82_companies_of_one_name_are_asked_for_one_after_another() {
    let database = Database::start().await;
    let port = Port::start(&database, "namesakes").await;
    let run = port.run();
    let first = run
        .create_company(&IdempotencyKey::by_hand("1"), "Nieuw")
        .await
        .unwrap();
    let second = run
        .create_company(&IdempotencyKey::by_hand("2"), "NIEUW")
        .await
        .unwrap();
    assert!(matches!((first, second), (NewCompany::Waits(_), NewCompany::Waits(_))));
    assert_eq!(port.account.count("POST", "managed-companies"), 1);
    let first = port.create_company("1", "Nieuw").await.unwrap();
    let second = port.create_company("2", "NIEUW").await.unwrap();
    assert_ne!(first, second);
    assert_eq!(port.account.count("POST", "managed-companies"), 2);
}

#[tokio::test]
async fn r82_a_namesake_that_a_list_left_out_is_not_taken_for_the_new_one() {
    let database = Database::start().await;
    let port = Port::start(&database, "left-out-namesake").await;
    port.read().await.unwrap();
    let empty = json!({"status": 200, "body": r#"{"items":[],"nextPageToken":null}"#});
    port.account
        .fault(json!({"match": {"method": "GET", "path": "managed-companies$"}, "times": 1, "answer": empty}));
    let made = port.create_company("1", "Bakkerij Jansen").await.unwrap();
    assert_eq!(made, NewCompany::Created(ManagedCompanyId::new("lastpass-1102")));
}

#[tokio::test]
async fn r83_a_refusal_of_all_users_is_not_an_address_that_is_taken() {
    let database = Database::start().await;
    for (name, change, switch) in [
        (
            "suspended",
            json!({"companies": [{"id": 1101, "status": "suspended"}]}),
            ("patchReply", "user"),
        ),
        (
            "full",
            json!({"companies": [{"id": 1101, "licenseLimit": 2}]}),
            ("licenseLimitEnforced", "conflict"),
        ),
    ] {
        let port = Port::start(&database, name).await;
        port.read().await.unwrap();
        port.account.switch(switch.0, switch.1);
        port.account.change(change);
        port.account.clock.advance(600);
        let made = port
            .run()
            .create_users(&company(), &[request("1", "nieuw@x.example")])
            .await;
        assert!(
            matches!(made[..], [Err(DirectoryError::Refused(_))]),
            "{name}: {made:?}"
        );
    }
}

#[tokio::test]
async fn r83_a_company_that_is_refused_is_no_failure_of_the_key() {
    let database = Database::start().await;
    let port = Port::start(&database, "refused-company").await;
    port.read().await.unwrap();
    for (method, path, status) in [("POST", "/users$", 409), ("GET", "managed-companies$", 403)] {
        port.account
            .fault(json!({"match": {"method": method, "path": path}, "answer": {"status": status}}));
    }
    port.account.clock.advance(600);
    let made = port
        .run()
        .create_users(&company(), &[request("1", "nieuw@x.example")])
        .await;
    assert!(matches!(made[..], [Err(DirectoryError::Refused(_))]), "{made:?}");
}

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
