//! The definition, read strictly: what is not known here is refused when it is loaded, not when it is reached.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::choice::Condition;
use super::path::{Path, ResultPath};
use super::payload::Payload;
use super::retry::Retrier;
use crate::Error;

/// A state machine as `infra/import.asl.json` defines it, substitutions filled in.
#[derive(Debug, Clone)]
pub struct Definition {
    pub(super) start_at: String,
    pub(super) timeout_seconds: u32,
    pub(super) states: BTreeMap<String, State>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Written {
    #[serde(rename = "Comment")]
    _comment: Option<IgnoredAny>,
    #[serde(rename = "QueryLanguage")]
    _query_language: QueryLanguage,
    start_at: String,
    timeout_seconds: u32,
    states: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
enum QueryLanguage {
    #[serde(rename = "JSONPath")]
    JsonPath,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "Type", deny_unknown_fields)]
pub(super) enum State {
    Pass(Pass),
    Choice(Choice),
    Task(Box<Task>),
    Wait(Wait),
    Succeed {},
    Fail(Fail),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Pass {
    #[serde(rename = "Comment")]
    _comment: Option<IgnoredAny>,
    pub parameters: Payload,
    pub next: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Choice {
    #[serde(rename = "Comment")]
    _comment: Option<IgnoredAny>,
    pub choices: Vec<Rule>,
    pub default: Option<String>,
}

/// A condition and where it leads, which are written as one object.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub(super) struct Rule {
    pub next: String,
    pub condition: Condition,
}

impl TryFrom<Map<String, Value>> for Rule {
    type Error = String;

    /// By hand, because `flatten` would pass over fields that neither part knows.
    fn try_from(mut written: Map<String, Value>) -> Result<Self, String> {
        let Some(Value::String(next)) = written.remove("Next") else {
            return Err("a choice needs a Next".into());
        };
        let condition = Condition::deserialize(Value::Object(written)).map_err(|error| error.to_string())?;
        Ok(Self { next, condition })
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Task {
    #[serde(rename = "Comment")]
    _comment: Option<IgnoredAny>,
    #[serde(rename = "Resource")]
    _resource: Resource,
    pub parameters: Call,
    pub timeout_seconds: u32,
    pub result_selector: Option<Payload>,
    #[serde(deserialize_with = "ResultPath::deserialize")]
    pub result_path: ResultPath,
    #[serde(default)]
    pub retry: Vec<Retrier>,
    #[serde(default)]
    pub catch: Vec<Catcher>,
    pub next: String,
}

#[derive(Debug, Clone, Deserialize)]
enum Resource {
    #[serde(rename = "arn:aws:states:::lambda:invoke")]
    LambdaInvoke,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Call {
    pub function_name: String,
    pub payload: Payload,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Catcher {
    pub error_equals: Vec<String>,
    pub result_path: ResultPath,
    pub next: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "WrittenWait")]
pub(super) struct Wait {
    pub end: End,
    pub next: String,
}

/// When a wait ends.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// At a time in the input.
    At(Path),
    /// After so many seconds.
    After(u32),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct WrittenWait {
    #[serde(rename = "Comment")]
    _comment: Option<IgnoredAny>,
    timestamp_path: Option<Path>,
    seconds: Option<u32>,
    next: String,
}

impl TryFrom<WrittenWait> for Wait {
    type Error = &'static str;

    fn try_from(written: WrittenWait) -> Result<Self, Self::Error> {
        let end = match (written.timestamp_path, written.seconds) {
            (Some(path), None) => End::At(path),
            (None, Some(seconds)) => End::After(seconds),
            _ => return Err("a wait has either a TimestampPath or Seconds"),
        };
        Ok(Self {
            end,
            next: written.next,
        })
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Fail {
    #[serde(rename = "Comment")]
    _comment: Option<IgnoredAny>,
    pub error: String,
    pub cause: String,
}

impl Definition {
    /// Reads a definition; an error says which state has what is not known here.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let written: Written = serde_json::from_str(text).map_err(|error| Error::StateMachine(error.to_string()))?;
        let states = written
            .states
            .into_iter()
            .map(|(name, state)| match State::deserialize(&state) {
                Ok(state) => Ok((name, state)),
                Err(error) => Err(Error::StateMachine(format!("state {name}: {error}"))),
            });
        let definition = Self {
            start_at: written.start_at,
            timeout_seconds: written.timeout_seconds,
            states: states.collect::<Result<_, _>>()?,
        };
        definition.check_transitions()?;
        Ok(definition)
    }

    /// The functions that its tasks call.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &str> {
        self.tasks().map(|task| task.parameters.function_name.as_str())
    }

    /// How long its tasks wait for each function, by name.
    pub fn task_limits(&self) -> impl Iterator<Item = (&str, std::time::Duration)> {
        self.tasks().map(|task| {
            let limit = std::time::Duration::from_secs(task.timeout_seconds.into());
            (task.parameters.function_name.as_str(), limit)
        })
    }

    fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.states.values().filter_map(|state| match state {
            State::Task(task) => Some(&**task),
            _ => None,
        })
    }

    /// Every transition must lead to a state, and to every state must lead a transition.
    fn check_transitions(&self) -> Result<(), Error> {
        let mut reached = BTreeSet::new();
        let mut ahead = vec![self.start_at.as_str()];
        while let Some(name) = ahead.pop() {
            let state = self.states.get(name);
            let state = state.ok_or_else(|| Error::StateMachine(format!("there is no state {name}")))?;
            if reached.insert(name) {
                ahead.extend(state.targets());
            }
        }
        match self.states.keys().find(|name| !reached.contains(name.as_str())) {
            Some(name) => Err(Error::StateMachine(format!("nothing leads to the state {name}"))),
            None => Ok(()),
        }
    }
}

impl State {
    fn targets(&self) -> Vec<&str> {
        match self {
            Self::Pass(pass) => vec![&pass.next],
            Self::Wait(wait) => vec![&wait.next],
            Self::Choice(choice) => {
                let rules = choice.choices.iter().map(|rule| rule.next.as_str());
                rules.chain(choice.default.as_deref()).collect()
            }
            Self::Task(task) => {
                let caught = task.catch.iter().map(|catcher| catcher.next.as_str());
                caught.chain([task.next.as_str()]).collect()
            }
            Self::Succeed {} | Self::Fail(_) => Vec::new(),
        }
    }
}
