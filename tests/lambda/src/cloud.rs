//! What a starting function sees: Lambda's runtime API with one event, and an AWS that has nothing.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

/// Runtime API and AWS for one process. Dropping it closes both.
pub(crate) struct Cloud {
    port: u16,
    seen: Mutex<UnboundedReceiver<Seen>>,
    server: JoinHandle<()>,
}

/// What the process did.
enum Seen {
    Ready(Instant),
    Answered(Instant, Value),
    Failed(String),
}

struct Lambda {
    event: Mutex<Option<Value>>,
    seen: UnboundedSender<Seen>,
}

impl Cloud {
    pub async fn start(event: Value) -> std::io::Result<Self> {
        let (sender, seen) = unbounded_channel();
        let lambda = Lambda {
            event: Mutex::new(Some(event)),
            seen: sender,
        };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failure))
            .route("/2018-06-01/runtime/init/error", post(failure))
            .route("/", post(aws))
            .with_state(Arc::new(lambda));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        Ok(Self {
            port: listener.local_addr()?.port(),
            seen: Mutex::new(seen),
            server: tokio::spawn(async move { drop(axum::serve(listener, router).await) }),
        })
    }

    /// What Lambda and the template would put into the environment.
    pub fn environment(&self, function: &str) -> Vec<(&'static str, String)> {
        let here = format!("127.0.0.1:{}", self.port);
        vec![
            ("AWS_LAMBDA_RUNTIME_API", here.clone()),
            ("AWS_LAMBDA_FUNCTION_NAME", function.to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512".to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "start".to_owned()),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "start".to_owned()),
            ("AWS_REGION", "eu-west-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "start".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "start".to_owned()),
            ("AWS_ENDPOINT_URL", format!("http://{here}")),
            ("RECORDS_TABLE", "records".to_owned()),
            ("IMPORTS_TABLE", "imports".to_owned()),
            ("SECRET_PREFIX", "psa-import/".to_owned()),
            ("RUST_LOG", "info".to_owned()),
            ("MALLOC_ARENA_MAX", "1".to_owned()),
            ("MALLOC_MMAP_THRESHOLD_", "131072".to_owned()),
            // The console's.
            ("API", "https://api.example".to_owned()),
            ("ORIGIN", "https://api.example".to_owned()),
            ("ISSUER", "https://id.example".to_owned()),
            ("CLIENT_ID", "console".to_owned()),
            ("CONSOLE_SECRET", "console".to_owned()),
        ]
    }

    /// When the process was ready, when it had answered, and what.
    pub async fn exchange(&self) -> Result<(Instant, Instant, Value), Box<dyn Error>> {
        let mut ready = None;
        loop {
            let seen = std::future::poll_fn(|context| {
                let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.poll_recv(context)
            });
            match (seen.await, ready) {
                (Some(Seen::Ready(at)), None) => ready = Some(at),
                (Some(Seen::Answered(at, answer)), Some(ready)) => return Ok((ready, at, answer)),
                (Some(Seen::Failed(why)), _) => return Err(why.into()),
                _ => return Err("the process did something out of order".into()),
            }
        }
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn next(State(lambda): State<Arc<Lambda>>) -> Response {
    let event = lambda.event.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(event) = event else {
        // Nothing comes any more; the process is ended while it waits.
        return std::future::pending().await;
    };
    let _ = lambda.seen.send(Seen::Ready(Instant::now()));
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-west-1:000000000000:function:start",
        ),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"),
    ];
    (headers, Json(event)).into_response()
}

async fn response(State(lambda): State<Arc<Lambda>>, body: Bytes) -> StatusCode {
    let at = Instant::now();
    let answer = serde_json::from_slice(&body).unwrap_or_default();
    let _ = lambda.seen.send(Seen::Answered(at, answer));
    StatusCode::ACCEPTED
}

async fn failure(State(lambda): State<Arc<Lambda>>, body: Bytes) -> StatusCode {
    let why = String::from_utf8_lossy(&body).into_owned();
    let _ = lambda.seen.send(Seen::Failed(why));
    StatusCode::ACCEPTED
}

/// No item, no secret.
async fn aws(headers: HeaderMap) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    let (status, body) = if target.starts_with("secretsmanager.") {
        (
            StatusCode::BAD_REQUEST,
            json!({ "__type": "ResourceNotFoundException" }),
        )
    } else if target.ends_with(".Query") {
        (StatusCode::OK, json!({ "Items": [], "Count": 0, "ScannedCount": 0 }))
    } else {
        (StatusCode::OK, json!({}))
    };
    (status, Json(body)).into_response()
}
