//! The pipe from the imports table's stream to the state machine.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::document::Document;
use crate::Error;
use crate::pipe::Filter;

#[derive(Debug, Clone)]
pub(super) struct Pipe {
    pub source: String,
    pub filter: Filter,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    #[serde(rename = "RoleArn")]
    _role: Value,
    source: Value,
    source_parameters: SourceParameters,
    target: Value,
    target_parameters: TargetParameters,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SourceParameters {
    #[serde(rename = "DynamoDBStreamParameters")]
    stream: StreamParameters,
    filter_criteria: FilterCriteria,
}

/// The rest (retries, age, the dead-letter queue) is for deliveries that fail, which none does on a laptop.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StreamParameters {
    batch_size: u32,
    starting_position: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterCriteria {
    filters: [Pattern; 1],
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Pattern {
    pattern: String,
}

/// Without an input template: the execution's input is the array of one record.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TargetParameters {
    step_function_state_machine_parameters: InvocationParameters,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct InvocationParameters {
    invocation_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StateMachine {
    r#type: String,
    #[serde(default)]
    definition_substitutions: BTreeMap<String, Value>,
}

const STATE_MACHINE: &str = "AWS::Serverless::StateMachine";

pub(super) fn read(document: &Document) -> Result<Pipe, Error> {
    let pipe = document.only::<Properties>("AWS::Pipes::Pipe")?;
    let stream = &pipe.source_parameters.stream;
    if stream.batch_size != 1 || stream.starting_position != "TRIM_HORIZON" {
        return Err(Error::Template(
            "the pipe must read one record at a time from TRIM_HORIZON".into(),
        ));
    }
    let invocation = &pipe
        .target_parameters
        .step_function_state_machine_parameters
        .invocation_type;
    if invocation != "FIRE_AND_FORGET" {
        return Err(Error::Template(format!(
            "a pipe that calls {invocation} is not known here"
        )));
    }
    let machines = document.all::<StateMachine>(STATE_MACHINE)?;
    let target = document.text(&pipe.target)?;
    if machines.get(&target).is_none_or(|machine| machine.r#type != "STANDARD") {
        return Err(Error::Template(format!(
            "the pipe's target {target} is no standard state machine"
        )));
    }
    let [Pattern { pattern }] = pipe.source_parameters.filter_criteria.filters;
    Ok(Pipe {
        source: document.text(&pipe.source)?,
        filter: Filter::parse(&pattern)?,
    })
}

/// Puts the substitutions into the state machine's definition.
pub(super) fn substitute(document: &Document, definition: &str) -> Result<String, Error> {
    let machine = document.only::<StateMachine>(STATE_MACHINE)?;
    let mut definition = definition.to_owned();
    for (name, value) in &machine.definition_substitutions {
        let placeholder = format!("${{{name}}}");
        if !definition.contains(&placeholder) {
            return Err(Error::Template(format!("the substitution {name} is not used")));
        }
        definition = definition.replace(&placeholder, &document.text(value)?);
    }
    Ok(definition)
}
