//! The attributes by which `ConnectWise` companies and contacts can be filtered (R6).

use domain::filter::{Attribute, AttributeValue, Subject};
use domain::ids::{AttributeId, ValueId};

use super::wire::SetupRow;
use crate::flag::Flag;

/// An attribute with the rows of its setup table as values.
pub(super) fn attribute(id: &str, subject: Subject, label: &str, rows: Vec<SetupRow>) -> Attribute {
    let value = |row: SetupRow| {
        let id = row.id?;
        Some(AttributeValue {
            id: ValueId::new(id.to_string()),
            active: !Flag::is_set(row.inactive_flag),
            label: row.label(id),
        })
    };
    Attribute {
        id: AttributeId::new(id),
        subject,
        label: label.to_owned(),
        values: rows.into_iter().filter_map(value).collect(),
    }
}
