//! The pipes from the imports table's stream, to the state machine and to the event bus.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::document::Document;
use crate::Error;
use crate::pipe::{EventsPipe, Filter, InputTemplate};

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

#[derive(Deserialize)]
#[serde(untagged)]
enum TargetParameters {
    Machine(MachineParameters),
    Bus(BusParameters),
}

/// Without an input template: the execution's input is the array of one record.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct MachineParameters {
    step_function_state_machine_parameters: InvocationParameters,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct BusParameters {
    event_bridge_event_bus_parameters: EventParameters,
    input_template: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct EventParameters {
    source: String,
    detail_type: String,
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

/// The pipe to the state machine, and the one to the event bus. Both read one stream.
pub(super) fn read(document: &Document) -> Result<(Pipe, EventsPipe), Error> {
    let (mut work, mut events) = (None, None);
    let mut sources = Vec::new();
    for (id, pipe) in document.all::<Properties>("AWS::Pipes::Pipe")? {
        let stream = &pipe.source_parameters.stream;
        if stream.batch_size != 1 || stream.starting_position != "TRIM_HORIZON" {
            return Err(Error::Template(format!(
                "{id} must read one record at a time from TRIM_HORIZON"
            )));
        }
        let (source, target) = (document.text(&pipe.source)?, document.text(&pipe.target)?);
        sources.push(source.clone());
        let [Pattern { pattern }] = pipe.source_parameters.filter_criteria.filters;
        let filter = Filter::parse(&pattern)?;
        let is_second = match pipe.target_parameters {
            TargetParameters::Machine(parameters) => {
                check_machine(document, &target, &parameters)?;
                work.replace(Pipe { source, filter }).is_some()
            }
            TargetParameters::Bus(parameters) => {
                check_bus(document, &target)?;
                let events_parameters = parameters.event_bridge_event_bus_parameters;
                let pipe = EventsPipe {
                    filter,
                    source: events_parameters.source,
                    detail_type: events_parameters.detail_type,
                    template: InputTemplate::parse(&parameters.input_template)?,
                };
                events.replace(pipe).is_some()
            }
        };
        if is_second {
            return Err(Error::Template(format!(
                "{id} is a second pipe to the same kind of target"
            )));
        }
    }
    sources.dedup();
    match (work, events, sources.as_slice()) {
        (Some(work), Some(events), [_]) => Ok((work, events)),
        _ => Err(Error::Template(
            "there must be a pipe to a state machine and one to an event bus, of the same stream".into(),
        )),
    }
}

fn check_machine(document: &Document, target: &str, parameters: &MachineParameters) -> Result<(), Error> {
    let invocation = &parameters.step_function_state_machine_parameters.invocation_type;
    if invocation != "FIRE_AND_FORGET" {
        return Err(Error::Template(format!(
            "a pipe that calls {invocation} is not known here"
        )));
    }
    let machines = document.all::<StateMachine>(STATE_MACHINE)?;
    if machines.get(target).is_none_or(|machine| machine.r#type != "STANDARD") {
        return Err(Error::Template(format!(
            "the pipe's target {target} is no standard state machine"
        )));
    }
    Ok(())
}

fn check_bus(document: &Document, target: &str) -> Result<(), Error> {
    let buses = document.all::<Value>("AWS::Events::EventBus")?;
    if buses.contains_key(target) {
        return Ok(());
    }
    Err(Error::Template(format!("the pipe's target {target} is no event bus")))
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
