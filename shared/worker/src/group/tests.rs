//! Transactions that wait for each other, against a database that the test answers for.

use std::fmt;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use domain::filter::Filter;
use domain::ids::{ImportId, IntegrationId, MspId};
use domain::import::{Import, Person};
use futures::future::join_all;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::fenced::{FencedOutcome, FencedTransaction};
use store::lease::{Lease, LeaseOutcome};
use store::tx::Action;
use store::{Key, Store, StoreError, Table, Tenant};

use super::Group;

/// What the database answers to a transaction of these sort keys: a status and a body.
type Answers = dyn Fn(&[String]) -> (u16, Value) + Send + Sync;

/// A database that keeps of each transaction which items it was about, the lease aside.
#[derive(Clone)]
struct Database {
    answers: Arc<Answers>,
    committed: Arc<Mutex<Vec<Vec<String>>>>,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Database")
    }
}

impl HttpConnector for Database {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap();
        let is_transaction = target.ends_with("TransactWriteItems");
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let (status, answer) = if is_transaction {
            let actions = body["TransactItems"].as_array().unwrap().iter().skip(1);
            let items = actions.map(|action| action["Put"]["Item"]["sk"]["S"].as_str().unwrap().to_owned());
            let items: Vec<String> = items.collect();
            let answer = (self.answers)(&items);
            self.committed.lock().unwrap().push(items);
            answer
        } else {
            let attributes = json!({ "epoch": { "N": "1" }, "until": { "N": "0" } });
            (200, json!({ "Attributes": attributes }))
        };
        let mut response = HttpResponse::new(status.try_into().unwrap(), answer.to_string().into());
        let headers = response.headers_mut();
        headers.insert("content-type", "application/x-amz-json-1.0");
        // As every database, it answers later than it is asked.
        HttpConnectorFuture::new(async {
            tokio::task::yield_now().await;
            Ok(response)
        })
    }
}

impl Database {
    fn answering(answers: impl Fn(&[String]) -> (u16, Value) + Send + Sync + 'static) -> Self {
        Self {
            answers: Arc::new(answers),
            committed: Arc::default(),
        }
    }

    fn tenant(&self) -> Tenant {
        let connector = SharedHttpConnector::new(self.clone());
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .endpoint_url("http://dynamodb.test")
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_config(aws_sdk_dynamodb::config::retry::RetryConfig::disabled())
            .http_client(http_client_fn(move |_, _| connector.clone()));
        let client = aws_sdk_dynamodb::Client::from_conf(config.build());
        Store::new(client, "Records", "Imports").of(&MspId::new("m"))
    }

    fn committed(&self) -> Vec<Vec<String>> {
        self.committed.lock().unwrap().clone()
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

async fn lease(tenant: &Tenant) -> Lease {
    let person = Person {
        subject: "ana".to_owned(),
        name: "Ana".to_owned(),
    };
    let integration = IntegrationId::new("i");
    let import = Import::new(
        ImportId::new("x"),
        MspId::new("m"),
        integration,
        Filter::default(),
        person,
        now(),
    );
    match tenant.acquire_lease(&import, now()).await.unwrap() {
        LeaseOutcome::Acquired(lease) => lease,
        other => panic!("{other:?}"),
    }
}

/// A transaction that writes one item.
fn write(tenant: &Tenant, lease: &Lease, item: &str) -> FencedTransaction {
    let mut tx = lease.transaction(tenant, now()).unwrap();
    let key = Key::in_records(&tenant.msp, "#TEST", item);
    tx.push(Action::put(tenant, Table::Records, key.to_item()).unwrap())
        .unwrap();
    tx
}

/// Commits such transactions at the same moment.
async fn commit_all(tenant: &Tenant, items: &[&str]) -> Vec<Result<FencedOutcome, StoreError>> {
    let (group, lease) = (Group::default(), lease(tenant).await);
    let all = items
        .iter()
        .map(|item| group.commit(tenant, write(tenant, &lease, item)));
    join_all(all).await
}

/// The refusal of a transaction by the condition of its second action.
fn refused(items: &[String]) -> (u16, Value) {
    let mut reasons = vec![json!({ "Code": "None" }), json!({ "Code": "ConditionalCheckFailed" })];
    reasons.resize(items.len() + 1, json!({ "Code": "None" }));
    let refusal = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    let body = json!({ "__type": refusal, "Message": "refused", "CancellationReasons": reasons });
    (400, body)
}

#[tokio::test]
async fn r37_transactions_that_wait_for_each_other_are_committed_as_one() {
    let database = Database::answering(|_| (200, json!({})));
    let outcomes = commit_all(&database.tenant(), &["a", "b", "c"]).await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Ok(FencedOutcome::Committed)))
    );
    assert_eq!(database.committed().concat(), ["a", "b", "c"]);
    assert!(database.committed().len() < 3, "{:?}", database.committed());
}

#[tokio::test]
async fn r37_of_a_refused_group_each_is_committed_by_itself() {
    let database = Database::answering(|items| {
        if items.iter().any(|item| item == "b") {
            return refused(items);
        }
        (200, json!({}))
    });
    let outcomes = commit_all(&database.tenant(), &["a", "b", "c"]).await;
    let is_committed = |outcome: &Result<FencedOutcome, StoreError>| matches!(outcome, Ok(FencedOutcome::Committed));
    let committed: Vec<bool> = outcomes.iter().map(is_committed).collect();
    assert_eq!(committed, [true, false, true]);
    assert!(matches!(outcomes[1], Ok(FencedOutcome::Refused(_))));
}

#[tokio::test]
async fn r37_a_group_that_may_have_been_applied_is_not_repeated() {
    let database = Database::answering(|_| {
        let error = "com.amazonaws.dynamodb.v20120810#InternalServerError";
        (500, json!({ "__type": error, "message": "who knows" }))
    });
    let outcomes = commit_all(&database.tenant(), &["a", "b", "c"]).await;
    assert!(outcomes.iter().all(Result::is_err));
    let mut asked = database.committed().concat();
    asked.sort();
    asked.dedup();
    assert_eq!(asked, ["a", "b", "c"]);
    assert_eq!(database.committed().concat().len(), 3, "one was tried twice");
}

#[tokio::test]
async fn r37_two_writes_of_one_item_are_not_in_one_transaction() {
    let database = Database::answering(|_| (200, json!({})));
    let outcomes = commit_all(&database.tenant(), &["a", "b", "b", "c"]).await;
    assert!(outcomes.iter().all(Result::is_ok));
    for committed in database.committed() {
        assert!(
            committed.iter().filter(|item| *item == "b").count() < 2,
            "{committed:?}"
        );
    }
    assert_eq!(database.committed().concat().len(), 4);
}

#[tokio::test]
async fn r37_what_was_given_up_while_it_waited_is_not_applied() {
    let database = Database::answering(|_| (200, json!({})));
    let tenant = database.tenant();
    let (group, lease) = (Group::default(), lease(&tenant).await);
    let turn = group.turn.lock().await;
    let mut given_up = Box::pin(group.commit(&tenant, write(&tenant, &lease, "a")));
    assert!(futures::poll!(&mut given_up).is_pending());
    drop(given_up);
    drop(turn);
    let outcome = group.commit(&tenant, write(&tenant, &lease, "b")).await;
    assert!(matches!(outcome, Ok(FencedOutcome::Committed)));
    assert_eq!(database.committed(), [["b"]]);
}
