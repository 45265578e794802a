//! The wire below the AWS SDKs: what they send arrives here as bytes, and leaves as an answer, an error, or not at all.

use std::collections::BTreeSet;
use std::fmt;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    AsyncSleep, BehaviorVersion, Credentials, Region, SharedAsyncSleep, Sleep, StalledStreamProtectionConfig,
};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use futures::future::BoxFuture;
use lastpass::KEY;
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::night::{Fault, Night};
use crate::pace::{LIMITS, Pace};

/// Changes a request to DynamoDB on its way: operation and body. Stands for a version of the product that lacks something.
pub type Sabotage = Arc<dyn Fn(&str, &mut Value) + Send + Sync>;

/// A call that is about to leave a function.
#[derive(Debug)]
pub struct Call<'a> {
    /// What it is, for people.
    pub name: &'a str,
    /// The same for repetitions of one request.
    pub request: &'a str,
}

/// What the wire does with a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Applies and answers.
    Answer,
    /// Applies, then answers with an error.
    ApplyAndFail,
    /// Answers with an error.
    Fail,
    /// Applies, then never answers.
    ApplyAndHang,
    /// Does nothing, ever.
    Hang,
}

/// Decides what becomes of calls.
pub trait Gate: Send + Sync {
    /// Lets a call through, when it is its turn, or not.
    fn pass<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Verdict>;
}

/// Looks at every request to DynamoDB and its answer: operation, body, status, and the engine as it was before.
pub trait Watch: Send + Sync {
    /// Applies a request by `apply` and looks at what comes of it.
    fn look(&self, engine: &Engine, operation: &str, body: &str, apply: &dyn Fn() -> (u16, String)) -> (u16, String);
}

/// What stands behind the wire.
#[derive(Clone)]
pub struct Wire {
    /// DynamoDB.
    pub engine: Engine,
    /// What becomes of the calls.
    pub gate: Arc<dyn Gate>,
    /// Whether DynamoDB answers at all.
    pub night: Night,
    /// How fast DynamoDB is; without it every answer comes at once, and so do pauses between repetitions.
    pub pace: Option<Pace>,
    /// Who looks at them, if anybody.
    pub watch: Option<Arc<dyn Watch>>,
    /// What Secrets Manager answers for every secret but those of LastPass.
    pub secret: String,
    /// The names of the secrets that hold a key of LastPass.
    pub lastpass_keys: Arc<Mutex<BTreeSet<String>>>,
    /// The names of the secrets that were made and not deleted since.
    pub vault: Arc<Mutex<BTreeSet<String>>>,
    /// The flaw of the product that is played, if any.
    pub sabotage: Option<Sabotage>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let wire = self.clone();
        HttpConnectorFuture::new(async move { wire.exchange(request).await })
    }
}

