//! Runs the state machine's definition: exactly the states and fields that it uses, and no others.

mod choice;
mod definition;
mod options;
mod path;
mod payload;
mod retry;
mod run;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{Error, Functions};

pub use definition::Definition;
pub use options::{Clock, MachineOptions};
pub use run::Outcome;

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
