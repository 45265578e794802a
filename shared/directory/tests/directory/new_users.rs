//! A new user is created once and gets one mail, whatever is lost or refused (R82, R83, R86).

use directory::{Directory as _, DirectoryError, NewCompany, NewUser};
use serde_json::json;
use store::{Key, Table};

use crate::account::{company, lost};
use crate::port::{Database, Port, request};

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
    for status in [404, 409] {
        let port = Port::start(&database, &format!("ready-meanwhile-{status}")).await;
        let Ok(NewCompany::Created(company)) = port.create_company("1", "Nieuw BV").await else {
            panic!("the company is created")
        };
        port.account
            .fault(json!({"match": {"method": "POST", "path": "/users$"}, "times": 1, "answer": {"status": status}}));
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
