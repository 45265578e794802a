//! One Lambda function: a router for its HTTP calls, a worker for its events.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::middleware::from_fn;
use lambda_http::Adapter;
use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use serde_json::Value;
use tower::Service;
use tracing::{Level, Subscriber, error};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::prelude::*;

use crate::event::{Deadline, Event, Trigger, Triggered, Work, WorkOutcome};
use crate::problem::answer_problems;

type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;
type Worker = Arc<dyn Fn(Work, Deadline) -> Answer<WorkOutcome> + Send + Sync>;
type Starter = Arc<dyn Fn(Trigger) -> Answer<Triggered> + Send + Sync>;

/// A function, ready to handle events. Cheap to clone.
#[derive(Clone)]
pub struct Function {
    router: Router,
    worker: Option<Worker>,
    starter: Option<Starter>,
}

impl Function {
    /// A function that answers HTTP calls.
    pub fn new(router: Router) -> Self {
        Self {
            router: router.layer(from_fn(answer_problems)),
            worker: None,
            starter: None,
        }
    }

    /// Also does pieces of work.
    #[must_use]
    pub fn with_worker<F>(mut self, worker: impl Fn(Work, Deadline) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<WorkOutcome, Error>> + Send + 'static,
    {
        self.worker = Some(Arc::new(move |work, deadline| Box::pin(worker(work, deadline))));
        self
    }

    /// Also starts unattended imports.
    #[must_use]
    pub fn with_starter<F>(mut self, starter: impl Fn(Trigger) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Triggered, Error>> + Send + 'static,
    {
        self.starter = Some(Arc::new(move |trigger| Box::pin(starter(trigger))));
        self
    }

    /// Handles one event, which the platform ends at `end`.
    pub async fn handle(&self, event: Value, end: Instant) -> Result<Value, Error> {
        match Event::read(event)? {
            Event::Http(request) => {
                // The adapter itself cannot be held across an await.
                let answer = Adapter::from(self.router.clone()).call(LambdaEvent::new(*request, Context::default()));
                let answer = answer.await?;
                Ok(serde_json::to_value(answer)?)
            }
            Event::Work(work) => {
                let worker = self.worker.as_ref().ok_or("this function does no work on imports")?;
                let import = work.import.clone();
                let outcome = worker(work, Deadline::before(end)).await;
                let outcome = outcome.inspect_err(|error| error!(%import, %error, "work failed"))?;
                Ok(serde_json::to_value(outcome)?)
            }
            Event::Trigger(trigger) => {
                let starter = self.starter.as_ref().ok_or("this function starts no imports")?;
                let integration = trigger.integration.clone();
                let answer = starter(trigger).await;
                let answer = answer
                    .inspect_err(|error| error!(%integration, %error, "an unattended import could not be started"))?;
                Ok(serde_json::to_value(answer)?)
            }
        }
    }
}

/// Runs a function on Lambda until the environment ends.
pub async fn run(function: Function) -> Result<(), Error> {
    let handle = |event: LambdaEvent<Value>| {
        let function = function.clone();
        async move { function.handle(event.payload, end(&event.context)).await }
    };
    lambda_runtime::run(service_fn(handle)).await
}

/// The moment at which Lambda ends this run.
fn end(context: &Context) -> Instant {
    let deadline = UNIX_EPOCH + Duration::from_millis(context.deadline);
    Instant::now() + deadline.duration_since(SystemTime::now()).unwrap_or_default()
}

/// The crates of this program. Of all others only warnings are logged, whatever is asked for: the details of an HTTP library
/// are credentials and people.
const OWN: [&str; 10] = [
    "directory",
    "domain",
    "execute",
    "fetch",
    "plan",
    "planning",
    "psa",
    "runtime",
    "setup",
    "store",
];

/// Writes the log to standard output as JSON lines, at the level of `RUST_LOG`.
pub fn log_to_stdout() {
    logger(EnvFilter::from_default_env(), std::io::stdout).init();
}

/// What writes the log, as JSON lines.
pub fn logger<W>(wanted: EnvFilter, to: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let may_be_told = filter_fn(|about| {
        let from = about.target().split("::").next().unwrap_or_default();
        OWN.contains(&from) || *about.level() <= Level::WARN
    });
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_writer(to);
    tracing_subscriber::registry()
        .with(wanted)
        .with(lines.with_filter(may_be_told))
}
