//! Faults and the log of requests, over real connections.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]
#![allow(
    clippy::disallowed_methods,
    reason = "the server on this machine is the only address asked"
)]

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::{Value, json};
use simkit::faults::Faults;
use simkit::requests::RequestLog;
use simkit::{Served, instrument, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const BODY: &str = "0123456789";
const GET: &[u8] = b"GET /numbers?page=2 HTTP/1.1\r\nhost: x\r\nauthorization: Basic c2VjcmV0\r\n\r\n";
const LIMIT: Duration = Duration::from_secs(10);

struct Simulated {
    faults: Faults,
    requests: RequestLog,
    address: SocketAddr,
    _served: Served,
}

async fn simulated(faults: impl IntoIterator<Item = Value>) -> Simulated {
    let (all, requests) = (Faults::new(), RequestLog::new());
    for fault in faults {
        all.add(serde_json::from_value(fault).unwrap());
    }
    let router = Router::new().route("/numbers", get(async || BODY).post(async || BODY));
    let router = instrument(router, &all, &requests);
    let (address, served) = serve(router, ([127, 0, 0, 1], 0).into()).await.unwrap();
    Simulated {
        faults: all,
        requests,
        address,
        _served: served,
    }
}

impl Simulated {
    async fn get(&self) -> (StatusCode, String) {
        let answer = reqwest::get(format!("http://{}/numbers", self.address)).await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }
}

/// Sends one request and reads until the peer closes or resets the connection.
async fn raw(address: SocketAddr) -> (String, std::io::Result<usize>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(GET).await.unwrap();
    let mut received = Vec::new();
    let end = tokio::time::timeout(LIMIT, stream.read_to_end(&mut received))
        .await
        .unwrap();
    (String::from_utf8(received).unwrap(), end)
}

#[tokio::test]
async fn a_reset_is_a_tcp_reset_without_any_byte() {
    let simulated = simulated([json!({"answer": {"reset": true}})]).await;
    let (received, end) = raw(simulated.address).await;
    assert_eq!(received, "");
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(simulated.requests.items()[0].status, None);
}

#[tokio::test]
async fn a_truncated_answer_announces_its_full_length_and_stops_short() {
    for after in [0, 4] {
        let simulated = simulated([json!({"answer": {"truncateAfter": after}})]).await;
        let (received, _) = raw(simulated.address).await;
        let (head, body) = received.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(head.contains("content-length: 10"), "{head}");
        assert_eq!(body, &BODY[..after]);
        let error = reqwest::get(format!("http://{}/numbers", simulated.address))
            .await
            .unwrap()
            .text()
            .await;
        assert!(error.is_err());
    }
}

#[tokio::test]
async fn a_cut_beyond_the_body_leaves_the_answers_of_the_connection_whole() {
    let simulated = simulated([json!({"times": 1, "answer": {"truncateAfter": 15}})]).await;
    let client = reqwest::Client::new();
    for _ in 0..3 {
        let answer = client
            .get(format!("http://{}/numbers", simulated.address))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.text().await.unwrap(), BODY);
    }
}

#[tokio::test]
async fn an_answer_on_order_is_sent_as_it_is() {
    let simulated =
        simulated([json!({"answer": {"status": 429, "headers": {"Retry-After": "7"}, "body": "{\"error\":"}})]);
    let simulated = simulated.await;
    let answer = reqwest::get(format!("http://{}/numbers", simulated.address))
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(answer.headers()["content-type"], "application/json; charset=utf-8");
    assert_eq!(answer.text().await.unwrap(), "{\"error\":");
}

#[tokio::test]
async fn a_delay_comes_before_the_normal_answer() {
    let simulated = simulated([json!({"answer": {"delayMs": 120}})]).await;
    let start = std::time::Instant::now();
    assert_eq!(simulated.get().await, (StatusCode::OK, BODY.to_owned()));
    assert!(start.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn a_slow_body_comes_long_after_its_head() {
    let simulated = simulated([json!({"answer": {"bodyDelayMs": 300}})]).await;
    let start = std::time::Instant::now();
    let answer = reqwest::get(format!("http://{}/numbers", simulated.address))
        .await
        .unwrap();
    let head = start.elapsed();
    assert_eq!(
        (answer.status(), answer.text().await.unwrap().as_str()),
        (StatusCode::OK, BODY)
    );
    assert!(
        start.elapsed() >= head + Duration::from_millis(150),
        "the head took {head:?}"
    );
}

#[tokio::test]
async fn faults_apply_after_skip_for_times_and_only_where_they_match() {
    let simulated = simulated([
        json!({"match": {"path": "^/other"}, "answer": {"status": 400}}),
        json!({"match": {"method": "POST"}, "answer": {"status": 401}}),
        json!({"match": {"path": "page=2"}, "answer": {"status": 402}}),
        json!({"match": {"method": "get", "path": "numb.r"}, "skip": 1, "times": 2, "answer": {"status": 503}}),
    ])
    .await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(simulated.get().await.0.as_u16());
    }
    assert_eq!(statuses, [200, 503, 503, 200]);
    simulated
        .faults
        .add(serde_json::from_value(json!({"answer": {"status": 500}})).unwrap());
    assert_eq!(simulated.get().await.0.as_u16(), 500);
    simulated.faults.clear();
    assert_eq!(simulated.get().await.0.as_u16(), 200);
}

#[tokio::test]
async fn the_log_holds_every_request_with_its_status_and_no_secret() {
    let simulated = simulated([json!({"match": {"method": "POST"}, "answer": {"status": 500}})]).await;
    raw_keep_alive(simulated.address).await;
    let url = format!("http://{}/numbers", simulated.address);
    reqwest::Client::new()
        .post(url)
        .body("x".repeat(5_000))
        .send()
        .await
        .unwrap();
    let items = serde_json::to_value(simulated.requests.items()).unwrap();
    let kept = "x".repeat(4_096);
    assert_eq!(
        items,
        json!([
            {"method": "GET", "path": "/numbers", "query": "page=2", "body": "", "status": 200},
            {"method": "POST", "path": "/numbers", "query": "", "body": kept, "status": 500},
        ])
    );
    simulated.requests.clear();
    assert!(simulated.requests.items().is_empty());
}

async fn raw_keep_alive(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(GET).await.unwrap();
    let mut byte = [0];
    tokio::time::timeout(LIMIT, stream.read_exact(&mut byte))
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_stopped_server_no_longer_listens() {
    let Simulated {
        address,
        _served: served,
        ..
    } = simulated([]).await;
    tokio::time::timeout(LIMIT, served.stop()).await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
