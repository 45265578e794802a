//! A condition whose names are known and whose values fit the fields.

use jiff::Timestamp;

use super::pattern::{Pattern, folded};
use super::schema::{Field, Found, Kind, look_up};
use super::syntax::{Comparison, Condition, Literal, Test};
use crate::http::error::ApiError;

/// A condition ready to be evaluated.
#[derive(Clone, Debug)]
pub enum Filter {
    /// All of these.
    And(Vec<Filter>),
    /// One of these.
    Or(Vec<Filter>),
    /// The opposite.
    Not(Box<Filter>),
    /// A test of one field.
    Test {
        /// Where the field is.
        path: Vec<&'static str>,
        /// How many of the names lead to the list that is crossed, if one is.
        list: Option<usize>,
        /// What is asked.
        check: Check,
    },
}

/// What is asked of a value.
#[derive(Clone, Debug)]
pub enum Check {
    /// Whether there is none.
    IsNull,
    /// How it compares.
    Compare(Comparison, Wanted),
    /// Whether it fits.
    Fits(Pattern),
    /// Whether it is one of these.
    OneOf(Vec<Wanted>),
    /// The opposite.
    Not(Box<Check>),
}

/// A value to compare with.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// A number.
    Number(f64),
    /// A text, folded.
    Text(String),
    /// True or false.
    Flag(bool),
    /// A point in time.
    Time(Timestamp),
}

/// Which parameter a condition came in: each reaches other fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// `conditions`: fields that are not within a list.
    Fields,
    /// `childConditions`: fields within a list.
    Lists,
    /// `customFieldConditions`: fields of a custom field.
    CustomFields,
}

const VALUES: &str = "String values should be enclosed with double or single quotes; DateTime values should be enclosed \
    in square brackets; numbers should consist of only digits, and optionally a decimal point and a negation sign; \
    boolean values should be indicated with the keywords true or false; null values should be indicated by the keyword \
    null.";

/// Turns conditions as written into filters.
#[derive(Clone, Copy, Debug)]
pub struct Checker {
    /// What the resource has.
    pub fields: &'static [Field],
    /// Which of it may be asked for.
    pub reach: Reach,
    /// Whether upper and lower case differ.
    pub case_sensitive: bool,
}

impl Checker {
    /// The filter, or the server's message.
    pub fn check(&self, condition: Condition) -> Result<Filter, ApiError> {
        Ok(match condition {
            Condition::And(parts) => Filter::And(self.check_all(parts)?),
            Condition::Or(parts) => Filter::Or(self.check_all(parts)?),
            Condition::Not(inner) => Filter::Not(Box::new(self.check(*inner)?)),
            Condition::Test { path, test } => {
                let found = self.found(&path)?;
                let check = self.test(test, found.kind)?;
                Filter::Test {
                    path: found.path,
                    list: found.list,
                    check,
                }
            }
        })
    }

    fn check_all(&self, parts: Vec<Condition>) -> Result<Vec<Filter>, ApiError> {
        parts.into_iter().map(|part| self.check(part)).collect()
    }

    fn found(&self, path: &[String]) -> Result<Found, ApiError> {
        let found = match self.reach {
            Reach::Fields => look_up(self.fields, path).filter(|found| found.list.is_none()),
            Reach::Lists => look_up(self.fields, path).filter(|found| found.list.is_some()),
            Reach::CustomFields => {
                let within: Vec<&str> = std::iter::once("customFields")
                    .chain(path.iter().map(String::as_str))
                    .collect();
                look_up(self.fields, &within)
            }
        };
        found.ok_or_else(|| ApiError::find_condition(format!("{} is not a recognized name.", path.join("/"))))
    }

    fn test(&self, test: Test, kind: Kind) -> Result<Check, ApiError> {
        match test {
            Test::Compare(Comparison::Equal, Literal::Null) => Ok(Check::IsNull),
            Test::Compare(Comparison::Unequal, Literal::Null) => Ok(Check::Not(Box::new(Check::IsNull))),
            Test::Compare(comparison, literal) => Ok(Check::Compare(comparison, self.wanted(literal, kind)?)),
            Test::Contains(pattern) => {
                text_only("contains", kind)?;
                Ok(Check::Fits(Pattern::contains(&pattern, self.case_sensitive)))
            }
            Test::Like(pattern) => {
                text_only("like", kind)?;
                Ok(Check::Fits(Pattern::like(&pattern, self.case_sensitive)))
            }
            Test::In(_) if self.reach == Reach::Lists => Err(ApiError::find_condition(
                "The operator in is not allowed in childConditions.",
            )),
            Test::In(literals) => {
                let wanted = literals.into_iter().map(|literal| self.wanted(literal, kind));
                wanted.collect::<Result<_, _>>().map(Check::OneOf)
            }
            Test::Not(test) => self.test(*test, kind).map(|check| Check::Not(Box::new(check))),
        }
    }

    fn wanted(&self, literal: Literal, kind: Kind) -> Result<Wanted, ApiError> {
        let given = literal.kind();
        let wanted = match (literal, kind) {
            (Literal::Number(number), Kind::Number | Kind::Scalar) => Some(Wanted::Number(number)),
            (Literal::Flag(flag), Kind::Flag | Kind::Scalar) => Some(Wanted::Flag(flag)),
            (Literal::Time(time), Kind::Time | Kind::Scalar) => Some(Wanted::Time(time)),
            (Literal::Text(text), Kind::Choice(choices)) if !choices.iter().any(|c| c.eq_ignore_ascii_case(&text)) => {
                return Err(ApiError::find_condition("Enum value supplied was invalid"));
            }
            (Literal::Text(text), Kind::Text | Kind::Choice(_) | Kind::Scalar) => {
                Some(Wanted::Text(folded(&text, self.case_sensitive)))
            }
            _ => None,
        };
        wanted.ok_or_else(|| {
            let expected = expected(kind);
            ApiError::find_condition(format!("Expected a {expected} value, not a {given}. {VALUES}"))
        })
    }
}

fn text_only(operator: &str, kind: Kind) -> Result<(), ApiError> {
    match kind {
        Kind::Text | Kind::Choice(_) | Kind::Scalar => Ok(()),
        _ => Err(ApiError::find_condition(format!(
            "The operator {operator} applies to string values only."
        ))),
    }
}

fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "numeric",
        Kind::Flag => "boolean",
        Kind::Time => "datetime",
        Kind::Text | Kind::Choice(_) | Kind::Scalar | Kind::Free => "string",
        Kind::One(_) | Kind::Many(_) => "null",
    }
}
