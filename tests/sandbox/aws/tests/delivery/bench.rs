//! A sandbox of tables, pipe and state machine, with a worker that does what a test tells it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use local_aws::{DynamoDb, Functions, Invoke, MachineOptions, Pipe, PipeOptions, StateMachine, Store, Template, sdk};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A worker's call that waits for its answer; dropped without one, the worker hangs.
pub struct Call {
    pub function: String,
    pub event: Value,
    answer: oneshot::Sender<Value>,
}

impl Call {
    pub fn import(&self) -> &str {
        self.event["import"].as_str().unwrap()
    }

    pub fn done(self) {
        self.answer(json!({ "outcome": "done", "until": null, "waited": null }));
    }

    pub fn again(self) {
        self.answer(json!({ "outcome": "again", "until": null, "waited": null }));
    }

    pub fn wait_until(self, until: Timestamp) {
        self.answer(json!({ "outcome": "wait", "until": until.to_string(), "waited": null }));
    }

    fn answer(self, answer: Value) {
        self.answer.send(answer).expect("the worker is still there");
    }
}

pub struct Sandbox {
    pub dynamodb: DynamoDb,
    pub pipe: Pipe,
    pub functions: Functions,
    pub clock: Arc<AtomicI64>,
    calls: UnboundedReceiver<Call>,
}

impl Sandbox {
    /// In this folder, or in memory.
    pub async fn start(folder: Option<&Path>) -> Self {
        let template = Template::load().unwrap();
        let store = folder.map_or(Store::Memory, |folder| Store::Folder(folder.to_owned()));
        let dynamodb = DynamoDb::start(store, &template).await.unwrap();
        let (sender, calls) = unbounded_channel();
        let code = template
            .functions()
            .map(|name| (name.to_owned(), worker(name, &sender)));
        let functions = Functions::new(&template, code).unwrap();
        let clock = Arc::<AtomicI64>::default();
        let offset = clock.clone();
        let options = MachineOptions {
            clock: Arc::new(move || Timestamp::now() + SignedDuration::from_secs(offset.load(Ordering::SeqCst))),
            retry_factor: 0.0,
            ..MachineOptions::default()
        };
        let machine = StateMachine::new(template.definition().clone(), functions.clone(), options).unwrap();
        let options = PipeOptions {
            position: folder.map(|folder| folder.join("pipe.json")),
            grace: Duration::from_millis(300),
        };
        let pipe = Pipe::start(&template, &dynamodb, machine, options).await.unwrap();
        Self {
            dynamodb,
            pipe,
            functions,
            clock,
            calls,
        }
    }

    /// The next call of a worker.
    pub async fn call(&mut self) -> Call {
        tokio::time::timeout(PATIENCE, self.calls.recv())
            .await
            .expect("a worker is called")
            .unwrap()
    }

    /// Whether no worker was called that nobody asked about.
    pub fn is_quiet(&mut self) -> bool {
        self.calls.try_recv().is_err()
    }

    /// Writes an Import item through the counted address, as a function does.
    pub async fn write_import(&self, id: &str, assignment: &str) {
        self.write(&format!("MSP#m1#IMPORT#{id}"), "IMPORT", id, assignment)
            .await;
    }

    pub async fn write(&self, pk: &str, sk: &str, id: &str, assignment: &str) {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let put = self.client().put_item().table_name("ImportsTable");
        let put = put
            .item("pk", text(pk))
            .item("sk", text(sk))
            .item("msp", text("m1"))
            .item("id", text(id));
        let put = put
            .item("assignment", text(assignment))
            .item("abandoned", AttributeValue::Bool(false))
            .item("unattended", AttributeValue::Bool(false));
        put.send().await.unwrap();
    }

    pub fn client(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&sdk::config(&self.dynamodb.url()))
    }

    /// As SIGTERM would.
    pub async fn stop(self) {
        self.pipe.stop().await;
        self.dynamodb.stop().await;
    }

    /// As near to SIGKILL as a part of a process can come.
    pub fn crash(self) {
        self.functions.kill();
    }
}

fn worker(name: &str, calls: &UnboundedSender<Call>) -> Invoke {
    let (name, calls) = (name.to_owned(), calls.clone());
    Arc::new(move |invocation| -> BoxFuture<'static, Result<Value, String>> {
        let (answer, answered) = oneshot::channel();
        let call = Call {
            function: name.clone(),
            event: invocation.event,
            answer,
        };
        let sent = calls.send(call);
        async move {
            sent.map_err(|_| "the test is over".to_owned())?;
            match answered.await {
                Ok(answer) => Ok(answer),
                Err(_dropped) => std::future::pending().await,
            }
        }
        .boxed()
    })
}
