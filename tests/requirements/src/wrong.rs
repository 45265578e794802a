//! Wrong requests, derived from what the OpenAPI document says is right: whatever it promises to refuse is sent.

use reqwest::Method;
use serde_json::{Value, json};

use crate::bad::{Bad, Sent};

/// Far longer than any name, id or term.
pub fn endless() -> String {
    "x".repeat(10_240)
}

/// One call of the document.
pub struct Described<'a> {
    /// Its method.
    pub method: Method,
    /// Its path, with variables.
    pub path: &'a str,
    call: &'a Value,
}

/// All calls of a document that need a token.
pub fn calls(document: &Value) -> Vec<Described<'_>> {
    let mut all = Vec::new();
    for (path, calls) in document["paths"].as_object().unwrap() {
        for (method, call) in calls.as_object().unwrap() {
            if call.get("security").is_none() {
                let method = method.to_uppercase().parse().unwrap();
                all.push(Described { method, path, call });
            }
        }
    }
    all
}

impl Described<'_> {
    /// The path with the same text for each of its variables.
    fn filled(&self, with: &str) -> String {
        let segments = self.path.split('/');
        let filled: Vec<&str> = segments
            .map(|part| if part.starts_with('{') { with } else { part })
            .collect();
        filled.join("/")
    }

    fn parameters(&self, place: &str) -> Vec<&Value> {
        let all = self.call["parameters"].as_array().unwrap().iter();
        all.filter(|parameter| parameter["in"] == place).collect()
    }

    /// Ids that cannot be.
    pub fn wrong_ids(&self) -> Vec<Bad> {
        let Some(first) = self.path.split('/').find(|part| part.starts_with('{')) else {
            return Vec::new();
        };
        let name = first.trim_matches(['{', '}']);
        let wrong = [endless(), "a%00b".to_owned(), "a%1Fb".to_owned()];
        let wrong = wrong.map(|id| Bad::invalid(self.method.clone(), self.filled(&id), Sent::Nothing, name));
        wrong.into()
    }

    /// Parameters that cannot be.
    pub fn wrong_parameters(&self) -> Vec<Bad> {
        let mut all = Vec::new();
        for parameter in self.parameters("query") {
            let (name, schema) = (parameter["name"].as_str().unwrap(), &parameter["schema"]);
            let mut wrong = vec![endless()];
            if schema["type"] == "integer" {
                let (least, most) = (schema["minimum"].as_i64().unwrap(), schema["maximum"].as_i64().unwrap());
                wrong.extend([(least - 1).to_string(), (most + 1).to_string()]);
                wrong.extend(["", "-1", "abc", "1.5", "1e2", "99999999999999999999"].map(str::to_owned));
            } else if schema["minLength"] == 1 {
                wrong.push(String::new());
            } else if schema.get("oneOf").is_some() {
                wrong.extend(["", "nonsense", "MAPPED"].map(str::to_owned));
            } else {
                wrong.push("a%00b".to_owned());
            }
            for value in wrong {
                let path = format!("{}?{name}={value}", self.filled("1"));
                all.push(Bad::invalid(self.method.clone(), path, Sent::Nothing, name));
            }
        }
        all
    }

    /// A parameter that the call does not take.
    pub fn unknown_parameters(&self) -> Vec<Bad> {
        let known: Vec<&str> = self
            .parameters("query")
            .iter()
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let unknown = ["nonsense", "Limit", "limit[]", "utm_source", "after", "limit", "search"];
        let mut all: Vec<Bad> = unknown
            .into_iter()
            .filter(|name| !known.contains(name))
            .map(|name| {
                let path = format!("{}?{name}=1", self.filled("1"));
                Bad::invalid(self.method.clone(), path, Sent::Nothing, name)
            })
            .collect();
        // Without a name that could be repeated.
        for query in ["=1", "aBcD1234eFgH5678=1", "ana%40noordzee.example"] {
            let path = format!("{}?{query}", self.filled("1"));
            all.push(Bad::invalid(self.method.clone(), path, Sent::Nothing, "query"));
        }
        // Behind what is right, too.
        if let Some(name) = known.iter().find(|name| **name == "limit") {
            let path = format!("{}?{name}=1&nonsense", self.filled("1"));
            all.push(Bad::invalid(self.method.clone(), path, Sent::Nothing, "nonsense"));
        }
        all
    }

    /// Bodies that cannot be.
    pub fn wrong_bodies(&self) -> Vec<Bad> {
        let Some(content) = self.call.pointer("/requestBody/content/application~1json") else {
            return Vec::new();
        };
        let path = self.filled("1");
        let invalid = |sent, pointer: &str| Bad::invalid(self.method.clone(), &path, sent, pointer);
        let json = "application/json";
        let mut all = no_objects().map(|raw| invalid(Sent::Raw(json, raw), "")).to_vec();
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/xml",
            "jason",
        ] {
            let sent = Sent::Raw(kind, content["example"].to_string().into_bytes());
            all.push(Bad::new(
                self.method.clone(),
                &path,
                sent,
                415,
                "unsupported_media_type",
            ));
        }
        let wrong = wrong_fields(&content["schema"], &content["example"], "");
        all.extend(
            wrong
                .into_iter()
                .map(|(body, pointer)| invalid(Sent::Json(body), &pointer)),
        );
        if content["schema"].get("required").is_some() {
            let first = content["schema"]["required"][0].as_str().unwrap();
            all.push(invalid(Sent::Nothing, &format!("/{first}")));
        }
        all
    }
}

