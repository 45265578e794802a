//! Stands for the second pipe and the event bus behind it: records that its filter lets through become events of the bus.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::Filter;
use crate::Error;
use crate::sdk::{ACCOUNT, REGION};

/// What the second pipe does with a record.
#[derive(Debug, Clone)]
pub struct EventsPipe {
    /// The records that go through.
    pub filter: Filter,
    /// The source of its events.
    pub source: String,
    /// The type of its events.
    pub detail_type: String,
    /// What the detail is made of.
    pub template: InputTemplate,
}

/// An input template made of objects, fixed texts, and texts that are a path in brackets.
#[derive(Debug, Clone)]
pub struct InputTemplate(Value);

impl InputTemplate {
    /// Reads a template. Other forms are refused, because they would have to mean here exactly what they mean there.
    pub fn parse(template: &str) -> Result<Self, Error> {
        let refused = |what: &Value| Error::Template(format!("an input template with {what} is not known here"));
        let template: Value = serde_json::from_str(template).map_err(|error| Error::Template(error.to_string()))?;
        let mut open = vec![&template];
        while let Some(value) = open.pop() {
            match value {
                Value::Object(fields) => open.extend(fields.values()),
                Value::String(text) if path(text).is_some() || !text.contains('<') => {}
                other => return Err(refused(other)),
            }
        }
        Ok(Self(template))
    }

    /// The template with what the record has at its paths.
    pub fn fill(&self, record: &Value) -> Value {
        fill(&self.0, record)
    }
}

/// The path of `<$.a.b>`, as a JSON pointer.
fn path(text: &str) -> Option<String> {
    let path = text.strip_prefix("<$.")?.strip_suffix('>')?;
    (!path.contains(['<', '>', '['])).then(|| format!("/{}", path.replace('.', "/")))
}

fn fill(template: &Value, record: &Value) -> Value {
    match template {
        Value::Object(fields) => {
            let filled = fields.iter().map(|(name, value)| (name.clone(), fill(value, record)));
            Value::Object(filled.collect::<Map<_, _>>())
        }
        Value::String(text) => match path(text) {
            // A path that leads nowhere leaves nothing between the quotes.
            Some(path) => record.pointer(&path).cloned().unwrap_or_else(|| json!("")),
            None => template.clone(),
        },
        other => other.clone(),
    }
}

/// The bus: every event that was put on it, the oldest first.
#[derive(Debug, Clone, Default)]
pub struct Bus(Arc<Mutex<Vec<Value>>>);

impl Bus {
    /// Puts the event of a record on the bus, if the pipe lets it through.
    pub(super) fn take(&self, pipe: &EventsPipe, record: &Value) {
        if !pipe.filter.matches(record) {
            return;
        }
        let event = json!({
            "version": "0",
            "id": record["eventID"],
            "detail-type": pipe.detail_type,
            "source": pipe.source,
            "account": ACCOUNT,
            "time": jiff::Timestamp::now().to_string(),
            "region": REGION,
            "resources": [],
            "detail": pipe.template.fill(record),
        });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }

    /// The events so far.
    pub fn events(&self) -> Vec<Value> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Template;

    #[test]
    fn paths_are_filled_in_and_texts_stay() {
        let template = InputTemplate::parse(r#"{"a":"<$.x.S>","b":{"c":"<$.none>","d":"text"}}"#).unwrap();
        let filled = template.fill(&json!({ "x": { "S": "1" } }));
        assert_eq!(filled, json!({ "a": "1", "b": { "c": "", "d": "text" } }));
    }

    #[test]
    fn what_is_not_known_here_is_refused() {
        for template in [
            "<$.a>",
            r#"{"a":1}"#,
            r#"{"a":"say <$.a>"}"#,
            r#"{"a":["<$.a>"]}"#,
            r#"{"a":"<$.a[0]>"}"#,
        ] {
            assert!(InputTemplate::parse(template).is_err(), "{template}");
        }
    }

    #[test]
    fn only_new_items_of_events_go_through() {
        let template = Template::load().unwrap();
        let pipe = template.events_pipe();
        let record = |event: &str, what: &str| json!({ "eventName": event, "dynamodb": { "NewImage": { "what": { "S": what } } } });
        assert!(pipe.filter.matches(&record("INSERT", "ended")));
        for record in [
            record("MODIFY", "ended"),
            record("INSERT", "begun"),
            json!({ "eventName": "REMOVE", "dynamodb": {} }),
            json!({ "eventName": "INSERT", "dynamodb": { "NewImage": { "state": { "S": "ended" } } } }),
        ] {
            assert!(!pipe.filter.matches(&record), "{record}");
        }
    }
}
