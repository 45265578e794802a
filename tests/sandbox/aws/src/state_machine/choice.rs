//! The conditions of a `Choice` state.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::path::Path;

#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Written")]
pub(super) enum Condition {
    And(Vec<Condition>),
    Is(Path, Test),
}

#[derive(Debug, Clone)]
pub(super) enum Test {
    StringEquals(String),
    BooleanEquals(bool),
    IsTimestamp(bool),
}

/// A condition as it is written; only some combinations of the fields mean something.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Written {
    and: Option<Vec<Condition>>,
    variable: Option<Path>,
    string_equals: Option<String>,
    boolean_equals: Option<bool>,
    is_timestamp: Option<bool>,
}

impl TryFrom<Written> for Condition {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let mut tests = [
            written.string_equals.map(Test::StringEquals),
            written.boolean_equals.map(Test::BooleanEquals),
            written.is_timestamp.map(Test::IsTimestamp),
        ]
        .into_iter()
        .flatten();
        match (written.and, written.variable, tests.next(), tests.next()) {
            (Some(all), None, None, None) => Ok(Self::And(all)),
            (None, Some(variable), Some(test), None) => Ok(Self::Is(variable, test)),
            _ => Err("a condition is either And or a Variable with one test"),
        }
    }
}

impl Condition {
    /// Whether it holds; an error names a variable that is not there, which ends the execution.
    pub fn holds(&self, input: &Value) -> Result<bool, String> {
        match self {
            Self::And(all) => {
                for condition in all {
                    if !condition.holds(input)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Is(variable, test) => {
                let value = variable
                    .get(input)
                    .ok_or_else(|| format!("{variable:?} is not in the input"))?;
                Ok(match test {
                    Test::StringEquals(expected) => value.as_str() == Some(expected),
                    Test::BooleanEquals(flag) => value.as_bool() == Some(*flag),
                    Test::IsTimestamp(wanted) => timestamp(value).is_some() == *wanted,
                })
            }
        }
    }
}

/// A time as Step Functions takes it: RFC 3339 with an upper-case T and Z or an offset.
pub(super) fn timestamp(value: &Value) -> Option<Timestamp> {
    let text = value.as_str()?;
    let well_formed = text.as_bytes().get(10) == Some(&b'T') && !text.ends_with('z');
    text.parse().ok().filter(|_| well_formed)
}
