//! What the API says is wrong.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::form::Field;

/// A problem (RFC 9457).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Problem {
    #[serde(default)]
    pub status: u16,
    pub code: String,
    pub detail: String,
    #[serde(default)]
    pub correlation_id: String,
    #[serde(default)]
    pub retryable: bool,
    #[serde(default)]
    pub errors: Vec<FieldError>,
    #[serde(flatten)]
    pub facts: Map<String, Value>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FieldError {
    pub pointer: String,
    pub detail: String,
    /// The field of the page's form that it is about.
    #[serde(skip)]
    pub field: Option<&'static Field>,
}

impl Problem {
    /// A fact of the problem as text.
    pub(crate) fn fact(&self, name: &str) -> Option<String> {
        match self.facts.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    /// A moment that it names.
    pub(crate) fn moment(&self, name: &str) -> Option<Timestamp> {
        self.facts.get(name)?.as_str()?.parse().ok()
    }

    /// Ties what is wrong to the fields of a form. Some problems name one field in a fact of their own, or by their code.
    pub(crate) fn about(mut self, fields: &[&'static Field]) -> Self {
        let named = match self.code.as_str() {
            "invalid_psa_address" => Some("address".to_owned()),
            _ => self.fact("field"),
        };
        if let Some(field) = fields.iter().find(|field| Some(field.name) == named.as_deref()) {
            self.errors.push(FieldError {
                pointer: field.pointer.to_owned(),
                detail: self.detail.clone(),
                field: None,
            });
        }
        for error in &mut self.errors {
            error.field = fields.iter().copied().find(|field| field.pointer == error.pointer);
        }
        self
    }

    /// What is wrong with a field.
    pub(crate) fn wrong(&self, field: &Field) -> Option<&str> {
        let found = self.errors.iter().find(|error| error.pointer == field.pointer);
        found.map(|error| error.detail.as_str())
    }

    /// Whether it is one of these.
    pub(crate) fn is(&self, codes: &[&str]) -> bool {
        codes.contains(&self.code.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::form::Input;

    const KEY: Field = Field::new(
        "publicKey",
        "/credentials/publicKey",
        ("Key", "Sleutel"),
        Input::Private,
    );
    const ADDRESS: Field = Field::new("address", "/address", ("Address", "Adres"), Input::Url);

    fn problem(facts: &Value) -> Problem {
        let mut all = json!({ "code": "invalid_request", "detail": "All of it." });
        for (name, value) in facts.as_object().unwrap() {
            all[name] = value.clone();
        }
        serde_json::from_value::<Problem>(all).unwrap().about(&[&KEY, &ADDRESS])
    }

    #[test]
    fn r94_what_is_wrong_is_tied_to_the_field_that_it_is_about() {
        let of_pointer = problem(&json!({ "errors": [
            { "pointer": "/address", "detail": "It is missing." }, { "pointer": "/other", "detail": "It is missing." },
        ] }));
        assert_eq!(of_pointer.wrong(&ADDRESS), Some("It is missing."));
        assert_eq!(of_pointer.wrong(&KEY), None);
        let names: Vec<_> = of_pointer
            .errors
            .iter()
            .map(|error| error.field.map(|field| field.name))
            .collect();
        assert_eq!(names, [Some("address"), None]);

        let of_fact = problem(&json!({ "code": "credentials_required", "field": "publicKey" }));
        assert_eq!(of_fact.wrong(&KEY), Some("All of it."));
        let of_code = problem(&json!({ "code": "invalid_psa_address" }));
        assert_eq!(of_code.wrong(&ADDRESS), Some("All of it."));
        assert_eq!(problem(&json!({})).errors.len(), 0);
    }

    #[test]
    fn r94_a_moment_is_read_and_anything_else_is_none() {
        let locked = problem(&json!({ "until": "2026-03-05T04:07:00Z", "lockedBy": "ana" }));
        assert_eq!(locked.moment("until").unwrap().to_string(), "2026-03-05T04:07:00Z");
        assert_eq!((locked.moment("lockedBy"), locked.moment("since")), (None, None));
    }
}
