//! What must hold of the template besides what linters know. The tests are in `tests/`; here is what they share. All of it fails by
//! panicking.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

pub mod alarms;

use serde_json::{Map, Value};

/// The template as it stands.
pub fn template() -> Value {
    serde_norway::from_str(include_str!("../../../infra/template.yaml")).expect("the template is YAML")
}

/// The state machine's definition.
pub fn definition() -> Value {
    serde_json::from_str(include_str!("../../../infra/import.asl.json")).expect("the definition is JSON")
}

/// The resources of one type, by logical id.
pub fn resources<'a>(template: &'a Value, kind: &str) -> Vec<(&'a str, &'a Map<String, Value>)> {
    let all = template["Resources"].as_object().expect("there are resources");
    let found: Vec<_> = all
        .iter()
        .filter(|(_, resource)| resource["Type"] == kind)
        .map(|(id, resource)| (id.as_str(), resource.as_object().expect("a resource has fields")))
        .collect();
    assert!(!found.is_empty(), "there is no {kind}");
    found
}

/// The logical id behind a `Ref` or a `Fn::GetAtt`, also where it depends on a condition.
pub fn refers_to(value: &Value) -> &str {
    let value = value["Fn::If"].get(1).unwrap_or(value);
    let id = value["Ref"].as_str().or_else(|| value["Fn::GetAtt"][0].as_str());
    id.unwrap_or_else(|| panic!("{value} refers to nothing"))
}

/// Every value of a field of this name, wherever it is.
pub fn fields<'a>(value: &'a Value, name: &str) -> Vec<&'a Value> {
    match value {
        Value::Object(map) => {
            let own = map.get(name).into_iter();
            own.chain(map.values().flat_map(|value| fields(value, name))).collect()
        }
        Value::Array(values) => values.iter().flat_map(|value| fields(value, name)).collect(),
        _ => Vec::new(),
    }
}
