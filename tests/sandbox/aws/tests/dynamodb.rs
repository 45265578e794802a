//! The tables, through the real SDK over real HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail where it stands")]
#![allow(clippy::disallowed_methods, reason = "DynamoDB is asked, not a PSA")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, TransactWriteItem, Update};
use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use local_aws::{DynamoDb, Error, Server, Store, Template, sdk};
use serde_json::json;

const TEMPLATE: &str = include_str!("../../../../infra/template.yaml");
const DEFINITION: &str = include_str!("../../../../infra/import.asl.json");

async fn start(store: Store) -> (DynamoDb, Client) {
    let dynamodb = DynamoDb::start(store, &Template::load().unwrap()).await.unwrap();
    let client = Client::new(&sdk::config(&dynamodb.url()));
    (dynamodb, client)
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

async fn put_row(client: &Client, sk: &str) {
    let put = client
        .put_item()
        .table_name("ImportsTable")
        .item("pk", text("x1"))
        .item("sk", text(sk));
    put.send().await.unwrap();
}

#[tokio::test]
async fn the_tables_are_those_of_the_template() {
    let (_dynamodb, client) = start(Store::Memory).await;
    let imports = client
        .describe_table()
        .table_name("ImportsTable")
        .send()
        .await
        .unwrap()
        .table
        .unwrap();
    let keys: Vec<_> = imports
        .key_schema()
        .iter()
        .map(|key| (key.attribute_name(), key.key_type().as_str()))
        .collect();
    assert_eq!(keys, [("pk", "HASH"), ("sk", "RANGE")]);
    assert!(imports.local_secondary_indexes().is_empty());
    assert_eq!(
        imports
            .stream_specification()
            .unwrap()
            .stream_view_type()
            .unwrap()
            .as_str(),
        "NEW_IMAGE"
    );
    let expiry = client
        .describe_time_to_live()
        .table_name("ImportsTable")
        .send()
        .await
        .unwrap();
    assert_eq!(
        expiry.time_to_live_description().unwrap().attribute_name(),
        Some("expires")
    );

    let records = client
        .describe_table()
        .table_name("RecordsTable")
        .send()
        .await
        .unwrap()
        .table
        .unwrap();
    assert_eq!(records.deletion_protection_enabled(), Some(true));
    assert!(records.stream_specification().is_none());
}

#[tokio::test]
async fn what_is_spent_is_counted_and_the_sandboxs_own_requests_are_not() {
    let (dynamodb, client) = start(Store::Memory).await;
    assert_eq!(
        dynamodb.meter().snapshot().operations,
        BTreeMap::new(),
        "the tables were made past the meter"
    );

    put_row(&client, "ROW#1").await;
    let get = client
        .get_item()
        .table_name("ImportsTable")
        .key("pk", text("x1"))
        .key("sk", text("ROW#1"));
    get.clone().consistent_read(true).send().await.unwrap();
    get.send().await.unwrap();
    let refused = client
        .put_item()
        .table_name("ImportsTable")
        .item("pk", text("x1"))
        .item("sk", text("ROW#1"));
    refused
        .condition_expression("attribute_not_exists(pk)")
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        serde_json::to_value(dynamodb.meter().snapshot()).unwrap(),
        // One write; a consistent read costs one unit and another a half.
        json!({ "operations": { "PutItem": 2, "GetItem": 2 }, "refused": 1, "writeUnits": 1.0, "readUnits": 1.5 })
    );
    dynamodb.meter().reset();
    assert_eq!(dynamodb.meter().snapshot(), local_aws::Spent::default());
}

#[tokio::test]
async fn transactions_and_batches_are_counted_at_their_price() {
    use aws_sdk_dynamodb::types::{Put, PutRequest, TransactWriteItem, WriteRequest};
    let (dynamodb, client) = start(Store::Memory).await;
    let put = |sk: &str| {
        Put::builder()
            .table_name("RecordsTable")
            .item("pk", text("m"))
            .item("sk", text(sk))
            .build()
    };
    let items = ["a", "b"].map(|sk| TransactWriteItem::builder().put(put(sk).unwrap()).build());
    client
        .transact_write_items()
        .set_transact_items(Some(items.to_vec()))
        .send()
        .await
        .unwrap();
    assert!(
        (dynamodb.meter().snapshot().write_units - 4.0).abs() < f64::EPSILON,
        "a transaction costs double"
    );

    let put = |sk: &str| {
        PutRequest::builder()
            .item("pk", text("m"))
            .item("sk", text(sk))
            .build()
            .unwrap()
    };
    let items = ["c", "d", "e"].map(|sk| WriteRequest::builder().put_request(put(sk)).build());
    client
        .batch_write_item()
        .request_items("RecordsTable", items.to_vec())
        .send()
        .await
        .unwrap();
    let spent = dynamodb.meter().snapshot();
    assert!((spent.write_units - 7.0).abs() < f64::EPSILON);
    assert_eq!(
        spent.operations,
        BTreeMap::from([("BatchWriteItem".into(), 1), ("TransactWriteItems".into(), 1)])
    );
}

