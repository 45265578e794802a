//! Lost replies, limits, and errors in other forms.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use simkit::Simulator as _;

use crate::client::start;

const USERS: &str = "/v1/managed-companies/1101/users";
const COMPANIES: &str = "/v1/managed-companies";

#[tokio::test]
async fn r82_a_lost_reply_leaves_its_effect() {
    let sandbox = start().await;
    let calls: [(&str, Method, String, Value); 4] = [
        ("companies", Method::POST, COMPANIES.to_owned(), json!({"name": "B"})),
        (
            "users",
            Method::POST,
            USERS.to_owned(),
            json!({"name": "U", "email": "u@x.example", "creationAccountAction": "stage"}),
        ),
        ("invites", Method::POST, format!("{USERS}/50102/invite"), json!({})),
        (
            "patches",
            Method::PATCH,
            format!("{USERS}/50101"),
            json!({"name": "Anders"}),
        ),
    ];
    for (switch, method, path, body) in calls {
        sandbox.switch("lostReply", switch);
        let sent = sandbox.request(method, &path).json(&body).send().await;
        assert!(sent.is_err(), "{switch}");
        assert_eq!(sandbox.simulator.requests().items().last().unwrap().status, None);
    }
    sandbox.switch("lostReply", "off");
    sandbox.clock.advance(2);
    assert_eq!(sandbox.names(COMPANIES).await, ["Bakkerij Jansen", "B"]);
    assert_eq!(sandbox.names(USERS).await, ["Anders", "Piet Jansen", "U"]);
    assert_eq!(sandbox.mails().len(), 1);
}

#[tokio::test]
async fn r82_a_fault_loses_a_single_reply() {
    let sandbox = start().await;
    let fault = json!({"match": {"method": "POST", "path": "users$"}, "times": 1, "answer": {"loseReply": true}});
    sandbox.simulator.faults().add(serde_json::from_value(fault).unwrap());
    let body = json!({"name": "U", "email": "u@x.example", "creationAccountAction": "invite"});
    assert!(sandbox.request(Method::POST, USERS).json(&body).send().await.is_err());
    assert_eq!(sandbox.post(USERS, body).await.0, 409, "the first one was done");
}

#[tokio::test]
async fn r87_requests_beyond_the_limit_are_refused() {
    for (switch, status, header) in [
        ("retryAfterSeconds", 429, Some("1")),
        ("retryAfterDate", 429, Some("GMT")),
        ("noRetryAfter", 429, None),
        ("unavailable", 503, None),
    ] {
        let sandbox = start().await;
        sandbox.switch("rateLimit", switch);
        sandbox.switch("requestsPerSecond", 1);
        let (mut refused, mut taken) = (None, 0);
        for _ in 0..4 {
            let response = sandbox.request(Method::GET, COMPANIES).send().await.unwrap();
            match response.status().as_u16() {
                200 => taken += 1,
                _ => refused = Some(response),
            }
        }
        let refused = refused.unwrap();
        assert!((1..4).contains(&taken), "{switch}");
        assert_eq!(refused.status().as_u16(), status);
        let after = refused
            .headers()
            .get("retry-after")
            .map(|value| value.to_str().unwrap());
        assert_eq!(after.is_some(), header.is_some(), "{switch}");
        assert!(after.is_none_or(|after| after.ends_with(header.unwrap())), "{after:?}");
        sandbox.clock.advance(1);
        assert_eq!(sandbox.get(COMPANIES).await.0, 200);
    }
}

#[tokio::test]
async fn errors_have_the_body_switched() {
    let sandbox = start().await;
    for (switch, content, body) in [
        ("problem", "application/problem+json", "{"),
        ("json", "application/json", "{"),
        ("html", "text/html", "<html>"),
        ("empty", "application/json", ""),
    ] {
        sandbox.switch("errorContentType", switch);
        let response = sandbox.request(Method::GET, "/v1/users/9").send().await.unwrap();
        assert_eq!(
            (
                response.status().as_u16(),
                response.headers()["content-type"].to_str().unwrap()
            ),
            (404, content)
        );
        let text = response.text().await.unwrap();
        assert!(
            text.starts_with(body) && (!body.is_empty() || text.is_empty()),
            "{text}"
        );
    }
}

#[tokio::test]
async fn faults_stand_before_the_simulator() {
    let sandbox = start().await;
    let fault =
        json!({"match": {"path": "managed"}, "times": 2, "answer": {"status": 503, "headers": {"Retry-After": "2"}}});
    sandbox.simulator.faults().add(serde_json::from_value(fault).unwrap());
    assert_eq!(sandbox.get("/v1/users").await.0, 200);
    assert_eq!(sandbox.get(COMPANIES).await.0, 503);
    sandbox.simulator.faults().clear();
    assert_eq!(sandbox.get(COMPANIES).await.0, 200);
    let late = json!({"answer": {"delayMs": 50}});
    sandbox.simulator.faults().add(serde_json::from_value(late).unwrap());
    let begun = std::time::Instant::now();
    sandbox.get(COMPANIES).await;
    assert!(begun.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn the_key_is_not_kept_with_the_requests() {
    let sandbox = start().await;
    sandbox.get(COMPANIES).await;
    let kept = format!("{:?}", sandbox.simulator.requests().items());
    assert!(kept.contains(COMPANIES) && !kept.contains("lpkey_"));
}
