//! What a service says of a request that it refuses, where it says it as RFC 9457 has it.

use std::fmt;

use serde::Deserialize;

/// More is not kept of a refusal.
const LONGEST: usize = 1_000;

/// The words of a service. They may hold anything that the request had, and so are never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Said(String);

#[derive(Deserialize)]
struct ProblemBody {
    detail: Option<String>,
    #[serde(default)]
    errors: Option<Vec<FieldError>>,
}

#[derive(Deserialize)]
struct FieldError {
    detail: Option<String>,
}

impl Said {
    /// The sentences of a problem, if the body of a refusal is one.
    pub(crate) fn read(body: &str) -> Option<Self> {
        let body: ProblemBody = serde_json::from_str(body).ok()?;
        let fields = body.errors.into_iter().flatten().filter_map(|error| error.detail);
        let sentences: Vec<String> = body.detail.into_iter().chain(fields).collect();
        let text: String = sentences.join(" ").chars().take(LONGEST).collect();
        (!text.is_empty()).then_some(Self(text))
    }

    /// The words, for somebody to whom they may be shown.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Said(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r82_the_sentences_of_a_problem_are_read_and_nothing_of_other_bodies() {
        let read = |body: &str| Said::read(body).map(|said| said.0);
        let problem = r#"{"title":"Bad Request","detail":"Not valid.","errors":[{"detail":"No email."},{}]}"#;
        assert_eq!(read(problem).as_deref(), Some("Not valid. No email."));
        assert_eq!(read(r#"{"detail":"Full.","errors":null}"#).as_deref(), Some("Full."));
        for other in ["", "<html>", "[]", "{}", r#"{"detail":5}"#, r#"{"detail":""}"#, "null"] {
            assert_eq!(read(other), None, "{other}");
        }
        let long = format!(r#"{{"detail":"{}"}}"#, "é".repeat(5_000));
        assert_eq!(read(&long).unwrap().chars().count(), LONGEST);
    }

    #[test]
    fn r50_what_is_said_is_not_printed() {
        let said = Said::read(r#"{"detail":"ana@x.example"}"#);
        assert!(!format!("{said:?}").contains("ana"));
    }
}
