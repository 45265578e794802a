//! One Lambda function: the handlers of its HTTP calls, and of its events: work on imports, triggers and sweeps.

use std::env;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use domain::problem::Code;
use jiff::Timestamp;
use lambda_http::request::LambdaRequest;
use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use serde_json::Value;
use tracing::{Instrument, error, warn};

use crate::event::{Deadline, Event, Swept, Trigger, Triggered, Work, WorkOutcome};
use crate::metrics::{Mishap, count_mishap, tallied};
use crate::operation;

type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;
type Http = Arc<dyn Fn(LambdaRequest) -> Answer<Value> + Send + Sync>;
type Worker = Arc<dyn Fn(Work, Deadline) -> Answer<WorkOutcome> + Send + Sync>;
type Starter = Arc<dyn Fn(Trigger) -> Answer<Triggered> + Send + Sync>;
type Sweeper = Arc<dyn Fn(Deadline) -> Answer<Swept> + Send + Sync>;

/// Receives a line of metrics.
type Metrics = Arc<dyn Fn(Value) + Send + Sync>;

/// A function, ready to handle events. Cheap to clone.
#[derive(Clone)]
pub struct Function {
    http: Http,
    worker: Option<Worker>,
    starter: Option<Starter>,
    sweeper: Option<Sweeper>,
    metrics: Option<Metrics>,
}

impl Function {
    /// A function that answers HTTP calls, in the form that API Gateway takes.
    pub fn new<F>(http: impl Fn(LambdaRequest) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Value, Error>> + Send + 'static,
    {
        Self {
            http: Arc::new(move |request| Box::pin(http(request))),
            worker: None,
            starter: None,
            sweeper: None,
            metrics: None,
        }
    }

    /// Adds the worker, which the state machine calls: each call is one run of the work on an import.
    #[must_use]
    pub fn with_worker<F>(mut self, worker: impl Fn(Work, Deadline) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<WorkOutcome, Error>> + Send + 'static,
    {
        self.worker = Some(Arc::new(move |work, deadline| Box::pin(worker(work, deadline))));
        self
    }

    /// Adds the starter of unattended imports, which schedules and events call.
    #[must_use]
    pub fn with_starter<F>(mut self, starter: impl Fn(Trigger) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Triggered, Error>> + Send + 'static,
    {
        self.starter = Some(Arc::new(move |trigger| Box::pin(starter(trigger))));
        self
    }

    /// Adds the sweeper, which a schedule of the stack calls every five minutes: it starts the imports that are due, has workers called for
    /// imports whose worker has died, and deletes what is no longer needed.
    #[must_use]
    pub fn with_sweeper<F>(mut self, sweeper: impl Fn(Deadline) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Swept, Error>> + Send + 'static,
    {
        self.sweeper = Some(Arc::new(move |deadline| Box::pin(sweeper(deadline))));
        self
    }

    /// Adds a receiver of metrics: it gets one line after each event that counted something.
    #[must_use]
    pub fn with_metrics(mut self, metrics: impl Fn(Value) + Send + Sync + 'static) -> Self {
        self.metrics = Some(Arc::new(metrics));
        self
    }

    /// Handles one event. Lambda ends the process at `end`, so the work stops before.
    pub async fn handle(&self, event: Value, end: Instant) -> Result<Value, Error> {
        let (began, event) = (Instant::now(), Event::read(event)?);
        let trace = operation::trace_of(&event);
        let span = operation::span(&event, trace.as_deref());
        let run = operation::TRACE.scope(trace, self.dispatch(event, end));
        let (answer, tally) = tallied(run).instrument(span.clone()).await;
        span.in_scope(|| operation::ended(&answer, began.elapsed()));
        let name = env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
        if let (Some(metrics), Some(line)) = (&self.metrics, tally.line(&name, Timestamp::now())) {
            metrics(line);
        }
        answer
    }

    async fn dispatch(&self, event: Event, end: Instant) -> Result<Value, Error> {
        match event {
            Event::Http(request) => (self.http)(*request).await,
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
            Event::BadTrigger(error) => {
                warn!(%error, "a trigger was refused");
                let code = Code::InvalidRequest;
                count_mishap(Mishap::Refused, code);
                Ok(serde_json::to_value(Triggered::Refused { code: code.as_str() })?)
            }
            Event::Sweep => {
                let sweeper = self.sweeper.as_ref().ok_or("this function does not sweep")?;
                let swept = sweeper(Deadline::before(end)).await;
                let swept = swept.inspect_err(|error| error!(%error, "a sweep could not look at everything"))?;
                Ok(serde_json::to_value(swept)?)
            }
        }
    }
}

/// Runs a function on Lambda until the environment ends.
pub async fn run(function: Function) -> Result<(), Error> {
    // CloudWatch reads metrics from the log.
    let function = function.with_metrics(|line| println!("{line}"));
    let handle = |event: LambdaEvent<Value>| {
        let function = function.clone();
        async move { function.handle(event.payload, end(&event.context)).await }
    };
    lambda_runtime::run(service_fn(handle)).await
}

/// How long a run may take without a deadline: cargo-lambda gives one in 1970.
const WITHOUT_DEADLINE: Duration = Duration::from_mins(1);

/// The moment at which Lambda ends this run.
fn end(context: &Context) -> Instant {
    let deadline = UNIX_EPOCH + Duration::from_millis(context.deadline);
    let left = deadline.duration_since(SystemTime::now());
    Instant::now() + left.unwrap_or(WITHOUT_DEADLINE)
}
