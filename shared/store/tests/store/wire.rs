//! A wire that ends here: every call is kept, and answered by the test.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::config::{
    AsyncSleep, BehaviorVersion, Credentials, Region, SharedAsyncSleep, Sleep, StalledStreamProtectionConfig,
};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use domain::filter::Filter;
use domain::ids::{ImportId, IntegrationId, MspId};
use domain::import::{Import, Person};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::lease::{Lease, LeaseOutcome};
use store::{Store, Tenant};

/// What DynamoDB answers to an operation and its body: a status and a body.
type Answers = dyn Fn(&str, &Value) -> (u16, Value) + Send + Sync;

/// The wire.
#[derive(Clone)]
pub struct Wire {
    answers: Arc<Answers>,
    calls: Arc<Mutex<Vec<(String, Value)>>>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap();
        let operation = target.split_once('.').unwrap().1;
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let (status, answer) = (self.answers)(operation, &body);
        self.calls.lock().unwrap().push((operation.to_owned(), body));
        let mut response = HttpResponse::new(status.try_into().unwrap(), answer.to_string().into());
        let headers = response.headers_mut();
        headers.insert("content-type", "application/x-amz-json-1.0");
        HttpConnectorFuture::ready(Ok(response))
    }
}

impl Wire {
    /// A wire that is answered so.
    pub fn new(answers: impl Fn(&str, &Value) -> (u16, Value) + Send + Sync + 'static) -> Self {
        Self {
            answers: Arc::new(answers),
            calls: Arc::default(),
        }
    }

    /// A wire behind which everything succeeds and nothing is found.
    pub fn willing() -> Self {
        Self::new(|operation, body| {
            let attributes = json!({ "epoch": { "N": "1" }, "until": { "N": "0" } });
            let key = body["Key"]["sk"]["S"].as_str().unwrap_or_default();
            match operation {
                "UpdateItem" => (200, json!({ "Attributes": attributes })),
                "GetItem" if key.starts_with("INTEGRATION#") => (200, json!({ "Item": integration() })),
                _ => (200, json!({})),
            }
        })
    }

    /// A wire behind which every read finds this item; standing decisions, which every review reads, only if it is them.
    pub fn holding(item: Value) -> Self {
        let is_other = move |body: &Value, item: &Value| {
            let asked = &body["Key"]["sk"]["S"];
            *asked == "STANDING" && item["sk"]["S"] != *asked
        };
        Self::new(move |operation, body| match operation {
            "GetItem" if is_other(body, &item) => (200, json!({})),
            "GetItem" => (200, json!({ "Item": item })),
            "Query" => (200, json!({ "Items": [item] })),
            _ => (200, json!({})),
        })
    }

    /// What was asked so far by this operation.
    pub fn calls(&self, operation: &str) -> Vec<Value> {
        let calls = self.calls.lock().unwrap();
        let calls = calls.iter().filter(|(of, _)| of == operation);
        calls.map(|(_, body)| body.clone()).collect()
    }

    /// A store behind the wire.
    pub fn store(&self) -> Store {
        let connector = SharedHttpConnector::new(self.clone());
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .endpoint_url("http://dynamodb.test")
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .sleep_impl(SharedAsyncSleep::new(NoSleep))
            .http_client(http_client_fn(move |_, _| connector.clone()));
        let client = aws_sdk_dynamodb::Client::from_conf(config.build());
        Store::new(client, "Records", "Imports")
    }

    /// A tenant behind the wire.
    pub fn tenant(&self) -> Tenant {
        self.store().of(&MspId::new("m"))
    }
}

/// An import.
pub fn import() -> Import {
    Import::new(
        ImportId::new("x"),
        MspId::new("m"),
        IntegrationId::new("i"),
        Filter::default(),
        Person {
            subject: "ana".to_owned(),
            name: "Ana".to_owned(),
        },
        now(),
    )
}

/// A moment.
pub fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

/// The worker's place, from a wire that gives it.
pub async fn lease(tenant: &Tenant) -> Lease {
    match tenant.acquire_lease(&import(), now()).await.unwrap() {
        LeaseOutcome::Acquired(lease) => lease,
        other => panic!("{other:?}"),
    }
}

/// A transaction's refusal by the condition of its first action.
pub fn refused(body: &Value) -> (u16, Value) {
    let actions = body["TransactItems"].as_array().map_or(1, Vec::len);
    let mut reasons = vec![json!({ "Code": "ConditionalCheckFailed" })];
    reasons.resize(actions, json!({ "Code": "None" }));
    let refusal = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    (
        400,
        json!({ "__type": refusal, "Message": "refused", "CancellationReasons": reasons }),
    )
}

/// The SDK's pauses between repetitions take no time.
#[derive(Debug)]
struct NoSleep;

impl AsyncSleep for NoSleep {
    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(std::future::ready(()))
    }
}

/// An integration, without which no import starts.
fn integration() -> Value {
    json!({
        "id": { "S": "i" }, "kind": { "S": "connectwise" }, "name": { "S": "Ours" }, "address": { "S": "psa.example" },
        "createdAt": { "S": "2027-01-15T08:00:00Z" },
    })
}
