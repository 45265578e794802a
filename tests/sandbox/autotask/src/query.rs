//! A query as it arrives: filter, projection and page size.

use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::filter::{Filter, Rules, unknown_field};
use crate::json::property;
use crate::model::{Cell, Model};
use crate::store::{Entity, Row};
use crate::switches::Switches;

/// The largest page and the default one.
const LARGEST_PAGE: i64 = 500;

/// A query ready to run.
pub struct Query {
    pub filter: Filter,
    /// The names asked for, as they came; none means all fields.
    pub include: Option<Vec<String>>,
    pub page_size: usize,
}

impl Query {
    /// Reads a query, or answers the error text for which the server answers 500. What is not JSON has no filter.
    pub fn read(model: &Model, text: &str, switches: &Switches) -> Result<Self, String> {
        let query: Value = serde_json::from_str(text).unwrap_or_default();
        let rules = Rules {
            case_sensitive: switches.case_sensitive,
            negation_keeps_null: switches.negation_keeps_null,
            empty_filter_fails: switches.empty_filter_fails,
        };
        Ok(Query {
            filter: Filter::compile(model, property(&query, "filter"), rules)?,
            include: property(&query, "includeFields").and_then(names),
            page_size: page_size(property(&query, "maxRecords"))?,
        })
    }
}

/// An empty list is no projection.
fn names(value: &Value) -> Option<Vec<String>> {
    let names: Vec<_> = value
        .as_array()?
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    Some(names).filter(|names| !names.is_empty())
}

fn page_size(value: Option<&Value>) -> Result<usize, String> {
    let wanted = match value {
        None | Some(Value::Null) => LARGEST_PAGE,
        Some(value) => value.as_i64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0),
    };
    let allowed = (1..=LARGEST_PAGE)
        .contains(&wanted)
        .then_some(wanted)
        .and_then(|wanted| usize::try_from(wanted).ok());
    allowed.ok_or_else(|| format!("maxCountOfRecordsToReturn must be between 1 and {LARGEST_PAGE}"))
}

/// The fields to show, in the model's order whatever the order they were asked in.
pub struct Columns {
    fields: Vec<usize>,
    udfs: Vec<usize>,
}

impl Columns {
    pub fn all(model: &Model) -> Self {
        Columns {
            fields: (0..model.fields.len()).collect(),
            udfs: (0..model.udfs.len()).collect(),
        }
    }

    /// The columns of these names; user-defined fields are named among the others.
    pub fn named(model: &Model, names: &[String], always_id: bool) -> Result<Self, String> {
        let mut columns = Columns {
            fields: Vec::new(),
            udfs: Vec::new(),
        };
        for name in names {
            match (model.field(name), model.udf(name)) {
                (Some(field), _) => columns.fields.push(field),
                (None, Some(udf)) => columns.udfs.push(udf),
                (None, None) => return Err(unknown_field(model, name)),
            }
        }
        if always_id {
            columns.fields.push(0);
        }
        for chosen in [&mut columns.fields, &mut columns.udfs] {
            chosen.sort_unstable();
            chosen.dedup();
        }
        Ok(columns)
    }
}

/// The open questions about how records look.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one open question of its own")]
pub struct Style {
    pub without_nulls: bool,
    pub without_zone: bool,
    pub extra_field: bool,
    /// Whether the records of another tenant are shown: the same ids, other names and addresses.
    pub other_tenant: bool,
}

/// Fields by which somebody would recognise a tenant's companies and people.
const NAMES: [&str; 6] = [
    "companyName",
    "firstName",
    "lastName",
    "emailAddress",
    "emailAddress2",
    "emailAddress3",
];

/// The name of the property that [`Style::extra_field`] adds.
pub const EXTRA_FIELD: &str = "impersonatorUpdaterResourceID";

/// One record as the server writes it.
pub struct Record<'a> {
    pub entity: &'a Entity,
    pub row: &'a Row,
    pub columns: &'a Columns,
    pub style: Style,
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_map(None)?;
        for &field in &self.columns.fields {
            let name = self.entity.model.fields[field].name;
            match self.entity.cell(self.row, field) {
                Cell::Null if self.style.without_nulls => {}
                cell @ Cell::Time(_) if self.style.without_zone => {
                    record.serialize_entry(
                        name,
                        &serde_json::json!(cell).as_str().map(|text| text.trim_end_matches('Z')),
                    )?;
                }
                cell if self.style.other_tenant && NAMES.contains(&name) => {
                    let shown = serde_json::json!(cell);
                    let other = shown.as_str().map(|text| format!("zuid{text}"));
                    record.serialize_entry(name, &other)?;
                }
                cell => record.serialize_entry(name, &cell)?,
            }
        }
        if self.style.extra_field {
            record.serialize_entry(EXTRA_FIELD, &Cell::Null)?;
        }
        record.serialize_entry("userDefinedFields", &UserDefined(self))?;
        record.end()
    }
}

struct UserDefined<'a>(&'a Record<'a>);

#[derive(Serialize)]
struct NameAndValue<'a> {
    name: &'a str,
    value: Option<String>,
}

impl Serialize for UserDefined<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Record {
            entity, row, columns, ..
        } = self.0;
        let mut list = serializer.serialize_seq(Some(columns.udfs.len()))?;
        for &udf in &columns.udfs {
            list.serialize_element(&NameAndValue {
                name: entity.model.udfs[udf].name,
                value: entity.udf(row, udf),
            })?;
        }
        list.end()
    }
}
