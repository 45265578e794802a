//! Requests that must be refused, and how.

use reqwest::Method;
use sandbox::api::{Answer, Api};
use serde_json::Value;

use crate::problem::assert_problem;

/// What is sent.
#[derive(Debug, Clone)]
pub enum Sent {
    /// No body.
    Nothing,
    /// JSON.
    Json(Value),
    /// Any bytes, said to be of this type.
    Raw(&'static str, Vec<u8>),
}

/// A request, and what it must be refused with.
#[derive(Debug, Clone)]
pub struct Bad {
    /// The method.
    pub method: Method,
    /// The path, with its query string.
    pub path: String,
    /// The body.
    pub sent: Sent,
    /// The HTTP status.
    pub status: u16,
    /// The code.
    pub code: &'static str,
    /// What `errors` names first, of an `invalid_request`.
    pub pointer: Option<String>,
}

impl Bad {
    /// Refused with this status and code.
    pub fn new(method: Method, path: impl Into<String>, sent: Sent, status: u16, code: &'static str) -> Self {
        Self {
            method,
            path: path.into(),
            sent,
            status,
            code,
            pointer: None,
        }
    }

    /// Refused as an `invalid_request` that names this.
    pub fn invalid(method: Method, path: impl Into<String>, sent: Sent, pointer: impl Into<String>) -> Self {
        Self {
            pointer: Some(pointer.into()),
            ..Self::new(method, path, sent, 400, "invalid_request")
        }
    }

    /// Asks, and checks how it is refused.
    pub async fn try_as(&self, api: &Api) {
        let answer = self.send(api).await;
        let shown = format!("{self:?}");
        let shown: String = shown.chars().take(500).collect();
        assert_eq!(
            answer.body["code"], self.code,
            "{shown}: {} {}",
            answer.status, answer.body
        );
        assert_problem(&answer, self.status, self.code);
        if let Some(pointer) = &self.pointer {
            assert_eq!(
                &answer.body["errors"][0]["pointer"], pointer,
                "{shown}: {}",
                answer.body
            );
        }
        assert_plain(&answer, &shown);
        let dutch = self.send_in("nl", api).await;
        assert_plain(&dutch, &shown);
        for (english, dutch) in details(&answer).into_iter().zip(details(&dutch)) {
            assert_ne!(english, dutch, "{shown}: not in Dutch");
        }
    }

    /// Asks, whatever comes back.
    pub async fn send(&self, api: &Api) -> Answer {
        self.send_in("en", api).await
    }

    async fn send_in(&self, language: &str, api: &Api) -> Answer {
        let request = api
            .request(self.method.clone(), &self.path)
            .header("accept-language", language);
        let request = match &self.sent {
            Sent::Nothing => request,
            Sent::Json(body) => request.json(body),
            Sent::Raw(kind, bytes) => request.header("content-type", *kind).body(bytes.clone()),
        };
        api.send(self.method.clone(), &self.path, request).await.unwrap()
    }
}

/// Words that parsers and compilers use, and nobody who calls an API.
const FOREIGN: [&str; 22] = [
    "line",
    "column",
    "struct",
    "variant",
    "newtype",
    "enum",
    "tuple",
    "expected",
    "invalid",
    "deserialize",
    "parse",
    "parser",
    "serde",
    "trailing",
    "eof",
    "usize",
    "u32",
    "u64",
    "i64",
    "f64",
    "bool",
    "option",
];

/// Everything that an answer says in words.
fn details(answer: &Answer) -> Vec<String> {
    let errors = answer.body["errors"].as_array().into_iter().flatten();
    let all = errors.map(|error| &error["detail"]).chain([&answer.body["detail"]]);
    all.filter_map(|detail| detail.as_str().map(str::to_owned)).collect()
}

/// Checks that a refusal says in plain words what is wrong: nothing of the program behind it, and not at any length.
#[track_caller]
pub fn assert_plain(answer: &Answer, asked: &str) {
    for detail in details(answer) {
        let words = detail.split(|c: char| !c.is_ascii_alphanumeric());
        let foreign: Vec<&str> = words
            .filter(|word| FOREIGN.contains(&word.to_ascii_lowercase().as_str()))
            .collect();
        assert!(foreign.is_empty() && !detail.contains("::"), "{asked}: {detail}");
        assert!(detail.len() < 500, "{asked}: {detail}");
    }
    for error in answer.body["errors"].as_array().into_iter().flatten() {
        assert!(error["pointer"].as_str().unwrap().len() < 500, "{asked}: {error}");
    }
}
