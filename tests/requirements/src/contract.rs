//! The OpenAPI document as a contract: every answer that is seen must be one that it describes.

use std::collections::HashMap;
use std::sync::Arc;

use boon::{Compiler, SchemaIndex, Schemas};
use reqwest::Method;
use sandbox::api::{Answer, Api};
use serde_json::Value;

const AT: &str = "http://contract/openapi.json";

/// What the document promises.
pub struct Contract {
    document: Value,
    schemas: Schemas,
    answers: HashMap<String, SchemaIndex>,
}

impl Contract {
    /// Reads the document.
    pub fn new(document: Value) -> Self {
        let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
        compiler.enable_format_assertions();
        compiler.add_resource(AT, document.clone()).unwrap();
        let answers = answers(&document).into_iter().map(|pointer| {
            let schema = compiler.compile(&format!("{AT}#{pointer}/schema"), &mut schemas);
            (
                pointer.clone(),
                schema.unwrap_or_else(|error| panic!("{pointer}: {error:#}")),
            )
        });
        let answers = answers.collect();
        Self {
            document,
            schemas,
            answers,
        }
    }

    /// A caller whose answers are all held against the document.
    pub fn watching(self: &Arc<Self>, api: &Api) -> Api {
        let contract = Arc::clone(self);
        api.watched(Arc::new(move |method, path, answer| {
            contract.check(method, path, answer);
        }))
    }

    /// Where the contents of all answers and requests stand, as JSON pointers.
    pub fn contents(&self) -> impl Iterator<Item = &String> {
        self.answers.keys()
    }

    /// Checks a value against the schema of a content.
    #[track_caller]
    pub fn check_content(&self, pointer: &str, value: &Value) {
        let schema = self.answers[pointer];
        if let Err(error) = self.schemas.validate(value, schema) {
            panic!("{pointer}: {error:#}\n{value}");
        }
    }

    /// Something in the document.
    pub fn at(&self, pointer: &str) -> &Value {
        self.document.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// Checks an answer. What stands under no path of the document is nothing that it could promise.
    #[track_caller]
    pub fn check(&self, method: &Method, path: &str, answer: &Answer) {
        let Some(template) = self.template(path, method) else {
            assert!(!answer.status.is_success(), "{method} {path} is not in the document");
            return;
        };
        let status = answer.status.as_u16();
        let response = format!(
            "/paths/{}/{}/responses/{status}",
            escaped(template),
            method.as_str().to_lowercase()
        );
        let described = self.at(&response);
        assert!(
            described.is_object(),
            "{method} {path}: {status} is not in the document: {}",
            answer.body
        );
        let headers = described["headers"].as_object().into_iter().flatten();
        for (name, _) in headers {
            let required = self.at(&format!("/components/headers/{name}"))["required"] == true;
            let given = answer.headers.contains_key(name.as_str());
            assert!(given || !required, "{method} {path}: no {name}");
        }
        if described.get("content").is_none() {
            assert_eq!(answer.body, Value::Null, "{method} {path}: {status} has a body");
            return;
        }
        let kind = answer.headers["content-type"].to_str().unwrap();
        let content = format!("{response}/content/{}", escaped(kind));
        assert!(
            self.at(&content).is_object(),
            "{method} {path}: {status} as {kind} is not in the document"
        );
        self.check_content(&content, &answer.body);
    }

    /// The path of the document that a called one is an instance of; a fixed one goes before one with a variable.
    fn template(&self, path: &str, method: &Method) -> Option<&str> {
        let path = path.split('?').next().unwrap_or_default();
        let calls = self.document["paths"].as_object().unwrap().iter();
        let fits = |template: &str| {
            let segments = template.split('/').zip(path.split('/'));
            template.split('/').count() == path.split('/').count()
                && segments
                    .into_iter()
                    .all(|(one, other)| one.starts_with('{') || one == other)
        };
        let method = method.as_str().to_lowercase();
        let found = calls.filter(|(template, calls)| fits(template) && calls.get(&method).is_some());
        found
            .map(|(template, _)| template.as_str())
            .min_by_key(|template| template.matches('{').count())
    }
}

fn escaped(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

/// All contents of requests and answers.
fn answers(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (path, calls) in document["paths"].as_object().into_iter().flatten() {
        for (method, call) in calls.as_object().unwrap() {
            let at = format!("/paths/{}/{method}", escaped(path));
            let contents = |content: &Value, at: &str| -> Vec<String> {
                let kinds = content.as_object().into_iter().flatten();
                kinds
                    .map(|(kind, _)| format!("{at}/content/{}", escaped(kind)))
                    .collect()
            };
            found.extend(contents(&call["requestBody"]["content"], &format!("{at}/requestBody")));
            for (status, answer) in call["responses"].as_object().unwrap() {
                found.extend(contents(&answer["content"], &format!("{at}/responses/{status}")));
            }
        }
    }
    found
}
