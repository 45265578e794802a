//! Whether values are of the kind the API says.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::data::setup::Rows;
use crate::query::schema::{Field, Kind, find};

/// The first field whose value is of another kind than the API says. Fields nobody published may hold anything.
pub fn kinds(record: &Map<String, Value>, fields: &'static [Field]) -> Result<(), String> {
    for (name, value) in record {
        if let Some(field) = find(fields, name) {
            if field.name != name {
                return Err(format!("{name}: the API spells it {}", field.name));
            }
            kind(name, value, field.kind)?;
        }
    }
    Ok(())
}

fn kind(name: &str, value: &Value, kind: Kind) -> Result<(), String> {
    let fits = match (kind, value) {
        (_, Value::Null) | (Kind::Free, _) => true,
        (Kind::One(fields), Value::Object(inner)) => {
            return kinds(inner, fields).map_err(|error| format!("{name}.{error}"));
        }
        (Kind::Many(fields), Value::Array(elements)) => {
            return elements
                .iter()
                .enumerate()
                .try_for_each(|(place, element)| self::kind(&format!("{name}[{place}]"), element, Kind::One(fields)));
        }
        (Kind::Number, value) => value.is_number(),
        (Kind::Text, value) => value.is_string(),
        (Kind::Flag, value) => value.is_boolean(),
        (Kind::Time, value) => value.as_str().is_some_and(|text| text.parse::<Timestamp>().is_ok()),
        (Kind::Choice(choices), value) => value.as_str().is_some_and(|text| choices.contains(&text)),
        (Kind::Scalar, value) => !value.is_object() && !value.is_array(),
        (Kind::One(_) | Kind::Many(_), _) => false,
    };
    if fits {
        Ok(())
    } else {
        Err(format!("{name}: {} expected", expected(kind)))
    }
}

fn expected(kind: Kind) -> String {
    match kind {
        Kind::Number => "a number".to_owned(),
        Kind::Text => "a text".to_owned(),
        Kind::Flag => "true or false".to_owned(),
        Kind::Time => "a time such as 2026-01-31T00:00:00Z".to_owned(),
        Kind::Choice(choices) => format!("one of {}", choices.join(", ")),
        Kind::One(_) => "an object".to_owned(),
        Kind::Many(_) => "a list of objects".to_owned(),
        Kind::Scalar => "a text, number or flag".to_owned(),
        Kind::Free => "anything".to_owned(),
    }
}

/// Longer texts are refused, in ConnectWise's own words.
pub fn length(record: &Map<String, Value>, name: &str, longest: usize) -> Result<(), String> {
    let text = record.get(name).and_then(Value::as_str).unwrap_or_default();
    if text.chars().count() > longest {
        return Err(format!(
            "{name}: The field {name} must be a string with a maximum length of {longest}."
        ));
    }
    Ok(())
}

/// Completes a reference to a setup table from the id or the name given. One with both may refer to a row that was
/// deleted from the table.
pub fn reference(given: &mut Value, rows: &Rows, label: &str) -> Result<(), String> {
    let (id, name) = (given["id"].as_i64(), given["name"].as_str().map(str::to_owned));
    let row = rows.iter().find(|row| match (id, &name) {
        (Some(id), _) => row["id"].as_i64() == Some(id),
        (None, Some(name)) => row[label].as_str() == Some(name),
        (None, None) => false,
    });
    match row {
        Some(row) => {
            given["id"] = row["id"].clone();
            if name.is_none() {
                given["name"] = row[label].clone();
            }
            Ok(())
        }
        None if id.is_some() && name.is_some() => Ok(()),
        None => Err(format!("no row of the setup table is {given}")),
    }
}

/// [`reference`] for each element of a list.
pub fn references(given: Option<&mut Value>, name: &str, rows: &Rows, label: &str) -> Result<(), String> {
    let elements = given.and_then(Value::as_array_mut).into_iter().flatten().enumerate();
    for (place, element) in elements {
        reference(element, rows, label).map_err(|error| format!("{name}[{place}]: {error}"))?;
    }
    Ok(())
}
