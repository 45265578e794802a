//! What dynoxide never shows: several shards, closed ones, and iterators that fail. The double answers as AWS does.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodbstreams::Client;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use serde_json::{Value, json};

use super::Stream;
use crate::pipe::progress::Progress;
use crate::{Server, sdk};

/// The operations asked for, and the first fault still to happen: (operation, error).
#[derive(Default)]
struct Script {
    asked: Vec<String>,
    fault: Option<(&'static str, &'static str)>,
}

type Shared = Arc<Mutex<Script>>;

/// A closed parent with record 1 and its open child with record 2; the child is listed on a second page.
async fn answer(State(script): State<Shared>, headers: HeaderMap, body: axum::body::Bytes) -> impl IntoResponse {
    let operation = headers["x-amz-target"]
        .to_str()
        .unwrap()
        .split_once('.')
        .unwrap()
        .1
        .to_owned();
    let request: Value = serde_json::from_slice(&body).unwrap();
    let mut script = script.lock().unwrap();
    if script.fault.is_some_and(|(failing, _)| failing == operation) {
        let (_, error) = script.fault.take().unwrap();
        return (StatusCode::BAD_REQUEST, json!({ "__type": error }).to_string());
    }
    let answer = match operation.as_str() {
        "DescribeStream" if request.get("ExclusiveStartShardId").is_none() => json!({ "StreamDescription": {
            "Shards": [{ "ShardId": "parent" }], "LastEvaluatedShardId": "parent"
        } }),
        "DescribeStream" => json!({ "StreamDescription": {
            "Shards": [{ "ShardId": "child", "ParentShardId": "parent" }]
        } }),
        "GetShardIterator" => {
            let kind = request["ShardIteratorType"].as_str().unwrap();
            script
                .asked
                .push(format!("{} {kind}", request["ShardId"].as_str().unwrap()));
            json!({ "ShardIterator": request["ShardId"] })
        }
        "GetRecords" => match request["ShardIterator"].as_str().unwrap() {
            "parent" => json!({ "Records": [record("1")] }),
            "child" => json!({ "Records": [record("2")], "NextShardIterator": "child, read" }),
            _ => json!({ "Records": [], "NextShardIterator": "child, read" }),
        },
        other => panic!("{other}"),
    };
    (StatusCode::OK, answer.to_string())
}

fn record(sequence: &str) -> Value {
    json!({ "eventID": sequence, "dynamodb": { "SequenceNumber": sequence } })
}

struct Bench {
    _server: Server,
    script: Shared,
    stream: Stream,
    progress: Progress,
}

impl Bench {
    async fn new(fault: Option<(&'static str, &'static str)>) -> Self {
        let script = Arc::new(Mutex::new(Script {
            fault,
            ..Script::default()
        }));
        let router = Router::new().route("/", post(answer)).with_state(script.clone());
        let server = Server::start(router).await.unwrap();
        let stream = Stream::new(Client::new(&sdk::config(&server.url())), "arn:stream".into());
        let progress = Progress::load(None, "arn:stream").unwrap();
        Self {
            _server: server,
            script,
            stream,
            progress,
        }
    }

    /// What one round reads, as shard and sequence number.
    async fn round(&mut self) -> Vec<(String, String)> {
        let mut read = Vec::new();
        for (shard, records) in self.stream.read(&self.progress).await {
            for record in records {
                self.progress.read(&shard, record.event_id().unwrap(), false);
                read.push((shard.clone(), record.event_id().unwrap().to_owned()));
            }
        }
        read
    }
}

fn of(shard: &str, sequence: &str) -> Vec<(String, String)> {
    vec![(shard.to_owned(), sequence.to_owned())]
}

#[tokio::test]
async fn a_child_is_read_once_its_parent_is_read_to_the_end() {
    let mut bench = Bench::new(None).await;
    assert_eq!(bench.round().await, of("parent", "1"));
    assert_eq!(bench.round().await, of("child", "2"));
    assert_eq!(bench.round().await, []);
    assert_eq!(
        bench.script.lock().unwrap().asked,
        ["parent TRIM_HORIZON", "child TRIM_HORIZON"]
    );
}

#[tokio::test]
async fn an_iterator_that_expired_is_replaced_at_the_position() {
    let mut bench = Bench::new(None).await;
    bench.round().await;
    bench.round().await;
    bench.script.lock().unwrap().fault = Some(("GetRecords", "ExpiredIteratorException"));
    assert_eq!(bench.round().await, [], "the fault is passed over");
    bench.round().await;
    let asked = bench.script.lock().unwrap().asked.clone();
    assert_eq!(asked.last().unwrap(), "child AFTER_SEQUENCE_NUMBER");
}

#[tokio::test]
async fn a_position_that_is_trimmed_away_becomes_the_horizon() {
    let mut bench = Bench::new(Some(("GetShardIterator", "TrimmedDataAccessException"))).await;
    bench.progress.read("parent", "0", false);
    assert_eq!(bench.round().await, of("parent", "1"));
    assert_eq!(bench.script.lock().unwrap().asked, ["parent TRIM_HORIZON"]);
}

#[tokio::test]
async fn shards_that_cannot_be_listed_are_asked_for_again() {
    let mut bench = Bench::new(Some(("DescribeStream", "ResourceNotFoundException"))).await;
    assert_eq!(bench.round().await, []);
    assert_eq!(bench.round().await, of("parent", "1"));
}
