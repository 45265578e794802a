//! Calls functions as Lambda would: one event in, one answer out, within the time and the size there is.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{Error, Template};

/// How many calls of an account's functions may be at work at once, unless AWS grants more.
const ACCOUNT_CONCURRENCY: usize = 1_000;

/// What Lambda takes and gives back in a synchronous call: 6 MB.
const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;

/// One call of a function.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The event.
    pub event: Value,
    /// When the time is over: the call is dropped then, wherever it is.
    pub deadline: Instant,
}

/// The code of a function. An error is what a function's own error is in Lambda.
pub type Invoke = Arc<dyn Fn(Invocation) -> BoxFuture<'static, Result<Value, String>> + Send + Sync>;

/// Why a call gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The function answered with an error.
    #[error("the function failed: {0}")]
    Failed(String),
    /// The function panicked.
    #[error("the function panicked")]
    Panicked,
    /// Its time was over.
    #[error("the function was not done within its time")]
    TimedOut,
    /// The event or the answer is larger than Lambda takes.
    #[error("{0} is larger than 6 MB")]
    TooLarge(&'static str),
    /// As many calls are at work as the account may have at once.
    #[error("no environment is free")]
    Throttled,
    /// The environment it ran in was shut down.
    #[error("the function was cut off")]
    Killed,
}

impl Fault {
    /// Its name in Step Functions.
    pub fn error_name(&self) -> &'static str {
        match self {
            // In the cloud it is the name of the error's type, which no retrier knows either.
            Self::Failed(_) | Self::Panicked => "FunctionError",
            Self::TimedOut => "Sandbox.Timedout",
            Self::TooLarge(_) => "Function.ResponseSizeTooLarge",
            Self::Throttled => "Lambda.TooManyRequestsException",
            Self::Killed => "Lambda.Unknown",
        }
    }
}

/// The functions of the template; clones are the same functions.
#[derive(Clone)]
pub struct Functions {
    by_name: Arc<BTreeMap<String, Function>>,
    killed: CancellationToken,
    /// The environments of the account.
    environments: Arc<Semaphore>,
    concurrency: usize,
    most_at_once: Arc<AtomicUsize>,
    errors: Arc<Mutex<BTreeMap<String, u64>>>,
}

#[derive(Clone)]
struct Function {
    invoke: Invoke,
    timeout: Duration,
}

impl Functions {
    /// Takes the code of every function of the template, by logical id; none may be missing or unknown.
    pub fn new(template: &Template, code: impl IntoIterator<Item = (String, Invoke)>) -> Result<Self, Error> {
        let mut by_name = BTreeMap::new();
        for (name, invoke) in code {
            let timeout = template.timeout(&name);
            let timeout = timeout.ok_or_else(|| Error::Functions(format!("{name} is not in the template")))?;
            by_name.insert(name, Function { invoke, timeout });
        }
        if let Some(missing) = template.functions().find(|name| !by_name.contains_key(*name)) {
            return Err(Error::Functions(format!("{missing} has no code")));
        }
        Ok(Self {
            by_name: Arc::new(by_name),
            killed: CancellationToken::new(),
            environments: Arc::new(Semaphore::new(ACCOUNT_CONCURRENCY)),
            concurrency: ACCOUNT_CONCURRENCY,
            most_at_once: Arc::default(),
            errors: Arc::default(),
        })
    }

    /// Gives a function another time than the template does.
    #[must_use]
    pub fn with_timeout(mut self, name: &str, timeout: Duration) -> Self {
        if let Some(function) = Arc::make_mut(&mut self.by_name).get_mut(name) {
            function.timeout = timeout;
        }
        self
    }

    /// Has room for so many calls at once, instead of an account's usual 1,000.
    #[must_use]
    pub fn with_concurrency(mut self, calls: usize) -> Self {
        self.environments = Arc::new(Semaphore::new(calls));
        self.concurrency = calls;
        self
    }

