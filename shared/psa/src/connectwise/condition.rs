//! The `conditions` and `childConditions` of a list.
//!
//! Only names written here, integers and moments ever enter one: a filter's values are parsed as numbers first. So there is no text to
//! quote, and none that could break out of its quotes; how the server unescapes quotes is not documented.

use std::fmt;

use jiff::Timestamp;

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// `deletedFlag=false`
    Flag(&'static str, bool),
    /// `id > 5`
    Above(&'static str, i64),
    /// `lastUpdated > [2026-03-02T08:00:00Z]`: without fractions, which not every server reads.
    After(&'static str, Timestamp),
    /// `id <= 5`
    UpTo(&'static str, i64),
    /// `status/id in (1,2)`, for `conditions`.
    In(&'static str, Vec<i64>),
    /// `types/id=1 or types/id=2`, for `childConditions`, which do not know *in*.
    AnyOf(&'static str, Vec<i64>),
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(field, is) => write!(f, "{field}={is}"),
            Self::Above(field, id) => write!(f, "{field} > {id}"),
            Self::After(field, moment) => write!(f, "{field} > [{}]", moment.strftime("%Y-%m-%dT%H:%M:%SZ")),
            Self::UpTo(field, id) => write!(f, "{field} <= {id}"),
            Self::In(field, ids) => write!(f, "{field} in ({})", joined(ids, ",", ToString::to_string)),
            Self::AnyOf(field, ids) => f.write_str(&joined(ids, " or ", |id| format!("{field}={id}"))),
        }
    }
}

/// All of them, or nothing if there are none.
pub(super) fn all(conditions: &[Condition]) -> Option<String> {
    (!conditions.is_empty()).then(|| joined(conditions, " and ", ToString::to_string))
}

fn joined<T>(items: &[T], by: &str, text: impl Fn(&T) -> String) -> String {
    items.iter().map(text).collect::<Vec<_>>().join(by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_written_as_the_guide_has_them() {
        for (condition, text) in [
            (Condition::Flag("deletedFlag", false), "deletedFlag=false"),
            (Condition::Above("id", 19_301), "id > 19301"),
            (Condition::UpTo("id", 19_301), "id <= 19301"),
            (
                Condition::After("lastUpdated", Timestamp::UNIX_EPOCH),
                "lastUpdated > [1970-01-01T00:00:00Z]",
            ),
            (Condition::In("status/id", vec![1, 20]), "status/id in (1,20)"),
            (Condition::AnyOf("types/id", vec![4]), "types/id=4"),
            (Condition::AnyOf("types/id", vec![4, 7]), "types/id=4 or types/id=7"),
        ] {
            assert_eq!(condition.to_string(), text);
        }
    }

    #[test]
    fn conditions_are_combined_with_and() {
        let both = [
            Condition::Flag("deletedFlag", false),
            Condition::In("status/id", vec![1]),
        ];
        assert_eq!(all(&both).as_deref(), Some("deletedFlag=false and status/id in (1)"));
        assert_eq!(all(&[]), None);
    }
}
