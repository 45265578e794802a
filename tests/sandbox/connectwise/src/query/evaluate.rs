//! Whether a record fulfils a filter.
//!
//! By SQL's three-valued logic, as the server's database does: a test of a missing value is neither true nor false, and so
//! is its negation.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pattern::folded;
use super::syntax::Comparison;
use super::typed::{Check, Filter, Wanted};

/// Something with fields.
pub trait Record {
    /// The value at these names; null if there is none.
    fn at(&self, path: &[&str]) -> Value;
}

/// What AND-ed tests of one list speak about; ConnectWise does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ListTests {
    /// One element must pass them all.
    #[default]
    SameElement,
    /// Each may be passed by another element.
    AnyElement,
}

/// How filters are evaluated.
#[derive(Clone, Copy, Debug)]
pub struct Evaluator {
    /// What AND-ed tests of one list speak about.
    pub lists: ListTests,
    /// Whether upper and lower case differ.
    pub case_sensitive: bool,
}

type Elements<'a> = (&'a [&'static str], &'a [Value]);

impl Evaluator {
    /// Whether the record fulfils the filter.
    pub fn holds(self, filter: &Filter, record: &dyn Record) -> bool {
        let mut paths = Vec::new();
        lists_of(filter, &mut paths);
        let lists: Vec<Vec<Value>> = paths
            .iter()
            .map(|path| match record.at(path) {
                Value::Array(elements) => elements,
                _ => Vec::new(),
            })
            .collect();
        let all: Vec<Elements<'_>> = paths.into_iter().zip(lists.iter().map(Vec::as_slice)).collect();
        match self.lists {
            ListTests::AnyElement => self.truth(filter, record, &all) == Some(true),
            ListTests::SameElement => self.some_choice(filter, record, &all, &mut Vec::new()),
        }
    }

    /// Tries every way to choose one element of each list; an empty list offers a choice without an element.
    fn some_choice<'a>(
        self,
        filter: &Filter,
        record: &dyn Record,
        lists: &[Elements<'a>],
        chosen: &mut Vec<Elements<'a>>,
    ) -> bool {
        let Some((path, elements)) = lists.get(chosen.len()).copied() else {
            return self.truth(filter, record, chosen) == Some(true);
        };
        let choices = if elements.is_empty() {
            vec![elements]
        } else {
            elements.chunks(1).collect()
        };
        choices.into_iter().any(|choice| {
            chosen.push((path, choice));
            let holds = self.some_choice(filter, record, lists, chosen);
            chosen.pop();
            holds
        })
    }

    fn truth(self, filter: &Filter, record: &dyn Record, lists: &[Elements<'_>]) -> Option<bool> {
        match filter {
            Filter::And(parts) => not(any(parts.iter().map(|part| not(self.truth(part, record, lists))))),
            Filter::Or(parts) => any(parts.iter().map(|part| self.truth(part, record, lists))),
            Filter::Not(inner) => not(self.truth(inner, record, lists)),
            Filter::Test {
                path,
                list: None,
                check,
            } => self.passes(check, &record.at(path)),
            Filter::Test {
                path,
                list: Some(length),
                check,
            } => {
                let (list, within) = path.split_at(*length);
                let elements = lists
                    .iter()
                    .find(|(path, _)| *path == list)
                    .map_or(&[][..], |(_, elements)| elements);
                let results = elements
                    .iter()
                    .map(|element| self.passes(check, descend(element, within)));
                if elements.is_empty() { None } else { any(results) }
            }
        }
    }

    fn passes(self, check: &Check, value: &Value) -> Option<bool> {
        match check {
            Check::IsNull => Some(value.is_null()),
            Check::Not(check) => not(self.passes(check, value)),
            _ if value.is_null() => None,
            Check::Compare(comparison, wanted) => {
                Some(self.compare(value, wanted).is_some_and(|order| match comparison {
                    Comparison::Equal => order.is_eq(),
                    Comparison::Unequal => order.is_ne(),
                    Comparison::Less => order.is_lt(),
                    Comparison::LessOrEqual => order.is_le(),
                    Comparison::Greater => order.is_gt(),
                    Comparison::GreaterOrEqual => order.is_ge(),
                }))
            }
            Check::Fits(pattern) => Some(value.as_str().is_some_and(|text| pattern.matches(text))),
            Check::OneOf(wanted) => Some(
                wanted
                    .iter()
                    .any(|wanted| self.compare(value, wanted) == Some(Ordering::Equal)),
            ),
        }
    }

    fn compare(self, value: &Value, wanted: &Wanted) -> Option<Ordering> {
        match wanted {
            Wanted::Number(number) => value.as_f64()?.partial_cmp(number),
            Wanted::Text(text) => Some(folded(value.as_str()?, self.case_sensitive).as_str().cmp(text)),
            Wanted::Flag(flag) => Some(value.as_bool()?.cmp(flag)),
            Wanted::Time(time) => Some(value.as_str()?.parse::<Timestamp>().ok()?.cmp(time)),
        }
    }
}

fn lists_of<'a>(filter: &'a Filter, found: &mut Vec<&'a [&'static str]>) {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().for_each(|part| lists_of(part, found)),
        Filter::Not(inner) => lists_of(inner, found),
        Filter::Test {
            path,
            list: Some(length),
            ..
        } if !found.contains(&&path[..*length]) => {
            found.push(&path[..*length]);
        }
        Filter::Test { .. } => {}
    }
}

/// The value at these names within a value; null if there is none.
pub fn descend<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter()
        .fold(value, |value, name| value.get(name).unwrap_or(&Value::Null))
}

fn not(truth: Option<bool>) -> Option<bool> {
    truth.map(|truth| !truth)
}

fn any(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut result = Some(false);
    for truth in truths {
        match truth {
            Some(true) => return Some(true),
            Some(false) => {}
            None => result = None,
        }
    }
    result
}
