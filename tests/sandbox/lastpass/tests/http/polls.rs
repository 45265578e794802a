//! Polling the status of a creation request.

use serde_json::{Value, json};

use crate::client::{Sandbox, start};

async fn accepted(sandbox: &Sandbox) -> Value {
    let (status, accepted) = sandbox.post("/v1/managed-companies", json!({"name": "A"})).await;
    assert_eq!(status, 202);
    accepted
}

/// What the poll answers before and after the request is done.
async fn polls(switch: &str, value: &str) -> [(u16, Value); 2] {
    let sandbox = start().await;
    sandbox.switch(switch, value);
    let url = accepted(&sandbox).await["url"].as_str().unwrap().to_owned();
    let before = sandbox.get(&url).await;
    sandbox.clock.advance(2);
    [before, sandbox.get(&url).await]
}

#[tokio::test]
async fn a_poll_answers_in_the_shape_switched() {
    let [before, after] = polls("pollShape", "status").await;
    assert_eq!((before.0, &before.1["status"]), (200, &json!("pending")));
    assert_eq!(
        (after.0, &after.1["status"], &after.1["resourceId"]),
        (200, &json!("succeeded"), &json!(1102))
    );
    let [before, after] = polls("pollShape", "acceptedThenCompany").await;
    assert_eq!((before.0, after.0, &after.1["name"]), (202, 200, &json!("A")));
    let [before, after] = polls("pollShape", "seeOther").await;
    assert_eq!((before.0, after.0), (200, 303));
    let [before, after] = polls("pollShape", "otherWords").await;
    assert_eq!(
        (&before.1["status"], &after.1["status"]),
        (&json!("in-progress"), &json!("completed"))
    );
    let [before, after] = polls("pollShape", "goneOnceDone").await;
    assert_eq!((before.0, after.0), (200, 404));
    let [before, after] = polls("pollShape", "unknownJson").await;
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_poll_can_fail() {
    let [before, after] = polls("pollFailure", "failed").await;
    assert_eq!(
        (&before.1["status"], &after.1["status"]),
        (&json!("pending"), &json!("failed"))
    );
    assert_eq!(after.1["error"]["title"], "Conflict");
    let [before, after] = polls("pollFailure", "serverError").await;
    assert_eq!((before.0, after.0), (500, 500));
}

#[tokio::test]
async fn the_address_of_the_poll_has_the_form_switched() {
    let sandbox = start().await;
    let url = |accepted: Value| accepted["url"].as_str().map(str::to_owned);
    assert!(url(accepted(&sandbox).await).unwrap().starts_with(&sandbox.origin));
    sandbox.switch("pollUrlForm", "relative");
    assert!(url(accepted(&sandbox).await).unwrap().starts_with("/business/v1/"));
    sandbox.switch("pollUrlForm", "otherHost");
    assert!(
        url(accepted(&sandbox).await)
            .unwrap()
            .starts_with("http://poll.elsewhere.invalid/")
    );
    sandbox.switch("pollUrlForm", "missing");
    let body = accepted(&sandbox).await;
    assert!(body["id"].is_i64() && body.get("url").is_none());
    sandbox.switch("pollUrlForm", "emptyBody");
    assert_eq!(accepted(&sandbox).await, json!(""));
}

#[tokio::test]
async fn a_company_is_listed_before_with_or_after_its_poll() {
    let companies = "/v1/managed-companies";
    for (switch, seconds, listed) in [
        ("no", 1, 1),
        ("no", 2, 2),
        ("yes", 0, 2),
        ("later", 31, 1),
        ("later", 32, 2),
    ] {
        let sandbox = start().await;
        sandbox.switch("listedBeforePollDone", switch);
        accepted(&sandbox).await;
        sandbox.clock.advance(seconds);
        assert_eq!(
            sandbox.walk(companies).await.len(),
            listed,
            "{switch} after {seconds} s"
        );
    }
}