impl Described<'_> {
    /// The example of the body changed in every place to every kind of value, cut off, and with fields doubled: some of it is right.
    pub fn mutated_bodies(&self) -> Vec<Bad> {
        let Some(content) = self.call.pointer("/requestBody/content/application~1json") else {
            return Vec::new();
        };
        let mut example = content["example"].clone();
        if let Some(address) = example.pointer_mut("/address").filter(|_| self.path == "/integrations") {
            // Refused without any PSA being looked for.
            *address = json!("127.0.0.1");
        }
        let mut all = Vec::new();
        for pointer in pointers(&example) {
            for value in odd_values() {
                let mut body = example.clone();
                *body.pointer_mut(&pointer).unwrap() = value;
                all.push(body.to_string().into_bytes());
            }
        }
        let text = example.to_string();
        all.extend((1..text.len()).step_by(5).map(|end| text.as_bytes()[..end].to_vec()));
        all.push(format!("{},{}", &text[..text.len() - 1], &text[1..]).into_bytes());
        all.push(text.replace(':', "=").into_bytes());
        all.push(text.replace('"', "'").into_bytes());
        all.push(format!("{text}{text}").into_bytes());
        let bad = |body| {
            let sent = Sent::Raw("application/json", body);
            Bad::new(self.method.clone(), self.filled("1"), sent, 0, "")
        };
        all.into_iter().map(bad).collect()
    }
}

/// Every place in a value, the whole included.
fn pointers(value: &Value) -> Vec<String> {
    let below = |(key, value): (String, &Value)| {
        let below = pointers(value);
        below
            .into_iter()
            .map(move |rest| format!("/{key}{rest}"))
            .collect::<Vec<_>>()
    };
    let inner: Vec<String> = match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(key, value)| below((key.clone(), value)))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(at, value)| below((at.to_string(), value)))
            .collect(),
        _ => Vec::new(),
    };
    [String::new()].into_iter().chain(inner).collect()
}

/// A value of every kind, and some at the edge of their kind.
fn odd_values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(""),
        json!("nonsense"),
        json!("\u{0}\u{1f}"),
        json!("2026-01-01"),
        json!([]),
        json!([[]]),
        json!([1, "a", null]),
        json!({}),
        json!({ "": {} }),
        json!({ "nonsense": { "nonsense": [] } }),
        json!({ "create": {}, "existing": "1" }),
        json!({ "aBcD1234eFgH5678": 1 }),
    ]
}

/// Bodies that are no JSON object.
fn no_objects() -> [Vec<u8>; 10] {
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    [
        b"{".to_vec(),
        b"not json".to_vec(),
        b"[]".to_vec(),
        b"null".to_vec(),
        b"7".to_vec(),
        b"\"text\"".to_vec(),
        b"<xml/>".to_vec(),
        b"\xff\xfe{}".to_vec(),
        deep,
        vec![b' '; 2 * 1024 * 1024],
    ]
}

/// The example with one thing wrong, and the pointer to it; for every field that the schema knows.
fn wrong_fields(schema: &Value, example: &Value, at: &str) -> Vec<(Value, String)> {
    let mut all = Vec::new();
    let mut unknown = example.clone();
    unknown["unheardOf"] = json!(1);
    all.push((unknown, format!("{at}/unheardOf")));
    for field in schema["required"].as_array().into_iter().flatten() {
        let (mut body, field) = (example.clone(), field.as_str().unwrap());
        body.as_object_mut().unwrap().remove(field);
        all.push((body, format!("{at}/{field}")));
    }
    for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
        let pointer = format!("{at}/{field}");
        let mut put = |value: Value, pointer: String| {
            let mut body = example.clone();
            body[field] = value;
            all.push((body, pointer));
        };
        for value in wrong_values(schema) {
            put(value, pointer.clone());
        }
        if schema.get("properties").is_some() {
            let inner = example.get(field).cloned().unwrap_or_else(|| json!({}));
            for (value, pointer) in wrong_fields(schema, &inner, &pointer) {
                put(value, pointer);
            }
        }
    }
    all
}

/// What a schema does not allow.
fn wrong_values(schema: &Value) -> Vec<Value> {
    let is =
        |kind: &str| schema["type"] == kind || schema["type"].as_array().is_some_and(|all| all.contains(&json!(kind)));
    let mut wrong = Vec::new();
    if is("string") {
        wrong.extend([json!(7), json!(true), json!(["a"]), json!({})]);
        if schema.get("maxLength").is_some() {
            wrong.push(json!(endless()));
        }
        if schema.get("pattern").is_some() {
            wrong.extend([json!("a\0b"), json!("a\u{1b}[31mb")]);
        }
        if schema["minLength"].as_u64() > Some(0) {
            wrong.extend([json!(""), json!(" \t")]);
        }
    } else if is("integer") {
        wrong.extend([json!(-1), json!(1.5), json!("1"), json!([1]), json!(1e30)]);
    } else if is("boolean") {
        wrong.extend([json!("true"), json!(1), json!([true])]);
    } else if is("array") {
        wrong.extend([json!("text"), json!({}), json!(7), json!(true)]);
    } else if is("object") {
        wrong.extend([json!("text"), json!([]), json!(7), json!(true)]);
    } else {
        wrong.extend([json!("nonsense"), json!(7), json!([])]);
    }
    wrong
}
