//! The part of `JSONPath` in use: `$`, fields and positions.

use serde::Deserialize;
use serde_json::Value;

/// A place in a JSON text, kept as a JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Path(String);

impl Path {
    pub fn get<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        value.pointer(&self.0)
    }
}

impl TryFrom<String> for Path {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let refused = || format!("`{text}` is not a path known here: $, .field and [position]");
        let steps = text.strip_prefix('$').ok_or_else(refused)?;
        let pointer = steps
            .replace('[', ".[")
            .split('.')
            .skip(1)
            .map(pointer_step)
            .collect::<Option<String>>();
        // `skip(1)` drops what stands before the first step, which has to be nothing.
        let starts_well = steps.is_empty() || steps.starts_with(['.', '[']);
        pointer.filter(|_| starts_well).map(Self).ok_or_else(refused)
    }
}

fn pointer_step(step: &str) -> Option<String> {
    let position = step.strip_prefix('[').map(|rest| rest.strip_suffix(']'));
    let (name, allowed): (&str, fn(&u8) -> bool) = match position {
        Some(position) => (position?, u8::is_ascii_digit),
        None => (step, u8::is_ascii_alphanumeric),
    };
    (!name.is_empty() && name.as_bytes().iter().all(allowed)).then(|| format!("/{name}"))
}

/// Where a result is put into a state's input: nowhere, or one of its fields.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Option<String>")]
pub(super) enum ResultPath {
    /// The result is dropped and the input goes on.
    Discard,
    /// The result becomes this field.
    Field(String),
}

impl ResultPath {
    pub fn put(&self, mut input: Value, result: Value) -> Value {
        if let (Self::Field(name), Some(fields)) = (self, input.as_object_mut()) {
            fields.insert(name.clone(), result);
        }
        input
    }
}

impl TryFrom<Option<String>> for ResultPath {
    type Error = String;

    fn try_from(path: Option<String>) -> Result<Self, String> {
        let Some(path) = path else {
            return Ok(Self::Discard);
        };
        let field = path
            .strip_prefix("$.")
            .filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let field = field.ok_or_else(|| format!("`{path}` is not a ResultPath known here: null or $.field"))?;
        Ok(Self::Field(field.to_owned()))
    }
}
