//! What is malformed is refused by name, and changes nothing; what the OpenAPI document forbids is derived from it, for every call.

use requirements::Api;
use requirements::bad::{Bad, Sent, assert_plain};
use requirements::import::{self, rows};
use requirements::stage::sandbox;
use requirements::wrong::calls;
use reqwest::Method;
use serde_json::{Value, json};

use crate::document::{contract, made};

pub const GET: Method = Method::GET;
pub const POST: Method = Method::POST;
pub const PUT: Method = Method::PUT;
pub const PATCH: Method = Method::PATCH;
pub const DELETE: Method = Method::DELETE;

/// Whatever somebody could have changed.
pub async fn everything(api: &Api, import: Option<&str>) -> Value {
    let mut seen = json!({
        "integrations": api.list("/integrations").await.unwrap(),
        "directory": import::directory(api).await,
    });
    // Looking at an import renews nothing, but the lock is shown until when it lasts, and decisions that are refused may
    // well renew it.
    for integration in seen["integrations"].as_array_mut().unwrap() {
        integration["lock"]["until"].take();
    }
    if let Some(import) = import {
        let mut shown = api.get(&format!("/imports/{import}")).await.unwrap();
        shown["lock"]["until"].take();
        seen["import"] = shown;
        seen["rows"] = rows(api, import, "in").await.into();
    }
    seen
}

pub async fn refuse_all(api: &Api, all: &[Bad]) {
    for bad in all {
        bad.try_as(api).await;
    }
}

#[tokio::test]
async fn bad_input_is_refused_by_name_and_changes_nothing() {
    let sandbox = sandbox().await;
    let ana = contract().watching(&sandbox.api("ana"));
    let before = everything(&ana, None).await;
    let document = made();
    let mut tried = 0;
    for call in calls(&document) {
        let all = [
            call.wrong_ids(),
            call.wrong_parameters(),
            call.unknown_parameters(),
            call.wrong_bodies(),
        ]
        .concat();
        refuse_all(&ana, &all).await;
        tried += all.len();
    }
    assert!(tried > 500, "only {tried}");
    assert_eq!(everything(&ana, None).await, before);
    sandbox.stop().await;
}

#[tokio::test]
async fn no_answer_speaks_of_the_parser() {
    let sandbox = sandbox().await;
    let ana = contract().watching(&sandbox.api("ana"));
    let document = made();
    let (mut asked, mut refused) = (0, 0);
    for call in calls(&document) {
        for bad in call.mutated_bodies() {
            let answer = bad.send(&ana).await;
            assert!(answer.status.as_u16() < 500, "{bad:?}: {}", answer.body);
            assert_plain(&answer, &format!("{bad:?}"));
            let shown = answer.body.to_string();
            assert!(!shown.contains("aBcD1234eFgH5678"), "{bad:?}: {shown}");
            asked += 1;
            refused += usize::from(answer.body["code"] == "invalid_request");
        }
    }
    assert!(asked > 1_300 && refused > 1_200, "{asked}, {refused}");
    sandbox.stop().await;
}

#[tokio::test]
async fn a_parameter_of_the_open_document_is_refused_too() {
    let sandbox = sandbox().await;
    let nobody = contract().watching(&Api::new(&sandbox.face.api, ""));
    Bad::invalid(GET, "/openapi.json?nonsense=1", Sent::Nothing, "nonsense")
        .try_as(&nobody)
        .await;
    for empty in ["/openapi.json?", "/openapi.json?&"] {
        nobody.get(empty).await.unwrap();
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn what_is_nowhere_is_answered_as_a_problem() {
    let sandbox = sandbox().await;
    let ana = contract().watching(&sandbox.api("ana"));
    for (method, path) in [
        (GET, "/"),
        (GET, "/nothing"),
        (GET, "/imports"),
        (GET, "/integrations/"),
        (GET, "/integrations/a%2Fb"),
        (GET, "/imports/a%3Fb/%2e%2e/plan"),
        (POST, "/openapi.json"),
        (PUT, "/integrations"),
        (DELETE, "/licences"),
        (PATCH, "/imports/1"),
        (Method::OPTIONS, "/integrations"),
    ] {
        Bad::new(method, path, Sent::Nothing, 404, "not_found")
            .try_as(&ana)
            .await;
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn texts_that_are_no_text_are_refused_by_name() {
    let sandbox = sandbox().await;
    let ana = contract().watching(&sandbox.api("ana"));
    let before = everything(&ana, None).await;
    let raw = |text: &str| Sent::Raw("application/json", text.as_bytes().to_vec());
    let nested = format!("{{\"name\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    refuse_all(
        &ana,
        &[
            Bad::invalid(POST, "/managed-companies", raw(r#"{"name":"\ud800"}"#), "/name"),
            Bad::invalid(POST, "/managed-companies", raw(r#"{"name":"a\udc00b"}"#), "/name"),
            Bad::invalid(POST, "/managed-companies", raw(r#"{"name":"\u0000 \u200b"}"#), "/name"),
            Bad::invalid(POST, "/managed-companies", raw(&nested), "/name"),
            Bad::invalid(POST, "/managed-companies", raw(r#"["Acme"]"#), ""),
            Bad::invalid(POST, "/managed-companies", raw(r#"[["Acme"}"#), ""),
            Bad::invalid(POST, "/managed-companies", raw(r#"{"name":"Acme"} {}"#), ""),
            Bad::invalid(POST, "/managed-companies", raw(r#"{"name":"A","name":"B"}"#), "/name"),
            Bad::invalid(GET, "/managed-companies?limit=1&limit=2", Sent::Nothing, "limit"),
        ],
    )
    .await;
    assert_eq!(everything(&ana, None).await, before);
    sandbox.stop().await;
}
