//! Runs the state machine's definition: exactly the states and fields that it uses, and no others.

mod choice;
mod definition;
mod path;
mod payload;
mod retry;
mod run;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{Error, Functions};

pub use definition::Definition;

/// Tells the time that waits and the limit of a whole execution go by; a test moves it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What an execution goes by.
#[derive(Clone)]
pub struct MachineOptions {
    /// The time.
    pub clock: Clock,
    /// What the waits between retries are multiplied with; 0 retries at once.
    pub retry_factor: f64,
}

impl Default for MachineOptions {
    /// The system's time, and the waits that the definition says.
    fn default() -> Self {
        Self {
            clock: Arc::new(Timestamp::now),
            retry_factor: 1.0,
        }
    }
}

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

/// A state machine ready to run; clones are the same machine.
#[derive(Clone)]
pub struct StateMachine {
    definition: Arc<Definition>,
    functions: Functions,
    options: MachineOptions,
}

impl StateMachine {
    /// Joins a definition to the functions it calls.
    pub fn new(definition: Definition, functions: Functions, options: MachineOptions) -> Result<Self, Error> {
        if let Some(missing) = definition.functions().find(|name| !functions.has(name)) {
            return Err(Error::StateMachine(format!("it calls {missing}, which is no function")));
        }
        Ok(Self {
            definition: Arc::new(definition),
            functions,
            options,
        })
    }

    /// Runs one execution to its end, or until `stop`, which it heeds before each call of a function and while it waits.
    pub async fn execute(&self, input: Value, stop: &CancellationToken) -> Outcome {
        run::Execution::new(&self.definition, &self.functions, &self.options, stop)
            .run(input)
            .await
    }
}
