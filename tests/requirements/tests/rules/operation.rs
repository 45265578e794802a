//! What operators see: metrics that add up, and one trace from the caller to the worker.

use requirements::import::{choose, done, execute, fetch, fetched};
use requirements::problem::call;
use requirements::raw::client;
use requirements::stage::{integration, number, sandbox, text};
use requirements::{PsaKind, Sandbox, faults, for_both};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(metrics_say_what_was_done, a_trace_goes_from_the_caller_to_the_worker);

/// A metric, added up over all lines that have it, as text: whole numbers have no fraction then.
fn total(lines: &[Value], metric: &str) -> String {
    // The sum of nothing would be minus zero.
    let sum = lines
        .iter()
        .filter_map(|line| line[metric].as_f64())
        .fold(0.0, |sum, one| sum + one);
    sum.to_string()
}

async fn metrics_say_what_was_done(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let before = (sandbox.metrics().len(), sandbox.spent().write_units);
    faults::forget_requests(&sandbox, kind);
    let hiccup = json!({ "status": 503 });
    faults::answer_some(&sandbox, kind, faults::CONTACTS, 0, 1, &hiccup);
    let import = fetch(&ana, kind).await;
    let path = format!("/integrations/{}/imports", integration(&ana, kind).await);
    assert_eq!(call(&ana, Method::POST, &path, Some(&json!({}))).await.status, 423);
    choose(&ana, &import, 2).await;
    execute(&ana, &import).await;
    let result = done(&ana, &import).await;

    let lines = sandbox.metrics().split_off(before.0);
    let of = |metric: &str| total(&lines, metric);
    for (metric, expected) in [
        ("ImportsStarted", 1),
        ("LockRefusals", 1),
        ("ImportsDone", 1),
        ("ImportsFailedPsa", 0),
        ("PsaRequests", faults::requests(&sandbox, kind).len()),
        ("PsaRetries", 1),
    ] {
        assert_eq!(of(metric), expected.to_string(), "{metric}");
    }
    let created = number(&result["companies"]["created"]) + number(&result["users"]["created"]);
    assert_eq!(of("RowsCreated"), created.to_string());
    assert_eq!(of("WriteUnits"), (sandbox.spent().write_units - before.1).to_string());
    let ended = lines.iter().find(|line| line.get("ImportsDone").is_some()).unwrap();
    assert_eq!(ended["import"], json!(import));
    assert_embedded(ended);
    sandbox.stop().await;
}

/// CloudWatch takes a line for metrics if it says so itself, in this form.
fn assert_embedded(line: &Value) {
    let directive = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(
        (&directive["Namespace"], &directive["Dimensions"]),
        (&json!("psa-import"), &json!([["FunctionName"]]))
    );
    assert!(line["_aws"]["Timestamp"].as_u64().is_some() && line["FunctionName"].is_string());
    let metrics = directive["Metrics"].as_array().unwrap();
    assert!(!metrics.is_empty());
    for metric in metrics {
        assert!(line[text(&metric["Name"])].is_number(), "{metric}");
    }
}

async fn a_trace_goes_from_the_caller_to_the_worker(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let before = sandbox.metrics().len();
    let import = started_with(&sandbox, kind, trace).await;
    fetched(&ana, &import).await;
    let lines = sandbox.metrics().split_off(before);
    let of_worker = lines.iter().find(|line| line.get("PickUpDelay").is_some()).unwrap();
    assert_eq!(
        (&of_worker["import"], &of_worker["trace"]),
        (&json!(import), &json!(trace))
    );
    sandbox.stop().await;
}

async fn started_with(sandbox: &Sandbox, kind: PsaKind, trace: &str) -> String {
    let ana = sandbox.api("ana");
    let url = format!(
        "{}/integrations/{}/imports",
        sandbox.face.api,
        integration(&ana, kind).await
    );
    let request = client().post(url).bearer_auth(text(&sandbox.face.tokens["ana"]));
    let answer = request
        .header("traceparent", trace)
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    text(&answer.json::<Value>().await.unwrap()["id"]).to_owned()
}
