//! A deployment without the console: nothing that is left refers to it (R90).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use infra::template;
use serde_json::{Value, json};

/// The condition of what there is only with a console.
const CONDITION: &str = "HasConsole";

/// The ids that a text of `Fn::Sub` names in `${…}`; `${!…}` is none.
fn in_text(text: &str) -> impl Iterator<Item = &str> {
    let names = text
        .split("${")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('}')?.0));
    let names = names.filter(|name| !name.starts_with('!'));
    names.map(|name| name.split('.').next().unwrap_or_default())
}

/// The ids that a value refers to where there is no console.
fn needs<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| needs(value, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("Fn::If", Value::Array(parts)) if parts[0] == CONDITION => needs(&parts[2], found),
                    ("Ref", Value::String(id)) => found.extend([id.as_str()]),
                    ("Fn::GetAtt" | "DependsOn", Value::String(id)) => found.extend(id.split('.').next()),
                    ("Fn::GetAtt", Value::Array(parts)) => found.extend(parts[0].as_str()),
                    ("DependsOn", Value::Array(ids)) => found.extend(ids.iter().filter_map(Value::as_str)),
                    ("Fn::Sub", Value::String(text)) => found.extend(in_text(text)),
                    ("Fn::Sub", Value::Array(parts)) => {
                        // What a text defines for itself is no id.
                        let own = parts[1].as_object().unwrap();
                        let text = parts[0].as_str().unwrap();
                        found.extend(in_text(text).filter(|name| !own.contains_key(*name)));
                        own.values().for_each(|value| needs(value, found));
                    }
                    _ => needs(value, found),
                }
            }
        }
        _ => {}
    }
}

/// The resources of a template that are there only with a console.
fn of_console(template: &Value) -> BTreeSet<&str> {
    let all = template["Resources"].as_object().unwrap().iter();
    let own = all.filter(|(_, resource)| resource["Condition"] == CONDITION);
    own.map(|(id, _)| id.as_str()).collect()
}

/// What is left without a console and refers to it, as `what: id`.
fn dangling(template: &Value) -> Vec<String> {
    let own = of_console(template);
    let sections = ["Resources", "Outputs"].map(|section| template[section].as_object().unwrap());
    let left = sections
        .into_iter()
        .flatten()
        .filter(|(_, one)| one["Condition"] != CONDITION);
    left.flat_map(|(what, one)| {
        let mut found = BTreeSet::new();
        needs(one, &mut found);
        let dangling: Vec<String> = found.intersection(&own).map(|id| format!("{what}: {id}")).collect();
        dangling
    })
    .collect()
}

#[test]
fn r90_without_a_console_nothing_that_is_left_refers_to_it() {
    let template = template();
    let own = of_console(&template);
    for id in [
        "ConsoleFunction",
        "ConsoleLog",
        "ConsoleRole",
        "ConsoleRoute",
        "ConsoleSecret",
    ] {
        assert!(own.contains(id), "{own:?}");
    }
    // Whatever is called so is one of them, so that none is forgotten.
    let all = template["Resources"].as_object().unwrap().keys();
    let named: BTreeSet<&str> = all.map(String::as_str).filter(|id| id.starts_with("Console")).collect();
    assert_eq!(named, own);
    assert_eq!(dangling(&template), Vec::<String>::new());
}

/// The walk would find a reference of each form.
#[test]
fn r90_a_reference_to_the_console_is_found_in_every_form() {
    let found = [
        json!({ "Ref": "Own" }),
        json!({ "Fn::GetAtt": ["Own", "Arn"] }),
        json!({ "Fn::GetAtt": "Own.Arn" }),
        json!({ "Fn::Sub": "a/${Own.Arn}/b" }),
        json!({ "Fn::Sub": ["${Own}", {}] }),
        json!({ "Fn::Sub": ["${Name}", { "Name": { "Ref": "Own" } }] }),
        json!({ "Fn::If": [CONDITION, "x", [{ "Ref": "Own" }]] }),
        json!({ "Fn::If": ["Other", { "Ref": "Own" }, "x"] }),
        json!([{ "deep": { "Ref": "Own" } }]),
    ];
    let allowed = [
        json!({ "Fn::If": [CONDITION, { "Ref": "Own" }, { "Ref": "AWS::NoValue" }] }),
        json!({ "Fn::Sub": "${!Own} ${Other} Own" }),
        json!({ "Fn::Sub": ["${Own}", { "Own": "x" }] }),
        json!({ "Name": "Own" }),
    ];
    let with = |property: Value| {
        json!({
            "Resources": { "Own": { "Condition": CONDITION }, "Left": { "Properties": { "Property": property } } },
            "Outputs": { "Url": { "Condition": CONDITION, "Value": { "Ref": "Own" } } },
        })
    };
    for property in found {
        assert_eq!(dangling(&with(property.clone())), ["Left: Own"], "{property}");
    }
    for property in allowed {
        assert_eq!(dangling(&with(property.clone())), Vec::<String>::new(), "{property}");
    }
    let mut template = with(json!("x"));
    template["Resources"]["Left"]["DependsOn"] = json!(["Own"]);
    assert_eq!(dangling(&template), ["Left: Own"]);
    template["Resources"]["Left"]["DependsOn"] = json!("Own");
    template["Outputs"]["Url"]["Condition"] = Value::Null;
    assert_eq!(dangling(&template), ["Left: Own", "Url: Own"]);
}
