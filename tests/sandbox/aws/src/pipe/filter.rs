//! The pipe's filter: an `EventBridge` pattern made of fields and lists of texts.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Error;

/// Which records go through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(Fields);

type Fields = BTreeMap<String, Pattern>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    /// Each of these fields must be there and match.
    Fields(Fields),
    /// The value must be one of these texts.
    OneOf(Vec<String>),
}

impl Filter {
    /// Reads a pattern; operators (`prefix`, `exists`, `$or`…), numbers and null are refused, because they would have
    /// to mean here exactly what they mean there.
    pub fn parse(pattern: &str) -> Result<Self, Error> {
        let pattern: Value = serde_json::from_str(pattern).map_err(|error| Error::Filter(error.to_string()))?;
        match Pattern::read(&pattern)? {
            Pattern::Fields(fields) => Ok(Self(fields)),
            Pattern::OneOf(_) => Err(refused(&pattern)),
        }
    }

    /// Whether this record goes through.
    pub fn matches(&self, record: &Value) -> bool {
        all_match(&self.0, record)
    }
}

impl Pattern {
    fn read(value: &Value) -> Result<Self, Error> {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                let fields = fields.iter().map(|(name, value)| {
                    if name.starts_with('$') {
                        Err(refused(&Value::from(name.as_str())))
                    } else {
                        Ok((name.clone(), Self::read(value)?))
                    }
                });
                Ok(Self::Fields(fields.collect::<Result<_, _>>()?))
            }
            Value::Array(values) if !values.is_empty() => {
                let texts = values
                    .iter()
                    .map(|value| value.as_str().map(str::to_owned).ok_or_else(|| refused(value)));
                Ok(Self::OneOf(texts.collect::<Result<_, _>>()?))
            }
            other => Err(refused(other)),
        }
    }

    fn matches(&self, value: &Value) -> bool {
        match self {
            Self::Fields(fields) => all_match(fields, value),
            Self::OneOf(texts) => value
                .as_str()
                .is_some_and(|value| texts.iter().any(|text| text == value)),
        }
    }
}

fn all_match(fields: &Fields, value: &Value) -> bool {
    fields
        .iter()
        .all(|(name, pattern)| value.get(name).is_some_and(|value| pattern.matches(value)))
}

fn refused(what: &Value) -> Error {
    Error::Filter(format!("{what} is not known here: only fields and lists of texts are"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::Template;

    fn record(event: &str, sk: &str, image: Option<&str>) -> Value {
        let mut record =
            json!({ "eventName": event, "dynamodb": { "Keys": { "pk": { "S": "MSP#m" }, "sk": { "S": sk } } } });
        if let Some(assignment) = image {
            record["dynamodb"]["NewImage"] = json!({ "sk": { "S": sk }, "assignment": { "S": assignment } });
        }
        record
    }

    #[test]
    fn work_goes_through_and_nothing_else_does() {
        let template = Template::load().unwrap();
        let filter = template.pipe_filter();
        for (event, sk, assignment, through) in [
            ("INSERT", "IMPORT", Some("fetch"), true),
            ("MODIFY", "IMPORT", Some("execute"), true),
            ("MODIFY", "IMPORT", Some("review"), false),
            ("MODIFY", "IMPORT", Some("done"), false),
            ("MODIFY", "IMPORT", Some("Fetch"), false),
            ("INSERT", "ROW#1", Some("fetch"), false),
            ("INSERT", "IMPORT#1", Some("fetch"), false),
            ("REMOVE", "IMPORT", None, false),
        ] {
            assert_eq!(
                filter.matches(&record(event, sk, assignment)),
                through,
                "{event} {sk} {assignment:?}"
            );
        }
    }

    #[test]
    fn a_value_of_another_type_is_no_match() {
        let filter = Filter::parse(r#"{"state":{"S":["1"]}}"#).unwrap();
        for value in [
            json!(null),
            json!("1"),
            json!(["1"]),
            json!({ "S": 1 }),
            json!({ "S": ["1"] }),
            json!({ "N": "1" }),
        ] {
            assert!(!filter.matches(&json!({ "state": value })), "{value}");
        }
    }

    #[test]
    fn what_is_not_known_here_is_refused() {
        for pattern in [
            r#"["a"]"#,
            "{}",
            r#"{"a":{}}"#,
            r#"{"a":[]}"#,
            r#"{"a":"b"}"#,
            r#"{"a":[1]}"#,
            r#"{"a":[null]}"#,
            r#"{"a":["b",{"prefix":"c"}]}"#,
            r#"{"a":[{"exists":false}]}"#,
            r#"{"$or":[{"a":["b"]}]}"#,
            r#"{"$or":{"a":["b"]}}"#,
            "not json",
        ] {
            assert!(matches!(Filter::parse(pattern), Err(Error::Filter(_))), "{pattern}");
        }
    }

    /// Few names and texts, so that patterns and records meet often.
    fn name() -> impl Strategy<Value = String> {
        "[ab]"
    }

    fn pattern() -> impl Strategy<Value = Value> {
        let leaf = prop::collection::vec("[xyz]", 1..3).prop_map(Value::from);
        let tree = leaf.prop_recursive(3, 8, 2, |inner| {
            prop::collection::btree_map(name(), inner, 1..3).prop_map(|fields| json!(fields))
        });
        prop::collection::btree_map(name(), tree, 1..3).prop_map(|fields| json!(fields))
    }

    fn event() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![4 => "[xyz]".prop_map(Value::from), 1 => Just(Value::Null), 1 => Just(json!(["x"]))];
        leaf.prop_recursive(4, 16, 2, |inner| {
            prop::collection::btree_map(name(), inner, 0..3).prop_map(|fields| json!(fields))
        })
    }

    /// Every list of texts in a pattern with the JSON pointer that leads to it.
    fn leaves(pattern: &Value, pointer: &str, into: &mut Vec<(String, Vec<Value>)>) {
        match pattern {
            Value::Object(fields) => {
                fields
                    .iter()
                    .for_each(|(name, value)| leaves(value, &format!("{pointer}/{name}"), into));
            }
            Value::Array(texts) => into.push((pointer.to_owned(), texts.clone())),
            other => panic!("not a pattern: {other}"),
        }
    }

    proptest! {
        #[test]
        fn a_record_goes_through_when_each_list_holds_the_text_at_its_place(pattern in pattern(), event in event()) {
            let filter = Filter::parse(&pattern.to_string()).unwrap();
            let mut lists = Vec::new();
            leaves(&pattern, "", &mut lists);
            let expected = lists.iter().all(|(pointer, texts)| event.pointer(pointer).is_some_and(|value| texts.contains(value)));
            prop_assert_eq!(filter.matches(&event), expected);
        }

        #[test]
        fn a_record_made_from_the_pattern_goes_through(pattern in pattern()) {
            let filter = Filter::parse(&pattern.to_string()).unwrap();
            prop_assert!(filter.matches(&first_choices(&pattern)));
        }
    }

    fn first_choices(pattern: &Value) -> Value {
        match pattern {
            Value::Object(fields) => fields
                .iter()
                .map(|(name, value)| (name.clone(), first_choices(value)))
                .collect(),
            Value::Array(texts) => texts[0].clone(),
            other => panic!("not a pattern: {other}"),
        }
    }
}
