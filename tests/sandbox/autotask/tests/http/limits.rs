use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::client::{answer, everything, start};

#[tokio::test]
async fn the_threshold_call_counts_itself_and_open_calls_do_not_count() {
    let sandbox = start().await;
    sandbox.get("Companies/0").await;
    answer(sandbox.open(Method::GET, "/atservicesrest/v1.0/zoneInformation?user=x")).await;
    answer(sandbox.open(Method::GET, "/atservicesrest/v1.0/Companies/0")).await;
    let used = sandbox.get("ThresholdInformation").await;
    let wanted =
        json!({"externalRequestThreshold": 10_000, "requestThresholdTimeframe": 60, "currentTimeframeRequestCount": 2});
    assert_eq!(used, (200, wanted));
}

#[tokio::test]
async fn beyond_the_threshold_every_call_is_429_until_the_hour_is_over() {
    let sandbox = start().await;
    sandbox.switch(json!({"externalRequestThreshold": 3}));
    for _ in 0..2 {
        assert_eq!(sandbox.get("Companies/0").await.0, 200);
    }
    sandbox.clock.advance(1_800);
    assert_eq!(sandbox.get("Companies/0").await.0, 200);
    assert_eq!(sandbox.get("Contacts/query").await.0, 429);
    assert_eq!(sandbox.get("ThresholdInformation").await.0, 429);
    sandbox.clock.advance(1_801);
    assert_eq!(
        sandbox.get("ThresholdInformation").await.1["currentTimeframeRequestCount"],
        2
    );
}

#[tokio::test]
async fn body_and_retry_after_of_the_overrun_are_switches() {
    let sandbox = start().await;
    sandbox.switch(json!({"externalRequestThreshold": 0}));
    let refused = sandbox.request(Method::GET, "Companies/0").send().await.unwrap();
    assert!(refused.status() == 429 && refused.headers().get("Retry-After").is_none());
    assert!(refused.json::<serde_json::Value>().await.unwrap()["errors"][0].is_string());
    sandbox.switch(json!({"overrunBody": "slow down", "overrunRetryAfter": 17}));
    let refused = sandbox.request(Method::GET, "Companies/0").send().await.unwrap();
    assert_eq!(refused.headers()["Retry-After"], "17");
    assert_eq!(refused.text().await.unwrap(), "slow down");
}

#[tokio::test]
async fn a_fourth_call_of_one_entity_at_the_same_time_is_429() {
    let sandbox = start().await;
    sandbox.switch(json!({"serviceMillis": 1_500}));
    let body = json!({"filter": everything()}).to_string();
    let paths = ["query", "query/count", "query", "query"].map(|path| format!("Companies/{path}"));
    let mut calls: Vec<_> = paths
        .map(|path| sandbox.request(Method::POST, &path).body(body.clone()))
        .into();
    // Another entity has threads of its own.
    calls.push(sandbox.request(Method::POST, "Contacts/query").body(body.clone()));
    let tasks: Vec<_> = calls.into_iter().map(|call| tokio::spawn(answer(call))).collect();
    let mut statuses = Vec::new();
    for task in tasks {
        let (status, body) = task.await.unwrap();
        if status == 429 {
            assert_eq!(
                body,
                json!({"errors": ["The Autotask API thread threshold of 3 threads has been exceeded."]})
            );
        }
        statuses.push(status);
    }
    assert_eq!(statuses.pop(), Some(200));
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 429]);
}

#[tokio::test]
async fn what_the_thread_limit_answers_is_open() {
    let sandbox = start().await;
    sandbox.switch(json!({
        "threads": 0, "threadLimitStatus": 503, "threadLimitBody": "Itgenatr005", "threadLimitRetryAfter": 3
    }));
    let refused = sandbox.request(Method::GET, "Companies/0").send().await.unwrap();
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["Retry-After"]),
        (503, &"3".parse().unwrap())
    );
    assert_eq!(refused.text().await.unwrap(), "Itgenatr005");
}

#[tokio::test]
async fn calls_get_slower_beyond_half_of_the_threshold() {
    let sandbox = start().await;
    sandbox.switch(json!({"externalRequestThreshold": 2, "latencyScale": 0.2}));
    let start = Instant::now();
    sandbox.get("Companies/0").await;
    assert!(start.elapsed() >= Duration::from_millis(100));
    let start = Instant::now();
    sandbox.get("Companies/0").await;
    assert!(start.elapsed() >= Duration::from_millis(200));
}
