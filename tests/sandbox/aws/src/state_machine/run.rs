//! One execution, from state to state.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::choice::timestamp;
use super::definition::{Choice, Definition, End, State, Task, Wait};
use super::options::MachineOptions;
use super::retry::{Attempts, matches};
use crate::{Fault, Functions};

/// How often a waiting execution looks at the clock, which may jump.
const CLOCK_POLL: Duration = Duration::from_millis(20);

/// How an execution ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It reached a `Succeed` state with this output.
    Succeeded(Value),
    /// It failed, by a `Fail` state or by an error nobody caught.
    Failed {
        /// The error's name.
        error: String,
        /// What there is to say about it.
        cause: String,
    },
    /// It was stopped before its end, and has to be started again.
    Interrupted,
}

pub(super) struct Execution<'a> {
    definition: &'a Definition,
    functions: &'a Functions,
    options: &'a MachineOptions,
    stop: &'a CancellationToken,
    deadline: Timestamp,
}

/// Why a state did not lead to the next one.
enum Halt {
    Ended(Outcome),
    Failed(Failure),
}

#[derive(Debug, Clone)]
struct Failure {
    error: String,
    cause: String,
}

type Next<'a> = Result<(&'a str, Value), Halt>;

impl<'a> Execution<'a> {
    pub fn new(
        definition: &'a Definition,
        functions: &'a Functions,
        options: &'a MachineOptions,
        stop: &'a CancellationToken,
    ) -> Self {
        let limit = SignedDuration::from_secs(definition.timeout_seconds.into());
        let deadline = (options.clock)().checked_add(limit).unwrap_or(Timestamp::MAX);
        Self {
            definition,
            functions,
            options,
            stop,
            deadline,
        }
    }

    pub async fn run(&self, input: Value) -> Outcome {
        let mut name = self.definition.start_at.as_str();
        let mut data = input;
        loop {
            match self.step(name, data).await {
                Ok(next) => (name, data) = next,
                Err(Halt::Ended(outcome)) => return outcome,
                Err(Halt::Failed(Failure { error, cause })) => {
                    warn!(state = name, error, cause, "execution failed");
                    return Outcome::Failed { error, cause };
                }
            }
        }
    }

    async fn step(&self, name: &str, input: Value) -> Next<'a> {
        self.check_time()?;
        debug!(state = name, "state entered");
        let Some(state) = self.definition.states.get(name) else {
            return Err(runtime(format!("there is no state {name}")));
        };
        match state {
            State::Pass(pass) => Ok((&pass.next, pass.parameters.fill(&input).map_err(runtime)?)),
            State::Choice(choice) => choose(choice, input),
            State::Task(task) => self.task(task, input).await,
            State::Wait(wait) => self.wait(wait, input).await,
            State::Succeed {} => Err(Halt::Ended(Outcome::Succeeded(input))),
            State::Fail(fail) => Err(failed(&fail.error, &fail.cause)),
        }
    }

    fn check_time(&self) -> Result<(), Halt> {
        if (self.options.clock)() >= self.deadline {
            Err(failed("States.Timeout", "the execution took longer than it may"))
        } else {
            Ok(())
        }
    }

    /// Asked before what takes time only, so that an answer got just before a stop is still carried to the end.
    fn check_stop(&self) -> Result<(), Halt> {
        if self.stop.is_cancelled() {
            Err(Halt::Ended(Outcome::Interrupted))
        } else {
            Ok(())
        }
    }

    async fn task(&self, task: &'a Task, input: Value) -> Next<'a> {
        let mut attempts = Attempts::new(&task.retry);
        loop {
            self.check_stop()?;
            let failure = match self.call(task, &input).await {
                Ok(result) => return Ok((&task.next, task.result_path.put(input, result))),
                Err(Halt::Failed(failure)) => failure,
                Err(ended) => return Err(ended),
            };
            let Some(delay) = attempts.next_delay(&failure.error) else {
                return caught(task, input, failure);
            };
            debug!(error = failure.error, cause = failure.cause, "task will be tried again");
            self.sleep(delay.mul_f64(self.options.retry_factor)).await?;
            self.check_time()?;
        }
    }

    async fn call(&self, task: &Task, input: &Value) -> Result<Value, Halt> {
        let unfilled = |cause: String| failed("States.ParameterPathFailure", &cause);
        let payload = task.parameters.payload.fill(input).map_err(unfilled)?;
        let limit = Duration::from_secs(task.timeout_seconds.into());
        let answer = tokio::time::timeout(limit, self.functions.invoke(&task.parameters.function_name, payload)).await;
        let payload = match answer {
            Ok(Ok(payload)) => payload,
            // The whole sandbox is going down, which is not a fault of this execution.
            Ok(Err(Fault::Killed)) => return Err(Halt::Ended(Outcome::Interrupted)),
            Ok(Err(fault)) => return Err(failed(fault.error_name(), &fault.to_string())),
            Err(_elapsed) => return Err(failed("States.Timeout", "the task took longer than it may")),
        };
        let result = json!({ "StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": payload });
        match &task.result_selector {
            Some(selector) => selector.fill(&result).map_err(unfilled),
            None => Ok(result),
        }
    }

    async fn wait(&self, wait: &'a Wait, input: Value) -> Next<'a> {
        let until = match &wait.end {
            End::At(path) => path.get(&input).and_then(timestamp),
            End::After(seconds) => {
                let seconds = SignedDuration::from_secs((*seconds).into());
                (self.options.clock)().checked_add(seconds).ok()
            }
        };
        let until = until.ok_or_else(|| runtime("there is no time to wait for".into()))?;
        while (self.options.clock)() < until {
            self.check_time()?;
            let left = until.duration_since((self.options.clock)());
            let step = match &self.options.pass_time {
                Some(_) => left.try_into().unwrap_or(CLOCK_POLL),
                None => CLOCK_POLL,
            };
            self.sleep(step).await?;
        }
        Ok((&wait.next, input))
    }

    async fn sleep(&self, delay: Duration) -> Result<(), Halt> {
        if let Some(pass_time) = &self.options.pass_time {
            self.check_stop()?;
            pass_time(delay);
            return Ok(());
        }
        tokio::select! {
            () = tokio::time::sleep(delay) => Ok(()),
            () = self.stop.cancelled() => Err(Halt::Ended(Outcome::Interrupted)),
        }
    }
}

fn choose(choice: &Choice, input: Value) -> Next<'_> {
    for rule in &choice.choices {
        if rule.condition.holds(&input).map_err(runtime)? {
            return Ok((&rule.next, input));
        }
    }
    match &choice.default {
        Some(next) => Ok((next, input)),
        None => Err(failed("States.NoChoiceMatched", "no choice fits the input")),
    }
}

fn caught(task: &Task, input: Value, failure: Failure) -> Next<'_> {
    let catcher = task
        .catch
        .iter()
        .find(|catcher| matches(&catcher.error_equals, &failure.error));
    match catcher {
        Some(catcher) => {
            warn!(
                error = failure.error,
                cause = failure.cause,
                next = catcher.next,
                "task given up"
            );
            let error = json!({ "Error": failure.error, "Cause": failure.cause });
            Ok((&catcher.next, catcher.result_path.put(input, error)))
        }
        None => Err(Halt::Failed(failure)),
    }
}

fn failed(error: &str, cause: &str) -> Halt {
    Halt::Failed(Failure {
        error: error.into(),
        cause: cause.into(),
    })
}

fn runtime(cause: String) -> Halt {
    Halt::Failed(Failure {
        error: "States.Runtime".into(),
        cause,
    })
}
