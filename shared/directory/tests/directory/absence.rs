//! Nothing is taken for gone because a list left it out (R15, R85).

use directory::{Directory as _, DirectoryError, Look, NewCompany};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{Key, Table};

use crate::account::company;
use crate::port::{Database, Port, ids};

fn page(path: &str, times: u64, items: Value) -> Value {
    let body = json!({ "items": items, "nextPageToken": null }).to_string();
    json!({"match": {"method": "GET", "path": path}, "times": times, "answer": {"status": 200, "body": body}})
}

#[tokio::test]
async fn r15_a_company_that_a_list_leaves_out_is_not_gone() {
    let database = Database::start().await;
    let port = Port::start(&database, "left-out").await;
    port.account
        .change(json!({"companies": [{"id": 1102, "name": "Garage Peeters"}]}));
    port.read().await.unwrap();
    port.account.fault(page(
        "managed-companies$",
        1,
        json!([{"id": 1102, "name": "Garage Peeters"}]),
    ));
    port.read().await.unwrap();
    let companies = port.run().companies().await.unwrap();
    let names: Vec<&str> = companies.iter().map(|company| company.name.as_str()).collect();
    assert_eq!(names, ["Bakkerij Jansen", "Garage Peeters"]);
    assert_eq!(ids(&port.run(), &company()).await, ["50101", "50102"]);
}

#[tokio::test]
async fn r15_a_list_that_is_being_replaced_is_not_taken_for_whole() {
    let database = Database::start().await;
    let port = Port::start(&database, "replaced").await;
    port.read().await.unwrap();
    let made = port.create_company("new", "Nieuw").await.unwrap();
    assert!(matches!(made, NewCompany::Created(_)), "{made:?}");
    assert_eq!(port.run().companies().await.unwrap().len(), 2);
    // Another worker deletes the list item by item, since it has written a new one; the company made since is still there.
    let pk = Key::in_records(&port.tenant.msp, "#LASTPASS", "").pk;
    let items = port.tenant.query(Table::Records, &pk, "COMPANIES#").await.unwrap();
    let keys = items.iter().map(|item| item["sk"].as_s().unwrap().clone());
    let keys: Vec<String> = keys.filter(|sk| !sk.contains("made#")).collect();
    assert_eq!((items.len(), keys.len()), (2, 1));
    let first = Key {
        pk,
        sk: keys[0].clone(),
    };
    port.tenant.delete_alone(Table::Records, &first).await.unwrap();
    let listed = port.run().companies().await;
    assert!(matches!(listed, Err(DirectoryError::Unavailable(_))), "{listed:?}");
}

#[tokio::test]
async fn r15_a_company_that_is_detached_is_gone_with_its_users() {
    for (switch, value) in [
        ("parentFilterUnknownId", "empty"),
        ("parentFilterUnknownId", "notFound"),
        ("parentFilterUnknownId", "badRequest"),
        ("statusForForeignCompany", "forbidden"),
    ] {
        let database = Database::start().await;
        let port = Port::start(&database, "detached").await;
        port.account.switch(switch, value);
        port.read().await.unwrap();
        port.account.change(json!({"delete": {"companies": [1101]}}));
        assert_eq!(port.run().look_again(&company()).await.unwrap(), Look::Gone, "{value}");
        port.read().await.unwrap();
        assert!(port.run().companies().await.unwrap().is_empty(), "{value}");
        assert!(ids(&port.run(), &company()).await.is_empty(), "{value}");
    }
}

#[tokio::test]
async fn r15_a_list_that_leaves_out_many_who_are_there_is_not_believed() {
    let database = Database::start().await;
    let port = Port::start(&database, "many-left-out").await;
    let companies: Vec<Value> = (2_000..2_060)
        .map(|id| json!({"id": id, "name": format!("C{id}")}))
        .collect();
    port.account.change(json!({ "companies": companies }));
    port.read().await.unwrap();
    port.account.fault(page("managed-companies$", 1, json!([])));
    let read = port.read().await;
    assert!(matches!(read, Err(DirectoryError::Unavailable(_))), "{read:?}");
    assert_eq!(port.run().companies().await.unwrap().len(), 61);
    let gone: Vec<i64> = (2_000..2_060).collect();
    port.account.change(json!({"delete": {"companies": gone}}));
    port.read().await.unwrap();
    assert_eq!(port.run().companies().await.unwrap().len(), 1);
}

#[tokio::test]
async fn r85_a_user_whom_a_list_leaves_out_is_not_gone() {
    let database = Database::start().await;
    let port = Port::start(&database, "user-left-out").await;
    port.read().await.unwrap();
    port.account.fault(page("/users$", 1, json!([])));
    assert_eq!(port.run().look_again(&company()).await.unwrap(), Look::AsKnown);
    assert_eq!(ids(&port.run(), &company()).await, ["50101", "50102"]);
    port.account.change(json!({"delete": {"users": [50101]}}));
    assert_eq!(port.run().look_again(&company()).await.unwrap(), Look::Differs);
    assert_eq!(ids(&port.run(), &company()).await, ["50102"]);
}

