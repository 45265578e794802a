//! A list that cannot be right is no list: nothing is taken for gone because of it.

use directory::lastpass::Failed;
use domain::directory::UserState;
use serde_json::json;

use crate::account::{Account, company, jan};

fn answering(path: &str, body: &str) -> serde_json::Value {
    let headers = json!({"Content-Type": "application/json"});
    json!({"match": {"path": path}, "answer": {"status": 200, "headers": headers, "body": body}})
}

#[tokio::test]
async fn r87_a_body_that_is_no_page_is_not_an_empty_page() {
    for body in [
        "[]",
        "[[]]",
        "{}",
        r#"{"title":"Sorry","status":500}"#,
        r#"{"nextPageToken":null}"#,
        "null",
    ] {
        let account = Account::start().await;
        account.fault(answering("managed-companies$", body));
        let listed = account.client().companies().await;
        assert!(matches!(listed, Err(Failed::Unanswered(_))), "{body}: {listed:?}");
        assert!(account.client().check().await.is_err(), "{body}");
    }
}

#[tokio::test]
async fn r87_a_row_that_is_a_list_is_no_company() {
    let account = Account::start().await;
    account.fault(answering("managed-companies$", r#"{"items":[[7,"A","managed"]]}"#));
    assert!(account.client().companies().await.is_err());
}

#[tokio::test]
async fn r85_a_type_that_is_not_known_hides_no_company() {
    let account = Account::start().await;
    let row = r#"{"items":[{"id":7,"name":"A","type":"managed-eu"},{"id":8,"name":"B","type":"Managed-MSP"}]}"#;
    account.fault(answering("managed-companies$", row));
    let listed = account.client().companies().await.unwrap();
    let ids: Vec<&str> = listed.iter().map(|company| company.id.as_str()).collect();
    assert_eq!(ids, ["lastpass-7"]);
}

#[tokio::test]
async fn r85_an_address_that_is_none_hides_no_user() {
    let account = Account::start().await;
    let row = r#"{"items":[{"id":50101,"name":"Jan","email":"Jan (thuis)","accountStatus":"enrolled"}]}"#;
    account.fault(answering("/users$", row));
    let listed = account.client().users(&company()).await.unwrap();
    assert_eq!((&listed[0].id, listed[0].state), (&jan(), UserState::Enrolled));
    assert_eq!(listed[0].address.original(), "Jan (thuis)");
}

#[tokio::test]
async fn r87_a_page_that_is_gone_is_not_a_company_that_is_gone() {
    let account = Account::start().await;
    let page = json!({"status": 200, "body": r#"{"items":[{"id":7,"email":"a@x.example"}],"nextPageToken":"t"}"#});
    account.fault(json!({"match": {"path": "/users$"}, "every": 2, "answer": page}));
    account.fault(json!({"match": {"path": "/users$"}, "every": 2, "skip": 1, "answer": {"status": 404}}));
    let listed = account.client().users(&company()).await;
    assert!(matches!(listed, Err(Failed::Unanswered(_))), "{listed:?}");
}

#[tokio::test]
async fn r61_names_of_companies_have_nothing_invisible() {
    let account = Account::start().await;
    account.change(
        json!({"companies": [{"id": 1101, "name": " Bakke\u{200b}rij  Jansen"}, {"id": 1102, "name": "\u{200b}"}]}),
    );
    let listed = account.client().companies().await.unwrap();
    let names: Vec<&str> = listed.iter().map(|company| company.name.as_str()).collect();
    assert_eq!(names, ["Bakkerij Jansen", "Company 1102"]);
}

#[tokio::test]
async fn r05_no_request_goes_to_where_a_reply_says_but_below_the_api() {
    let account = Account::start().await;
    let client = account.client();
    for url in [
        "http://poll.elsewhere.invalid/business/v1/async-requests/1",
        "https://user:secret@127.0.0.1/business/v1/x",
        "/elsewhere/v1/async-requests/1",
        "/business/v1/../../elsewhere",
        "/business/v1/%2e%2e/%2e%2e/elsewhere",
        "file:///business/v1/x",
        "/business/v1/async-requests/ana@x.example",
        "/business/v1/async-requests/%40",
    ] {
        let before = account.requests().len();
        let accepted = directory::lastpass::Accepted {
            url: Some(url.to_owned()),
        };
        client.progress(&accepted).await.unwrap();
        let more = account.requests().split_off(before);
        assert!(
            more.iter()
                .all(|request| request.path.starts_with("/business/v1/") && !request.path.contains(['@', '%'])),
            "{url}: {more:?}"
        );
    }
}
