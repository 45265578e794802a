//! A filter's values, converted to what the field holds the way the server converts them.

use std::borrow::Cow;

use serde_json::Value;

use crate::dates;
use crate::model::{Cell, Kind, UdfKind};

/// The value to compare with; none where the server compares it and never finds it equal.
pub fn convert(kind: Kind, value: &Value) -> Result<Option<Cell<'static>>, String> {
    match value {
        Value::Null => Err("Value cannot be null.\r\nParameter name: value".to_owned()),
        Value::Array(_) => Err("Unexpected character encountered while parsing value: [.".to_owned()),
        Value::Object(_) => Err("Unexpected character encountered while parsing value: {.".to_owned()),
        Value::String(_) if kind == Kind::Long => Ok(None),
        scalar => convert_scalar(kind, scalar).map(Some),
    }
}

/// The kind by which a user-defined field is compared.
pub fn kind_of(udf: UdfKind) -> Kind {
    match udf {
        UdfKind::Text => Kind::Text(0),
        UdfKind::Double => Kind::Double,
        UdfKind::DateTime => Kind::DateTime,
    }
}

/// The value as text, for the operators that look into texts; a truth is the bit it is stored as.
pub fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(truth) => u8::from(*truth).to_string(),
        other => other.to_string(),
    }
}

fn convert_scalar(kind: Kind, value: &Value) -> Result<Cell<'static>, String> {
    let text = as_text(value);
    let truth = || match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    };
    match kind {
        Kind::Text(_) => Ok(Cell::Text(Cow::Owned(text))),
        Kind::Boolean => truth().map(Cell::Bool).ok_or_else(|| failed(&text, "bit")),
        Kind::Double => text.trim().parse().map(Cell::Float).map_err(|_| failed(&text, "float")),
        Kind::DateTime => dates::read(&text)
            .map(Cell::Time)
            .ok_or_else(|| "Conversion failed when converting date and/or time from character string.".to_owned()),
        Kind::Flag if truth().is_some() => Ok(Cell::Int(i64::from(truth() == Some(true)))),
        Kind::Long | Kind::Integer | Kind::Short | Kind::Flag => integer(value, &text).map(Cell::Int),
    }
}

fn integer(value: &Value, text: &str) -> Result<i64, String> {
    match value {
        Value::Bool(truth) => Ok(i64::from(*truth)),
        _ => text.trim().parse().map_err(|_| failed(text, "int")),
    }
}

fn failed(text: &str, data_type: &str) -> String {
    format!("Conversion failed when converting varchar '{text}' to data type {data_type}")
}