#[tokio::test]
async fn a_caller_who_asks_for_the_capacity_gets_what_he_asked_for() {
    let (dynamodb, client) = start(Store::Memory).await;
    let put = client
        .put_item()
        .table_name("ImportsTable")
        .item("pk", text("x1"))
        .item("sk", text("ROW#1"));
    let put = put
        .item("assignment", text("a"))
        .return_consumed_capacity(ReturnConsumedCapacity::Indexes);
    let capacity = put.send().await.unwrap().consumed_capacity.unwrap();
    assert!(capacity.global_secondary_indexes().unwrap().contains_key("under-way"));
    assert!((dynamodb.meter().snapshot().write_units - 2.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn a_folder_keeps_its_data_and_takes_only_the_definition_it_was_made_from() {
    let folder = tempfile::tempdir().unwrap();
    let store = || Store::Folder(folder.path().to_owned());
    let (dynamodb, client) = start(store()).await;
    put_row(&client, "ROW#1").await;
    dynamodb.stop().await;

    let (dynamodb, client) = start(store()).await;
    let rows = client.scan().table_name("ImportsTable").send().await.unwrap();
    assert_eq!(rows.count, 1);
    dynamodb.stop().await;

    let other = TEMPLATE.replace("IndexName: under-way", "IndexName: order");
    let refused = DynamoDb::start(store(), &Template::parse(&other, DEFINITION).unwrap()).await;
    assert!(matches!(refused, Err(Error::DynamoDb(_))));
}

#[tokio::test]
async fn another_dynamodb_is_used_by_its_address() {
    let (upstream, _) = start(Store::Memory).await;
    let (dynamodb, client) = start(Store::Remote(upstream.url().parse().unwrap())).await;
    put_row(&client, "ROW#1").await;
    assert_eq!(dynamodb.meter().snapshot().operations["PutItem"], 1);
    let rows = Client::new(&sdk::config(&upstream.url()))
        .scan()
        .table_name("ImportsTable")
        .send()
        .await
        .unwrap();
    assert_eq!(rows.count, 1);
    let https = Store::Remote("https://dynamodb.eu-west-1.amazonaws.com".parse().unwrap());
    assert!(matches!(
        DynamoDb::start(https, &Template::load().unwrap()).await,
        Err(Error::DynamoDb(_))
    ));
}

/// Passes requests on, and notes whose they are.
async fn note_access_keys(upstream: String) -> (Server, Arc<Mutex<BTreeSet<String>>>) {
    let keys = Arc::<Mutex<BTreeSet<String>>>::default();
    let (noted, client) = (keys.clone(), reqwest::Client::new());
    let router = Router::new().fallback(async move |headers: HeaderMap, body: Bytes| {
        let signed = headers["authorization"].to_str().unwrap();
        let (_, credential) = signed.split_once("Credential=").unwrap();
        let (key, _) = credential.split_once('/').unwrap();
        noted.lock().unwrap().insert(key.to_owned());
        let request = client.post(&upstream).headers(headers).body(body);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.bytes().await.unwrap())
    });
    (Server::start(router).await.unwrap(), keys)
}

#[tokio::test]
async fn the_user_in_an_address_is_whose_every_request_is() {
    let (upstream, _) = start(Store::Memory).await;
    let (between, keys) = note_access_keys(upstream.url()).await;
    let address = between.url().replace("http://", "http://123456789012@");
    // Tables are made past the meter, and rows through it.
    let (_dynamodb, client) = start(Store::Remote(address.parse().unwrap())).await;
    assert_eq!(keys.lock().unwrap().pop_first().as_deref(), Some("123456789012"));
    put_row(&client, "ROW#1").await;
    assert_eq!(*keys.lock().unwrap(), BTreeSet::from(["123456789012".to_owned()]));
}

#[tokio::test]
async fn sandboxes_in_one_process_do_not_see_each_other() {
    let ((_one, client), (_other, other_client)) = (start(Store::Memory).await, start(Store::Memory).await);
    put_row(&client, "ROW#1").await;
    assert_eq!(
        other_client
            .scan()
            .table_name("ImportsTable")
            .send()
            .await
            .unwrap()
            .count,
        0
    );
}

#[tokio::test]
async fn a_transaction_is_written_once_for_a_token() {
    let (dynamodb, client) = start(Store::Memory).await;
    let add = |token: &str, number: &str| {
        let update = Update::builder()
            .table_name("ImportsTable")
            .key("pk", text("x1"))
            .key("sk", text("COUNT"))
            .update_expression("ADD times :n")
            .condition_expression("attribute_not_exists(locked)")
            .expression_attribute_values(":n", AttributeValue::N(number.to_owned()));
        let items = TransactWriteItem::builder().update(update.build().unwrap()).build();
        client
            .transact_write_items()
            .transact_items(items)
            .client_request_token(token)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
    };
    add("one", "1").await.unwrap();
    let (repeated, other) = (add("one", "1").await.unwrap(), add("one", "2").await.unwrap_err());
    assert_eq!(repeated.consumed_capacity()[0].read_capacity_units(), Some(2.0));
    let other = other.into_service_error();
    assert!(other.is_idempotent_parameter_mismatch_exception(), "{other:?}");
    let (one, another) = tokio::join!(add("two", "1"), add("two", "1"));
    assert!(one.is_ok() && another.is_ok(), "the second waits for the first");
    let item = async || {
        let get = client.get_item().table_name("ImportsTable");
        let get = get.key("pk", text("x1")).key("sk", text("COUNT")).send().await.unwrap();
        get.item.unwrap()
    };
    assert_eq!(item().await["times"], AttributeValue::N("2".to_owned()));

    // One that was refused may succeed with its token.
    let lock = async |expression: &str| {
        let update = client
            .update_item()
            .table_name("ImportsTable")
            .update_expression(expression);
        let update = update.key("pk", text("x1")).key("sk", text("COUNT"));
        let update = if expression.starts_with("SET") {
            update.expression_attribute_values(":yes", text("yes"))
        } else {
            update
        };
        update.send().await.unwrap();
    };
    lock("SET locked = :yes").await;
    add("three", "1").await.unwrap_err();
    lock("REMOVE locked").await;
    add("three", "1").await.unwrap();
    assert_eq!(item().await["times"], AttributeValue::N("3".to_owned()));
    dynamodb.stop().await;
}