impl Wire {
    /// A client of DynamoDB, as a new process has it.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .endpoint_url("http://dynamodb.test")
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .http_client(self.client());
        let config = if self.pace.is_some() {
            let [operation, attempt] = LIMITS;
            let limits = TimeoutConfig::builder().operation_timeout(operation);
            config.timeout_config(limits.operation_attempt_timeout(attempt).build())
        } else {
            config.sleep_impl(SharedAsyncSleep::new(NoSleep))
        };
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// A client of Secrets Manager.
    pub fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        let config = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .endpoint_url("http://secrets.test")
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .sleep_impl(SharedAsyncSleep::new(NoSleep))
            .http_client(self.client());
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }

    fn client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let header = |name| request.headers().get(name).unwrap_or_default();
        let (service, operation) = header("x-amz-target").split_once('.').unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default();
        let body = std::str::from_utf8(body).unwrap();
        let apply = || {
            if service == "secretsmanager" {
                response(200, self.in_vault(operation, body))
            } else {
                self.apply(operation, body)
            }
        };
        let name = format!("{operation} {}", about(body));
        if let Some(fault) = self.meets(service, &name, header("amz-sdk-request")) {
            return unanswered(fault);
        }
        if self.night.is_dying() {
            pending::<()>().await;
        }
        // Reading a secret changes nothing and is not counted.
        if operation == "GetSecretValue" {
            return Ok(apply());
        }
        let call = Call {
            name: &name,
            request: header("amz-sdk-invocation-id"),
        };
        if let Some(pace) = &self.pace {
            pace.answer().await;
        }
        match self.gate.pass(call).await {
            Verdict::Answer => Ok(apply()),
            Verdict::ApplyAndFail => {
                apply();
                Err(lost())
            }
            Verdict::Fail => Err(lost()),
            Verdict::ApplyAndHang => {
                apply();
                pending().await
            }
            Verdict::Hang => pending().await,
        }
    }

    /// The fault that a request meets. All attempts of a call together take their time at the first.
    fn meets(&self, service: &str, name: &str, attempt: &str) -> Option<Fault> {
        let is_of_service = if service == "secretsmanager" {
            Fault::is_of_secrets
        } else {
            Fault::is_of_store
        };
        if attempt.starts_with("attempt=1;") {
            self.night.meets(name, is_of_service)
        } else {
            self.night.now().filter(|fault| is_of_service(*fault))
        }
    }

    fn apply(&self, operation: &str, body: &str) -> HttpResponse {
        let sabotaged = self.sabotage.as_ref().map(|sabotage| {
            let mut body = serde_json::from_str(body).unwrap();
            sabotage(operation, &mut body);
            body.to_string()
        });
        let applied = sabotaged.as_deref().unwrap_or(body);
        let answer = |body: &str| self.engine.answer(operation, body);
        let apply = || match &self.pace {
            Some(pace) => pace.apply(operation, applied, &answer),
            None => answer(applied),
        };
        let (status, answer) = match &self.watch {
            Some(watch) => watch.look(&self.engine, operation, body, &apply),
            None => apply(),
        };
        response(status, answer)
    }

    fn in_vault(&self, operation: &str, body: &str) -> String {
        let request: Value = serde_json::from_str(body).unwrap_or_default();
        let name = request["Name"].as_str().or(request["SecretId"].as_str());
        let name = name.unwrap_or_default().to_owned();
        let mut vault = self.vault.lock().unwrap();
        let version = json!({ "ARN": "arn:test", "Name": "test", "VersionId": "1" });
        let mut lastpass_keys = self.lastpass_keys.lock().unwrap();
        match operation {
            "GetSecretValue" => {
                let is_lastpass = lastpass_keys.contains(&name);
                let secret = if is_lastpass { KEY } else { self.secret.as_str() };
                json!({ "ARN": "arn:test", "Name": "test", "SecretString": secret }).to_string()
            }
            "CreateSecret" => {
                if request["SecretString"] == KEY {
                    lastpass_keys.insert(name.clone());
                }
                vault.insert(name);
                version.to_string()
            }
            "DeleteSecret" => {
                vault.remove(&name);
                json!({ "ARN": "arn:test", "Name": name }).to_string()
            }
            other => panic!("nobody is known to call {other}"),
        }
    }
}

fn response(status: u16, body: String) -> HttpResponse {
    let mut response = HttpResponse::new(status.try_into().unwrap(), body.into());
    response
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.0");
    response
}

fn unanswered(fault: Fault) -> Result<HttpResponse, ConnectorError> {
    let error = |name: &str| json!({ "__type": name }).to_string();
    let of_store = |name: &str| error(&format!("com.amazonaws.dynamodb.v20120810#{name}"));
    match fault {
        Fault::StoreError => Ok(response(500, of_store("InternalServerError"))),
        Fault::StoreThrottling => Ok(response(400, of_store("ProvisionedThroughputExceededException"))),
        Fault::SecretsError => Ok(response(500, error("InternalServiceError"))),
        Fault::SecretsThrottling => Ok(response(400, error("ThrottlingException"))),
        _ => Err(ConnectorError::timeout(io::Error::from(io::ErrorKind::TimedOut).into())),
    }
}

fn lost() -> ConnectorError {
    ConnectorError::io(io::Error::from(io::ErrorKind::ConnectionReset).into())
}

/// The sort keys that a request is about, so that a failure of a test says where.
fn about(body: &str) -> String {
    let keys = body.match_indices(r#""sk":{"S":""#).filter_map(|(at, found)| {
        let rest = body.get(at + found.len()..)?;
        rest.split('"').next()
    });
    let keys: Vec<&str> = keys.take(8).collect();
    keys.join(" + ")
}

/// The SDK's pauses between repetitions take no time.
#[derive(Debug)]
struct NoSleep;

impl AsyncSleep for NoSleep {
    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(std::future::ready(()))
    }
}