/// What LastPass says of a user who was deleted, or who belongs to somebody else by now, its documents leave open.
#[tokio::test]
async fn r85_a_user_whom_lastpass_refuses_and_lists_no_more_is_gone() {
    let database = Database::start().await;
    for status in [400, 403, 404, 410] {
        let port = Port::start(&database, &format!("user-refused-{status}")).await;
        port.read().await.unwrap();
        port.account.change(json!({"delete": {"users": [50101]}}));
        port.account
            .fault(json!({"match": {"path": "/users/50101$"}, "answer": {"status": status}}));
        assert_eq!(
            port.run().look_again(&company()).await.unwrap(),
            Look::Differs,
            "{status}"
        );
        port.read().await.unwrap();
        assert_eq!(ids(&port.run(), &company()).await, ["50102"], "{status}");
    }
}

#[tokio::test]
async fn r85_a_user_whom_only_one_list_leaves_out_is_not_gone() {
    let database = Database::start().await;
    for status in [400, 403] {
        let port = Port::start(&database, &format!("listed-again-{status}")).await;
        port.read().await.unwrap();
        port.account.fault(page("/users$", 1, json!([])));
        port.account
            .fault(json!({"match": {"path": "/users/50101$"}, "answer": {"status": status}}));
        assert_eq!(
            port.run().look_again(&company()).await.unwrap(),
            Look::AsKnown,
            "{status}"
        );
        assert_eq!(ids(&port.run(), &company()).await, ["50101", "50102"], "{status}");
    }
}

#[tokio::test]
async fn r87_refused_users_of_a_listed_company_are_no_company_without_users() {
    let database = Database::start().await;
    for status in [403, 404] {
        let port = Port::start(&database, &format!("hidden-{status}")).await;
        port.account
            .change(json!({"companies": [{"id": 1102, "name": "Garage Peeters"}]}));
        port.read().await.unwrap();
        port.account
            .fault(json!({"match": {"path": "1101/users$"}, "answer": {"status": status}}));
        port.read().await.unwrap();
        assert_eq!(ids(&port.run(), &company()).await, ["50101", "50102"], "{status}");
        let looked = port.run().look_again(&company()).await;
        assert!(matches!(looked, Err(DirectoryError::Refused(_))), "{looked:?}");
    }
}

#[tokio::test]
async fn r87_an_account_that_shows_no_users_fails_the_fetch() {
    let database = Database::start().await;
    let port = Port::start(&database, "no-users").await;
    port.account
        .change(json!({"companies": [{"id": 1102, "name": "Garage Peeters"}]}));
    port.account.switch("managedUserRoutes", "noList");
    let read = port.read().await;
    assert!(matches!(read, Err(DirectoryError::Forbidden(_))), "{read:?}");
}

#[tokio::test]
async fn r81_a_key_that_fails_at_one_company_is_the_keys_failure() {
    let database = Database::start().await;
    for (state, is_known) in [("revoked", true), ("notEnrolled", false), ("noMspRight", false)] {
        let port = Port::start(&database, &format!("key-{state}")).await;
        port.read().await.unwrap();
        port.account.switch("keyStates", state);
        for failed in [
            port.read().await.unwrap_err(),
            port.run().look_again(&company()).await.unwrap_err(),
        ] {
            let is_unauthorized = matches!(failed, DirectoryError::Unauthorized(_));
            assert!(failed.is_of_key() && is_unauthorized == is_known, "{failed:?}");
        }
        assert_eq!(
            ids(&port.run(), &company()).await,
            ["50101", "50102"],
            "what is known stays"
        );
    }
}

#[tokio::test]
async fn r87_what_is_young_is_not_read_again() {
    let database = Database::start().await;
    let port = Port::start(&database, "young").await;
    port.read().await.unwrap();
    let before = port.account.count("GET", "/users");
    let day = SignedDuration::from_hours(24);
    port.read_older_than(day).await.unwrap();
    assert_eq!(port.account.count("GET", "/users"), before);
    port.account
        .change(json!({"companies": [{"id": 1102, "name": "Garage Peeters"}]}));
    port.read_older_than(day).await.unwrap();
    assert_eq!(
        port.account.count("GET", "/users"),
        before + 1,
        "only those of the new company"
    );
    port.account.clock.advance(25 * 3_600);
    port.read_older_than(day).await.unwrap();
    assert_eq!(port.account.count("GET", "/users"), before + 3);
}

#[tokio::test]
async fn r71_what_was_read_before_a_failure_is_a_change() {
    let database = Database::start().await;
    let port = Port::start(&database, "half-read").await;
    port.account.change(json!({
        "companies": [{"id": 1102, "name": "Garage Peeters"}],
        "users": [{"id": 50201, "companyId": 1102, "name": "Els Peeters", "email": "els@peeters.example"}],
    }));
    port.read().await.unwrap();
    let version = async || port.run().version(port.now()).await.unwrap();
    let before = version().await;
    assert!(before.is_some());
    port.read().await.unwrap();
    assert_eq!(version().await, before, "nothing has changed");
    port.account.change(
        json!({"users": [{"id": 50103, "companyId": 1101, "name": "An Jansen", "email": "an@jansen.example"}]}),
    );
    port.account
        .fault(json!({"match": {"path": "1102/users$"}, "answer": {"status": 503}}));
    port.read().await.unwrap_err();
    assert_eq!(ids(&port.run(), &company()).await, ["50101", "50102", "50103"]);
    port.account.heal();
    // The next run finds all as it is known.
    port.read().await.unwrap();
    let after = version().await;
    assert!(after.is_some() && after != before, "{after:?} after {before:?}");
}
