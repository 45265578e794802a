use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// Yes or no, in every form that PSAs have been seen to use: a bool, a number of which 0 is no, or a bool, 0 or 1 as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flag(pub(crate) bool);

impl Flag {
    /// Null and absent are no.
    pub(crate) fn is_set(flag: Option<Self>) -> bool {
        flag == Some(Self(true))
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyForm)
    }
}

struct AnyForm;

impl Visitor<'_> for AnyForm {
    type Value = Flag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("yes or no")
    }

    fn visit_bool<E: Error>(self, is: bool) -> Result<Flag, E> {
        Ok(Flag(is))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Flag, E> {
        Ok(Flag(number != 0))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Flag, E> {
        Ok(Flag(number != 0))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Flag, E> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(Flag(true)),
            "false" | "0" => Ok(Flag(false)),
            _ => Err(E::custom("neither true nor false")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_was_seen_is_understood() {
        for (json, is) in [
            ("true", true),
            ("1", true),
            (r#""True""#, true),
            ("false", false),
            ("0", false),
            ("2", true),
            ("-1", true),
            ("9223372036854775807", true),
            ("-9223372036854775808", true),
        ] {
            assert_eq!(serde_json::from_str::<Flag>(json).unwrap(), Flag(is), "{json}");
        }
        for json in ["1.0", "1e9", r#""2""#, r#""yes""#, "[]", "{}"] {
            assert!(serde_json::from_str::<Flag>(json).is_err(), "{json}");
        }
        assert!(!Flag::is_set(serde_json::from_str("null").unwrap()));
    }
}
