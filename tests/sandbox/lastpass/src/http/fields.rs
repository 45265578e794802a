//! The properties of a request body.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::answer::Problem;
use super::call::Call;
use crate::switches::{Switches, UnknownFields};

/// A request body whose properties are read one by one; all errors are reported together at the end.
pub(super) struct Fields {
    object: Map<String, Value>,
    errors: Vec<(&'static str, &'static str)>,
    refuses_unknown: bool,
}

impl Fields {
    pub fn read(call: &Call, switches: &Switches) -> Result<Self, Problem> {
        Ok(Self {
            object: call.object()?,
            errors: Vec::new(),
            refuses_unknown: switches.unknown_fields == UnknownFields::Refused,
        })
    }

    /// A property, if it is there and not null.
    pub fn take<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<T> {
        let value = self.object.remove(name).filter(|value| !value.is_null())?;
        let read = serde_json::from_value(value);
        if read.is_err() {
            self.refuse(name, "The value is not valid.");
        }
        read.ok()
    }

    pub fn refuse(&mut self, name: &'static str, why: &'static str) {
        self.errors.push((name, why));
    }

    /// Whether everything was in order.
    pub fn finish(mut self) -> Result<(), Problem> {
        if self.refuses_unknown && !self.object.is_empty() {
            self.refuse("", "There is a property that is not known.");
        }
        if self.errors.is_empty() {
            return Ok(());
        }
        Err(Problem::invalid(&self.errors))
    }
}
