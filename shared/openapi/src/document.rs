//! From calls to the document.

use std::collections::BTreeMap;

use domain::ids;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::call::{Answer, Call, Content, Describe, Part};
use crate::{headers, problems};

/// What the variables of paths mean.
const VARIABLES: [(&str, &str); 8] = [
    ("i", "The id of the integration."),
    ("x", "The id of the import."),
    ("p", "The id of the company in the PSA."),
    ("n", "The id of the contact in the PSA."),
    ("a", "The id of the address row, unique within its company."),
    ("r", "The id of the rule, which is a decision on many rows."),
    ("c", "The id of the managed company in the directory."),
    ("u", "The id of the user in the directory."),
];

/// What API Gateway answers by itself.
const BY_GATEWAY: &str = "GatewayMessage";

/// The document that describes all these calls.
pub fn document(version: &str, parts: &[Part]) -> Value {
    let mut writer = Writer::new();
    let mut paths: Map<String, Value> = Map::new();
    for part in parts {
        for call in &part.calls {
            let path = paths.entry(call.path).or_insert_with(|| json!({}));
            path[call.method.to_lowercase()] = writer.operation(part.name, call);
        }
    }
    let tags: Vec<Value> = parts
        .iter()
        .map(|part| json!({ "name": part.name, "description": part.about }))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "psa-import",
            "version": version,
            "summary": "Keeps a password manager's managed companies and users in step with an MSP's PSA.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "administrator": [] }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": writer.schemas(),
            "examples": problems::examples(),
            "headers": headers::described(),
            "securitySchemes": {
                "administrator": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A JWT with the claims `sub`, `email`, `msp` and `roles`. The deployment may name another claim for the roles. That claim holds one role as a text, or a list of roles; one of them must be exactly `administrator`.",
                },
            },
        },
    })
}

/// Keeps apart what is read and what is written: a field with a default may be left out of a request, and is in every
/// answer.
struct Writer {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Writer {
    fn new() -> Self {
        let settings = |change: fn(&mut SchemaSettings)| {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.meta_schema = None;
                settings.definitions_path = "/components/schemas".into();
                change(settings);
            })
        };
        Self {
            read: settings(|settings| settings.inline_subschemas = true)
                .for_deserialize()
                .into_generator(),
            written: settings(|_| {}).for_serialize().into_generator(),
        }
    }

    fn operation(&mut self, tag: &str, call: &Call) -> Value {
        let mut operation = json!({
            "operationId": call.id,
            "summary": call.summary,
            "tags": [tag],
            "parameters": self.parameters(call),
            "responses": self.responses(call),
        });
        if call.public {
            operation["security"] = json!([]);
        }
        if let Some(body) = &call.body {
            let schema = (body.schema)(&mut self.read);
            // An empty body is read as an empty object.
            let required = schema.get("required").is_some();
            operation["requestBody"] = json!({
                "required": required,
                "content": { "application/json": { "schema": schema, "example": body.example } },
            });
        }
        operation
    }

    fn parameters(&mut self, call: &Call) -> Vec<Value> {
        let variable = |(name, about): &(&str, &str)| {
            json!({
                "name": name, "in": "path", "required": true, "description": about,
                "schema": { "type": "string", "minLength": 1, "maxLength": ids::MAX_LENGTH },
            })
        };
        let named = |(name, _): &&(&str, &str)| call.path.contains(&format!("{{{name}}}"));
        let mut parameters: Vec<Value> = VARIABLES.iter().filter(named).map(variable).collect();
        for query in &call.query {
            parameters.extend(self.query(*query));
        }
        parameters
    }

    /// Each property is a parameter of its own.
    fn query(&mut self, describe: Describe) -> Vec<Value> {
        let schema = describe(&mut self.read);
        let properties = schema.get("properties").and_then(Value::as_object);
        let parameter = |(name, schema): (&String, &Value)| {
            let mut schema = without_null(schema.clone());
            let about = schema.as_object_mut().and_then(|schema| schema.remove("description"));
            json!({ "name": name, "in": "query", "description": about, "schema": schema })
        };
        properties.into_iter().flatten().map(parameter).collect()
    }

    fn responses(&mut self, call: &Call) -> Map<String, Value> {
        let mut all = problems::answers(&call.codes);
        if !call.public {
            add_by_gateway(&mut all, 401, "The request has no valid token.");
            add_by_gateway(&mut all, 503, "The service did not answer in time.");
        }
        if all.contains_key(&500) {
            // A function that ends without an answer is answered for.
            add_by_gateway(&mut all, 500, "");
        }
        if call.body.is_some() {
            add_by_gateway(&mut all, 413, "The body is larger than 10 MB.");
        }
        if let Some(answer) = &call.answer {
            all.insert(answer.status, self.success(answer));
        }
        all.into_iter()
            .map(|(status, answer)| (status.to_string(), answer))
            .collect()
    }

    fn success(&mut self, answer: &Answer) -> Value {
        let mut success = json!({
            "description": http::StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason()),
            "headers": headers::of_answer(&answer.headers),
        });
        if let Some(Content { schema, example }) = &answer.content {
            let schema = schema(&mut self.written);
            success["content"] = json!({ "application/json": { "schema": schema, "example": example } });
        }
        if let Some((media_type, example)) = answer.other {
            success["content"][media_type] = json!({ "schema": { "type": "string" }, "example": example });
        }
        success
    }

    fn schemas(mut self) -> Map<String, Value> {
        let mut schemas = problems::schemas(&mut self.written);
        schemas.insert(
            BY_GATEWAY.to_owned(),
            json!({
                "type": "object",
                "description": "An answer of API Gateway itself: the token is not valid, the body is too large, or the service gave no answer.",
                "properties": { "message": { "type": "string", "description": "A short text in English. Rely on the status instead." } },
                "required": ["message"],
            }),
        );
        schemas.extend(self.written.take_definitions(true));
        schemas
    }
}

/// Adds what API Gateway answers with a status, next to what the API itself answers with it.
fn add_by_gateway(all: &mut BTreeMap<u16, Value>, status: u16, about: &str) {
    let answer = by_gateway(about);
    match all.get_mut(&status) {
        Some(problem) => {
            problem["content"]["application/json"] = answer["content"]["application/json"].clone();
            problem["headers"] = json!({});
        }
        None => drop(all.insert(status, answer)),
    }
}

fn by_gateway(about: &str) -> Value {
    json!({
        "description": about,
        "content": { "application/json": { "schema": { "$ref": format!("#/components/schemas/{BY_GATEWAY}") } } },
    })
}

/// What may be left out of a query string cannot be null in it.
fn without_null(mut schema: Value) -> Value {
    if let Some(kinds) = schema["type"].as_array() {
        let kinds: Vec<Value> = kinds.iter().filter(|kind| *kind != "null").cloned().collect();
        schema["type"] = kinds.first().cloned().unwrap_or_default();
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let is_null = |choice: &&Value| choice["type"] == "null";
        let chosen = choices
            .iter()
            .find(|choice| !is_null(choice))
            .cloned()
            .unwrap_or_default();
        let about = schema["description"].take();
        schema = chosen;
        if !about.is_null() {
            schema["description"] = about;
        }
    }
    schema
}
