//! The functions of the template: how long they may run and what they find in their environment.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::document::Document;
use crate::Error;

/// Lambda's own, when neither the function nor the globals say otherwise.
const DEFAULT_TIMEOUT_SECONDS: u64 = 3;

#[derive(Debug, Clone)]
pub(super) struct Function {
    pub timeout: Duration,
    pub environment: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Properties {
    timeout: Option<u64>,
    environment: Environment,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Environment {
    variables: BTreeMap<String, Value>,
}

pub(super) fn read(document: &Document) -> Result<BTreeMap<String, Function>, Error> {
    let globals = match document.globals.get("Function") {
        Some(globals) => {
            Properties::deserialize(globals).map_err(|error| Error::Template(format!("Globals: {error}")))?
        }
        None => Properties::default(),
    };
    let functions = document.all::<Properties>("AWS::Serverless::Function")?;
    functions
        .into_iter()
        .map(|(name, own)| {
            // SAM merges the variables, and takes the function's own before the globals'.
            let variables = globals.environment.variables.iter().chain(&own.environment.variables);
            let variables = variables.filter(|(_, value)| !document.is_left_open(value));
            let environment = variables.map(|(key, value)| Ok((key.clone(), document.text(value)?)));
            let seconds = own.timeout.or(globals.timeout).unwrap_or(DEFAULT_TIMEOUT_SECONDS);
            let function = Function {
                timeout: Duration::from_secs(seconds),
                environment: environment.collect::<Result<_, Error>>()?,
            };
            Ok((name, function))
        })
        .collect()
}
