//! A condition as written: names not yet looked up, values not yet checked.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// All of at least two.
    And(Vec<Condition>),
    /// One of at least two.
    Or(Vec<Condition>),
    /// The opposite.
    Not(Box<Condition>),
    /// A test of one field.
    Test {
        /// The names between the slashes.
        path: Vec<String>,
        /// What is asked of the field.
        test: Test,
    },
}

/// What is asked of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// A comparison with a value.
    Compare(Comparison, Literal),
    /// Whether a text holds a pattern.
    Contains(String),
    /// Whether a text is like a pattern.
    Like(String),
    /// Whether it is one of these.
    In(Vec<Literal>),
    /// `not contains`, `not like`, `not in`.
    Not(Box<Test>),
}

/// `=`, `!=`, `<`, `<=`, `>`, `>=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// A value as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// In double or single quotes.
    Text(String),
    /// Digits, optionally a decimal point and a negation sign.
    Number(f64),
    /// `true` or `false`.
    Flag(bool),
    /// In square brackets.
    Time(Timestamp),
    /// `null`
    Null,
}

impl Literal {
    /// The word the server's messages have for this kind of value.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Number(_) => "numeric",
            Self::Flag(_) => "boolean",
            Self::Time(_) => "datetime",
            Self::Null => "null",
        }
    }
}

/// How a quote within a text of the same quotes is written; ConnectWise does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum QuoteEscape {
    /// `\"`, and `\\` for a backslash.
    #[default]
    Backslash,
    /// `""`
    Doubled,
    /// Not at all: the first quote ends the text.
    None,
}

impl fmt::Display for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => joined(out, parts, " AND "),
            Self::Or(parts) => joined(out, parts, " OR "),
            Self::Not(inner) => write!(out, "NOT ({inner})"),
            Self::Test { path, test } => write!(out, "{} {test}", path.join("/")),
        }
    }
}

fn joined(out: &mut fmt::Formatter<'_>, parts: &[Condition], word: &str) -> fmt::Result {
    for (position, part) in parts.iter().enumerate() {
        let word = if position == 0 { "" } else { word };
        match part {
            Condition::Test { .. } | Condition::Not(_) => write!(out, "{word}{part}")?,
            Condition::And(_) | Condition::Or(_) => write!(out, "{word}({part})")?,
        }
    }
    Ok(())
}

impl fmt::Display for Test {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare(comparison, literal) => write!(out, "{} {literal}", comparison.sign()),
            Self::Contains(pattern) => write!(out, "contains {}", Quoted(pattern)),
            Self::Like(pattern) => write!(out, "like {}", Quoted(pattern)),
            Self::In(literals) => {
                let literals: Vec<String> = literals.iter().map(ToString::to_string).collect();
                write!(out, "in ({})", literals.join(","))
            }
            Self::Not(test) => write!(out, "not {test}"),
        }
    }
}

impl Comparison {
    /// As written.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(out, "{}", Quoted(text)),
            Self::Number(number) => write!(out, "{number}"),
            Self::Flag(flag) => write!(out, "{flag}"),
            Self::Time(time) => write!(out, "[{time}]"),
            Self::Null => write!(out, "null"),
        }
    }
}

/// A text in double quotes, escaped by [`QuoteEscape::Backslash`].
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "\"{}\"", self.0.replace('\\', "\\\\").replace('"', "\\\""))
    }
}