    /// Cuts off every call at work, and every later one: the crash of all execution environments.
    pub fn kill(&self) {
        self.killed.cancel();
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Calls a function and waits for its answer. Dropping the future cuts the call off.
    pub async fn invoke(&self, name: &str, event: Value) -> Result<Value, Fault> {
        let function = self.by_name.get(name);
        let function = function.ok_or_else(|| Fault::Failed(format!("there is no function {name}")))?;
        check_size("the event", &event)?;
        let Ok(_environment) = self.environments.try_acquire() else {
            return Err(Fault::Throttled);
        };
        let at_work = self.concurrency.saturating_sub(self.environments.available_permits());
        self.most_at_once.fetch_max(at_work, Ordering::SeqCst);
        let deadline = Instant::now() + function.timeout;
        // The closure is called inside, because it too may panic.
        let call = async { (function.invoke)(Invocation { event, deadline }).await };
        let call = AssertUnwindSafe(call).catch_unwind();
        let answer = tokio::select! {
            biased;
            () = self.killed.cancelled() => return Err(Fault::Killed),
            answer = tokio::time::timeout(function.timeout, call) => answer,
        };
        let answer = match answer {
            Ok(Ok(answer)) => answer.map_err(Fault::Failed),
            Ok(Err(_panic)) => Err(Fault::Panicked),
            Err(_elapsed) => Err(Fault::TimedOut),
        };
        let answer = answer.and_then(|answer| check_size("the answer", &answer).map(|()| answer));
        if answer.is_err() {
            *self.errors().entry(name.to_owned()).or_default() += 1;
        }
        answer
    }

    /// How many calls were at work at once at most: what CloudWatch has as `ConcurrentExecutions`.
    pub fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::SeqCst)
    }

    /// How often each function has failed: what CloudWatch has as `Errors`.
    pub fn errors(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_size(what: &'static str, value: &Value) -> Result<(), Fault> {
    let mut size = Size(0);
    match serde_json::to_writer(&mut size, value) {
        Ok(()) if size.0 <= PAYLOAD_LIMIT => Ok(()),
        _ => Err(Fault::TooLarge(what)),
    }
}

/// Counts what is written to it, so that measuring a large answer does not copy it.
struct Size(usize);

impl std::io::Write for Size {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn functions(
        code: impl Fn(Invocation) -> BoxFuture<'static, Result<Value, String>> + Send + Sync + 'static,
    ) -> Functions {
        let template = Template::load().unwrap();
        let code: Invoke = Arc::new(code);
        let all = template.functions().map(|name| (name.to_owned(), code.clone()));
        Functions::new(&template, all).unwrap()
    }

    #[tokio::test]
    async fn a_call_is_dropped_when_its_time_is_over() {
        let (dropped, seen) = std::sync::mpsc::channel();
        let functions = functions(move |invocation| {
            let left = invocation.deadline.saturating_duration_since(Instant::now());
            assert!(left <= Duration::from_millis(50));
            let dropped = dropped.clone();
            async move {
                let _told_when_dropped = DropTells(dropped);
                std::future::pending().await
            }
            .boxed()
        });
        let functions = functions.with_timeout("FetchFunction", Duration::from_millis(50));
        assert_eq!(functions.invoke("FetchFunction", json!({})).await, Err(Fault::TimedOut));
        seen.try_recv().unwrap();
    }

    struct DropTells(std::sync::mpsc::Sender<()>);

    impl Drop for DropTells {
        fn drop(&mut self) {
            self.0.send(()).unwrap();
        }
    }

    #[tokio::test]
    async fn errors_and_panics_are_faults_of_the_one_call() {
        let functions = functions(|invocation| {
            async move {
                match invocation.event["do"].as_str() {
                    Some("panic") => panic!("as told"),
                    Some("fail") => Err("as told".into()),
                    _ => Ok(json!("fine")),
                }
            }
            .boxed()
        });
        assert_eq!(
            functions.invoke("PlanFunction", json!({ "do": "panic" })).await,
            Err(Fault::Panicked)
        );
        let failed = functions.invoke("PlanFunction", json!({ "do": "fail" })).await;
        assert_eq!(failed, Err(Fault::Failed("as told".into())));
        assert_eq!(functions.invoke("PlanFunction", json!({})).await, Ok(json!("fine")));
    }

    #[tokio::test]
    async fn an_answer_over_six_megabytes_does_not_come_through() {
        let functions = functions(|invocation| {
            let size = usize::try_from(invocation.event["size"].as_u64().unwrap()).unwrap();
            async move { Ok(Value::String("x".repeat(size))) }.boxed()
        });
        assert!(
            functions
                .invoke("PlanFunction", json!({ "size": PAYLOAD_LIMIT - 2 }))
                .await
                .is_ok()
        );
        let over = functions.invoke("PlanFunction", json!({ "size": PAYLOAD_LIMIT })).await;
        assert_eq!(over, Err(Fault::TooLarge("the answer")));
    }

    #[tokio::test]
    async fn killing_cuts_off_calls_at_work_and_refuses_later_ones() {
        let functions = functions(|_| std::future::pending().boxed());
        let at_work = functions.invoke("ExecuteFunction", json!({}));
        let (cut_off, ()) = tokio::join!(at_work, async { functions.kill() });
        assert_eq!(cut_off, Err(Fault::Killed));
        assert_eq!(functions.invoke("ExecuteFunction", json!({})).await, Err(Fault::Killed));
    }

    #[test]
    fn every_function_of_the_template_needs_code() {
        let template = Template::load().unwrap();
        let code: Invoke = Arc::new(|_| std::future::pending().boxed());
        let one = Functions::new(&template, [("FetchFunction".to_owned(), code.clone())]);
        assert!(matches!(one, Err(Error::Functions(_))));
        let unknown = Functions::new(&template, [("FetchFunctoin".to_owned(), code)]);
        assert!(matches!(unknown, Err(Error::Functions(_))));
    }
}
