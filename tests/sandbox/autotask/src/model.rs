//! What Autotask's entities are made of, in the order in which the server writes them.

pub mod category;
pub mod company;
pub mod contact;
mod picklists;

pub use picklists::COMPANY_TYPE_GERMAN;

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use simkit::msp::Msp;

use crate::dates;

/// The value of one field of one record.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    Null,
    Int(i64),
    Float(f64),
    Bool(bool),
    Text(Cow<'a, str>),
    /// Milliseconds since 1970.
    Time(i64),
}

impl<'a> Cell<'a> {
    pub fn text(text: &'a str) -> Self {
        Cell::Text(Cow::Borrowed(text))
    }

    /// The same value without a copy of its text.
    pub fn borrowed(&'a self) -> Cell<'a> {
        match self {
            Cell::Text(text) => Cell::Text(Cow::Borrowed(text)),
            other => other.clone(),
        }
    }
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Cell::Null => serializer.serialize_unit(),
            Cell::Int(value) => serializer.serialize_i64(*value),
            Cell::Float(value) => serializer.serialize_f64(*value),
            Cell::Bool(value) => serializer.serialize_bool(*value),
            Cell::Text(value) => serializer.serialize_str(value),
            Cell::Time(value) => serializer.serialize_str(&dates::write(*value)),
        }
    }
}

/// How Autotask stores a field, which decides how it treats a filter's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 64 bits: a text never equals it.
    Long,
    /// 32 bits: a text is converted.
    Integer,
    Short,
    /// An integer of 0 or 1 that takes `true` in filters: `isActive` of a contact.
    Flag,
    Double,
    Boolean,
    DateTime,
    /// Up to so many characters.
    Text(u16),
}

impl Kind {
    /// `dataType` in the entity's `fields`.
    pub fn data_type(self) -> &'static str {
        match self {
            Kind::Long => "long",
            Kind::Integer | Kind::Flag => "integer",
            Kind::Short => "short",
            Kind::Double => "double",
            Kind::Boolean => "boolean",
            Kind::DateTime => "datetime",
            Kind::Text(_) => "string",
        }
    }
}

/// One value of a picklist.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    pub value: i64,
    pub label: &'static str,
    pub active: bool,
    pub system: bool,
}

/// Fills a field of the generated record at this index of the MSP's companies or contacts.
pub type Generated = for<'a> fn(&'a Msp, usize) -> Cell<'a>;

/// One field of an entity.
pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub required: bool,
    pub read_only: bool,
    pub queryable: bool,
    /// The entity it refers to, or nothing.
    pub reference: &'static str,
    pub choices: Option<&'static [Choice]>,
    /// What a new record has when nobody says otherwise.
    pub default: Cell<'static>,
    pub generated: Generated,
}

impl Field {
    /// Null everywhere until said otherwise.
    pub fn new(name: &'static str, kind: Kind) -> Self {
        Field {
            name,
            kind,
            required: false,
            read_only: false,
            queryable: true,
            reference: "",
            choices: None,
            default: Cell::Null,
            generated: |_, _| Cell::Null,
        }
    }

    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    pub fn not_queryable(mut self) -> Self {
        self.queryable = false;
        self
    }

    pub fn to(mut self, entity: &'static str) -> Self {
        self.reference = entity;
        self
    }

    pub fn of(mut self, choices: &'static [Choice]) -> Self {
        self.choices = Some(choices);
        self
    }

    pub fn default(mut self, value: Cell<'static>) -> Self {
        self.default = value;
        self
    }

    pub fn holds(mut self, generated: Generated) -> Self {
        self.generated = generated;
        self
    }

    /// Always the empty text.
    pub fn empty(self) -> Self {
        self.holds(|_, _| Cell::text(""))
    }

    /// Null, nothing or a space: all three mean empty in real tenants.
    pub fn blank(self) -> Self {
        self.holds(|_, index| match index % 5 {
            0 => Cell::Null,
            1 => Cell::text(" "),
            _ => Cell::text(""),
        })
    }
}

/// What a user-defined field holds; on records every value is a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UdfKind {
    Text,
    Double,
    DateTime,
}

impl UdfKind {
    /// `type` in the entity's `userDefinedFields`.
    pub fn type_name(self) -> &'static str {
        match self {
            UdfKind::Text => "string",
            UdfKind::Double => "double",
            UdfKind::DateTime => "datetime",
        }
    }
}

/// One user-defined field.
pub struct Udf {
    pub name: &'static str,
    pub kind: UdfKind,
    pub choices: Option<&'static [Choice]>,
    pub generated: fn(&Msp, usize) -> Option<String>,
}

/// One entity's definition.
pub struct Model {
    /// As error texts name it: the singular.
    pub name: &'static str,
    /// As paths name it.
    pub plural: &'static str,
    pub fields: Vec<Field>,
    pub udfs: Vec<Udf>,
    pub can_create: bool,
    pub can_delete: bool,
    /// Set from the clock when a record changes.
    pub modified: Option<&'static str>,
    /// Set from the clock when a record is new.
    pub created: &'static [&'static str],
}

impl Model {
    /// The field of this name; names are case-insensitive.
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields
            .iter()
            .position(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The user-defined field of this name; names are case-insensitive.
    pub fn udf(&self, name: &str) -> Option<usize> {
        self.udfs.iter().position(|udf| udf.name.eq_ignore_ascii_case(name))
    }
}

fn text(name: &'static str, length: u16) -> Field {
    Field::new(name, Kind::Text(length))
}

fn int(name: &'static str) -> Field {
    Field::new(name, Kind::Integer)
}

fn boolean(name: &'static str) -> Field {
    Field::new(name, Kind::Boolean)
        .default(Cell::Bool(false))
        .holds(|_, _| Cell::Bool(false))
}

fn time(name: &'static str) -> Field {
    Field::new(name, Kind::DateTime)
}

/// A moment between 2019 and 2026 that depends on the index and a salt alone, with the fractions of a second that
/// real tenants show: none to three digits.
fn moment(index: usize, salt: i64) -> Cell<'static> {
    const START: i64 = 1_546_300_800;
    const SPAN: i64 = 220_000_000;
    const MILLIS: [i64; 5] = [167, 520, 0, 900, 3];
    let index = i64::try_from(index).unwrap_or(0);
    let seconds = START + (index * 7_919 * 3_571 + salt * 104_729) % SPAN;
    let millis = MILLIS[usize::try_from((index + salt) % 5).unwrap_or(0)];
    Cell::Time(seconds * 1_000 + millis)
}
