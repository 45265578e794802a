//! Conditions on one record, and how values compare.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;

use crate::dates;
use crate::model::{Cell, UdfKind};
use crate::store::{Entity, Row};

/// How the open questions about comparing are answered.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub case_sensitive: bool,
    pub negation_keeps_null: bool,
    pub empty_filter_fails: bool,
}

#[derive(Debug)]
pub(super) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Test(Column, Check),
}

/// A field by its index in the model.
#[derive(Clone, Copy, Debug)]
pub(super) enum Column {
    Field(usize),
    Udf(usize),
}

#[derive(Debug)]
pub(super) enum Check {
    Exist,
    NotExist,
    Equal(Cell<'static>),
    NotEqual(Cell<'static>),
    /// The row's value stands in one of two relations to this one.
    Ordered(Cell<'static>, [Ordering; 2]),
    In(Set),
    NotIn(Set),
    Like(Part, String),
    /// A text compared with a 64-bit id: no row, no error.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Start,
    End,
    Anywhere,
}

/// Values by hash where there may be hundreds.
#[derive(Debug, Default)]
pub(super) struct Set {
    pub ints: HashSet<i64>,
    texts: HashSet<String>,
    others: Vec<Cell<'static>>,
}

impl Node {
    pub fn matches(&self, entity: &Entity, row: &Row, rules: Rules) -> bool {
        match self {
            Node::All(nodes) => nodes.iter().all(|node| node.matches(entity, row, rules)),
            Node::Any(nodes) => nodes.iter().any(|node| node.matches(entity, row, rules)),
            Node::Test(column, check) => check.holds(column.value(entity, row, check), rules),
        }
    }
}

impl Column {
    fn value<'a>(self, entity: &'a Entity, row: &'a Row, check: &Check) -> Cell<'a> {
        match self {
            Column::Field(field) => entity.cell(row, field),
            Column::Udf(udf) => {
                let kind = if matches!(check, Check::Like(..)) {
                    UdfKind::Text
                } else {
                    entity.model.udfs[udf].kind
                };
                entity.udf(row, udf).map_or(Cell::Null, |text| typed(kind, text))
            }
        }
    }
}

/// A user-defined value is stored as text and compared by its type.
fn typed(kind: UdfKind, text: String) -> Cell<'static> {
    match kind {
        UdfKind::Text => Cell::Text(Cow::Owned(text)),
        UdfKind::Double => text.parse().map_or(Cell::Null, Cell::Float),
        UdfKind::DateTime => dates::read(&text).map_or(Cell::Null, Cell::Time),
    }
}

impl Check {
    fn holds(&self, value: Cell<'_>, rules: Rules) -> bool {
        if value == Cell::Null {
            return match self {
                Check::NotExist => true,
                // In SQL a comparison with NULL is unknown, and unknown rows drop out.
                Check::NotEqual(_) | Check::NotIn(_) => rules.negation_keeps_null,
                _ => false,
            };
        }
        let value = match self {
            Check::Like(..) => folded(value, rules),
            _ => unpadded(folded(value, rules)),
        };
        match self {
            Check::Exist => true,
            Check::NotExist | Check::Nothing => false,
            Check::Equal(wanted) => compare(&value, wanted) == Some(Ordering::Equal),
            Check::NotEqual(unwanted) => compare(&value, unwanted) != Some(Ordering::Equal),
            Check::Ordered(bound, relations) => compare(&value, bound).is_some_and(|found| relations.contains(&found)),
            Check::In(set) => set.contains(&value),
            Check::NotIn(set) => !set.contains(&value),
            Check::Like(part, wanted) => part.of(&written(&value, rules), wanted),
        }
    }
}

impl Part {
    fn of(self, text: &str, wanted: &str) -> bool {
        match self {
            Part::Start => text.starts_with(wanted),
            Part::End => text.ends_with(wanted),
            Part::Anywhere => text.contains(wanted),
        }
    }
}

impl Set {
    pub fn insert(&mut self, value: Cell<'static>) {
        match value {
            Cell::Int(value) => {
                self.ints.insert(value);
            }
            Cell::Text(value) => {
                self.texts.insert(value.into_owned());
            }
            other => self.others.push(other),
        }
    }

    fn contains(&self, value: &Cell<'_>) -> bool {
        match value {
            Cell::Int(value) => self.ints.contains(value),
            Cell::Text(value) => self.texts.contains(value.as_ref()),
            other => self
                .others
                .iter()
                .any(|one| compare(other, one) == Some(Ordering::Equal)),
        }
    }
}

/// SQL Server's usual collations do not tell upper from lower case.
pub(super) fn folded(value: Cell<'_>, rules: Rules) -> Cell<'_> {
    match value {
        Cell::Text(text) if !rules.case_sensitive => Cell::Text(Cow::Owned(text.to_lowercase())),
        other => other,
    }
}

/// SQL Server pads the shorter of two texts with blanks before it compares them, except in LIKE: a live query with a blank at its end
/// has found the name without one.
pub(super) fn unpadded(value: Cell<'_>) -> Cell<'_> {
    match value {
        Cell::Text(text) if text.ends_with(' ') => Cell::Text(Cow::Owned(text.trim_end_matches(' ').to_owned())),
        other => other,
    }
}

fn compare(a: &Cell<'_>, b: &Cell<'_>) -> Option<Ordering> {
    match (a, b) {
        (Cell::Int(a), Cell::Int(b)) | (Cell::Time(a), Cell::Time(b)) => Some(a.cmp(b)),
        (Cell::Float(a), Cell::Float(b)) => a.partial_cmp(b),
        (Cell::Bool(a), Cell::Bool(b)) => Some(a.cmp(b)),
        (Cell::Text(a), Cell::Text(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// The value as text, as SQL would convert it for LIKE.
fn written<'a>(value: &'a Cell<'_>, rules: Rules) -> Cow<'a, str> {
    match value {
        Cell::Null => Cow::Borrowed(""),
        Cell::Int(value) => Cow::Owned(value.to_string()),
        Cell::Float(value) => Cow::Owned(value.to_string()),
        Cell::Bool(value) => Cow::Borrowed(if *value { "1" } else { "0" }),
        Cell::Text(value) => Cow::Borrowed(value),
        Cell::Time(value) if rules.case_sensitive => Cow::Owned(dates::write(*value)),
        Cell::Time(value) => Cow::Owned(dates::write(*value).to_lowercase()),
    }
}
