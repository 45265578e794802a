//! Problem answers: a schema for each code, and what a call may answer by status.

use std::collections::{BTreeMap, BTreeSet};

use domain::language::Language;
use domain::plan::mass_change::MassChange;
use domain::problem::{
    Code, CredentialFacts, FilterFacts, LicenceFacts, LimitFacts, LockFacts, NoFacts, PlanFacts, PsaFacts, RateFacts,
    RequestFacts, StateFacts, VersionFacts,
};
use http::StatusCode;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::{headers, samples};

/// Where the schema of a code stands.
fn name(code: Code) -> String {
    format!("{code:?}Problem")
}

fn title(code: Code) -> Option<&'static str> {
    StatusCode::from_u16(code.status()).ok()?.canonical_reason()
}

/// A schema for each code, under its name.
pub(crate) fn schemas(generator: &mut SchemaGenerator) -> Map<String, Value> {
    let schemas = Code::ALL.iter().map(|code| (name(*code), schema(*code, generator)));
    schemas.collect()
}

fn schema(code: Code, generator: &mut SchemaGenerator) -> Value {
    let mut schema = json!({
        "type": "object",
        "description": code.when(),
        "properties": {
            "type": { "type": "string", "description": "Always absent, which means `about:blank`: `code` identifies the problem." },
            "title": { "const": title(code) },
            "status": { "const": code.status() },
            "detail": { "type": "string", "description": "What happened, why, and what to do next, in the language of `Content-Language`." },
            "code": { "const": code.as_str() },
            "retryable": { "type": "boolean", "description": "Whether the same request may succeed later without any change." },
            "correlationId": { "type": "string", "description": "Identifies this call in the service's log; equals the header `X-Correlation-Id`." },
        },
        "required": ["title", "status", "detail", "code", "retryable", "correlationId"],
    });
    let facts = facts(code, generator);
    if let (Some(all), Some(more)) = (schema["properties"].as_object_mut(), facts.get("properties")) {
        all.extend(more.as_object().cloned().unwrap_or_default());
    }
    if let (Some(all), Some(more)) = (schema["required"].as_array_mut(), facts.get("required")) {
        all.extend(more.as_array().cloned().unwrap_or_default());
    }
    schema
}

/// What an answer of this code has besides what all have.
fn facts(code: Code, generator: &mut SchemaGenerator) -> Schema {
    use schemars::JsonSchema as _;
    match code {
        Code::IntegrationLocked => LockFacts::json_schema(generator),
        Code::InsufficientLicences => LicenceFacts::json_schema(generator),
        Code::InvalidRequest => RequestFacts::json_schema(generator),
        Code::InvalidFilter => FilterFacts::json_schema(generator),
        Code::CredentialsRequired => CredentialFacts::json_schema(generator),
        Code::DecisionConflict => VersionFacts::json_schema(generator),
        Code::PlanChanged => PlanFacts::json_schema(generator),
        Code::MassChange => MassChange::json_schema(generator),
        Code::WrongState => StateFacts::json_schema(generator),
        Code::LimitExceeded => LimitFacts::json_schema(generator),
        Code::TooManyCalls => RateFacts::json_schema(generator),
        code if Code::of_psa().contains(&code) => PsaFacts::json_schema(generator),
        _ => NoFacts::json_schema(generator),
    }
}

/// The answers to a call that may be refused with these codes, by status.
pub(crate) fn answers(codes: &BTreeSet<Code>) -> BTreeMap<u16, Value> {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status()).or_default().push(*code);
    }
    let answers = by_status
        .into_iter()
        .map(|(status, codes)| (status, answer(status, &codes)));
    answers.collect()
}

fn answer(status: u16, codes: &[Code]) -> Value {
    let headers: &[&str] = match status {
        429 => &["Content-Language", "Retry-After"],
        _ => &["Content-Language"],
    };
    let said: Vec<String> = codes
        .iter()
        .map(|code| format!("`{}`: {}", code.as_str(), code.when()))
        .collect();
    let schemas: Vec<Value> = codes
        .iter()
        .map(|code| json!({ "$ref": format!("#/components/schemas/{}", name(*code)) }))
        .collect();
    let schema = match schemas.as_slice() {
        [only] => only.clone(),
        _ => json!({ "oneOf": schemas }),
    };
    let examples: Map<String, Value> = codes
        .iter()
        .map(|code| {
            (
                code.as_str().to_owned(),
                json!({ "$ref": format!("#/components/examples/{}", code.as_str()) }),
            )
        })
        .collect();
    json!({
        "description": said.join(" "),
        "headers": headers::of_answer(headers),
        "content": { "application/problem+json": { "schema": schema, "examples": examples } },
    })
}

/// An example for each code, under the code itself.
pub(crate) fn examples() -> Map<String, Value> {
    let examples = Code::ALL.iter().map(|code| {
        (
            code.as_str().to_owned(),
            json!({ "summary": code.when(), "value": example(*code) }),
        )
    });
    examples.collect()
}

fn example(code: Code) -> Value {
    let problem = samples::problem(code);
    let mut example = json!({
        "title": title(code),
        "status": code.status(),
        "detail": problem.detail(Language::English),
        "code": code.as_str(),
        "retryable": problem.retryable(),
        "correlationId": "JKJaXmPLvHcESHA=",
    });
    if let (Some(example), Value::Object(facts)) = (example.as_object_mut(), json!(problem.facts(Language::English))) {
        example.extend(facts);
    }
    example
}
