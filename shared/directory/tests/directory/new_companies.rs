//! A new company is sent once and found by its name, whatever is lost (R82).

use directory::{Directory as _, NewCompany};
use domain::ids::{IdempotencyKey, ManagedCompanyId};
use serde_json::json;

use crate::account::lost;
use crate::port::{Database, Port};

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
