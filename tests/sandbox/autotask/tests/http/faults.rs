//! The faults an importer must survive, injected by the sandbox around the simulator.

use serde_json::{Value, json};
use simkit::Simulator as _;

use crate::client::{Sandbox, everything, start};

/// One fault on the second query for contacts.
fn inject(sandbox: &Sandbox, answer: Value) {
    let fault = json!({"match": {"path": "(?i)contacts/query$"}, "skip": 1, "times": 1, "answer": answer});
    sandbox.simulator.faults().add(serde_json::from_value(fault).unwrap());
}

async fn three_pages(sandbox: &Sandbox) -> [(u16, Value); 3] {
    let body = json!({"filter": everything(), "MaxRecords": 1});
    [
        sandbox.post("Contacts/query", &body).await,
        sandbox.post("Contacts/query", &body).await,
        sandbox.post("Contacts/query", &body).await,
    ]
}

#[tokio::test]
async fn any_answer_can_come_in_the_middle_of_a_run() {
    for (answer, seen) in [
        (json!({"status": 401}), (401, json!(""))),
        (
            json!({"status": 500, "body": "{\"errors\":[\"An unexpected error has occurred.\"]}"}),
            (500, json!({"errors": ["An unexpected error has occurred."]})),
        ),
        (
            json!({"status": 404, "headers": {"content-type": "text/html"}, "body": "<html>404</html>"}),
            (404, json!("<html>404</html>")),
        ),
        (
            json!({"status": 200, "body": "Service is starting"}),
            (200, json!("Service is starting")),
        ),
    ] {
        let sandbox = start().await;
        inject(&sandbox, answer);
        let [first, second, third] = three_pages(&sandbox).await;
        assert_eq!((first.0, second, third.0), (200, seen, 200));
    }
}

#[tokio::test]
async fn a_connection_can_break_before_and_within_the_answer() {
    for answer in [json!({"reset": true}), json!({"truncateAfter": 20})] {
        let sandbox = start().await;
        inject(&sandbox, answer);
        let body = json!({"filter": everything()});
        assert_eq!(sandbox.post("Contacts/query", &body).await.0, 200);
        let request = sandbox
            .request(reqwest::Method::POST, "Contacts/query")
            .body(body.to_string());
        let broken = match request.send().await {
            Ok(response) => response.text().await.is_err(),
            Err(_) => true,
        };
        assert!(broken);
    }
}

#[tokio::test]
async fn every_request_is_logged_with_its_status() {
    let sandbox = start().await;
    inject(&sandbox, json!({"status": 429}));
    three_pages(&sandbox).await;
    let log = sandbox.simulator.requests().items();
    assert_eq!(
        log.iter().map(|request| request.status).collect::<Vec<_>>(),
        [Some(200), Some(429), Some(200)]
    );
    assert!(log.iter().all(|request| request.body.contains("MaxRecords")));
}
