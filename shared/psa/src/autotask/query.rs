//! The body of a query. An operator that Autotask does not know is ignored and everything is returned, so only known ones can be
//! written here; and ids go as numbers, because a number sent as text can find nothing without saying so.

use domain::filter::Filter;
use domain::ids::AttributeId;
use jiff::Timestamp;
use serde::Serialize;

use super::names::{CLASSIFICATION, COMPANY_ACTIVE, COMPANY_CATEGORY, COMPANY_TYPE, CONTACT_ACTIVE, MARKET_SEGMENT};
use crate::pushed_down::accepted_ids;

/// A query fails beyond 500, and every value of an *in* counts.
const MAX_VALUES: usize = 400;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Condition {
    op: &'static str,
    field: &'static str,
    value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Value {
    Number(i64),
    Numbers(Vec<i64>),
    Flag(bool),
    Moment(Timestamp),
}

#[derive(Debug, Serialize)]
pub(super) struct Query {
    pub(super) filter: Vec<Condition>,
    #[serde(rename = "IncludeFields", skip_serializing_if = "<[_]>::is_empty")]
    pub(super) include_fields: &'static [&'static str],
    #[serde(rename = "MaxRecords", skip_serializing_if = "Option::is_none")]
    pub(super) max_records: Option<usize>,
}

impl Condition {
    pub(super) const fn id_above(id: i64) -> Self {
        Self {
            op: "gt",
            field: "id",
            value: Value::Number(id),
        }
    }

    /// The first page. Company 0 exists, and *greater than 0* would lose it.
    pub(super) const fn any_id() -> Self {
        Self {
            op: "gte",
            field: "id",
            value: Value::Number(0),
        }
    }

    pub(super) fn ids(ids: &[i64]) -> Self {
        Self::one_of("id", ids.to_vec())
    }

    const fn one_of(field: &'static str, numbers: Vec<i64>) -> Self {
        Self {
            op: "in",
            field,
            value: Value::Numbers(numbers),
        }
    }

    /// Rows whose date in a field is later.
    pub(super) const fn after(field: &'static str, moment: Timestamp) -> Self {
        Self {
            op: "gt",
            field,
            value: Value::Moment(moment),
        }
    }

    const fn equal(field: &'static str, value: Value) -> Self {
        Self { op: "eq", field, value }
    }
}

/// The filter on companies, as far as the PSA evaluates it.
pub(super) fn companies(filter: &Filter) -> Vec<Condition> {
    let mut room = MAX_VALUES;
    let picked = [
        (COMPANY_TYPE, "companyType"),
        (COMPANY_CATEGORY, "companyCategoryID"),
        (CLASSIFICATION, "classification"),
        (MARKET_SEGMENT, "marketSegmentID"),
    ];
    let picked = picked.into_iter().filter_map(|(attribute, field)| {
        let ids = accepted_ids(filter, attribute)?;
        room = room.checked_sub(ids.len())?;
        Some(Condition::one_of(field, ids))
    });
    let mut conditions: Vec<Condition> = picked.collect();
    conditions.extend(active(filter, COMPANY_ACTIVE).map(|is| Condition::equal("isActive", Value::Flag(is))));
    conditions
}

/// The filter on contacts, whose active is a number.
pub(super) fn contacts(filter: &Filter) -> Vec<Condition> {
    let active = active(filter, CONTACT_ACTIVE).map(|is| Condition::equal("isActive", Value::Number(is.into())));
    active.into_iter().collect()
}

/// Whether nothing of a filter is left to us: each of its attributes has a condition, or accepts everything.
pub(super) fn is_whole(filter: &Filter) -> bool {
    let conditions = companies(filter).len() + contacts(filter).len();
    let both = [COMPANY_ACTIVE, CONTACT_ACTIVE]
        .into_iter()
        .filter(|attribute| accepts_both(filter, attribute));
    conditions + both.count() == filter.0.len()
}

/// Which of the two is accepted, if it is only one.
fn active(filter: &Filter, attribute: &str) -> Option<bool> {
    let mut values = flags(filter, attribute);
    let first = values.next()??;
    values.all(|value| value == Some(first)).then_some(first)
}

fn accepts_both(filter: &Filter, attribute: &str) -> bool {
    let accepted: Vec<Option<bool>> = flags(filter, attribute).collect();
    [true, false].iter().all(|flag| accepted.contains(&Some(*flag)))
}

fn flags(filter: &Filter, attribute: &str) -> impl Iterator<Item = Option<bool>> {
    let values = filter.0.get(&AttributeId::new(attribute)).into_iter().flatten();
    values.map(|value| value.as_str().parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::pushed_down::filter;

    fn written(conditions: &[Condition]) -> serde_json::Value {
        serde_json::to_value(conditions).unwrap()
    }

    #[test]
    fn a_query_is_written_as_autotask_reads_it() {
        let query = Query {
            filter: vec![Condition::any_id()],
            include_fields: &["id", "companyName"],
            max_records: Some(500),
        };
        let json = json!({"filter":[{"op":"gte","field":"id","value":0}],"IncludeFields":["id","companyName"],"MaxRecords":500});
        assert_eq!(serde_json::to_value(query).unwrap(), json);
        assert_eq!(
            written(&[Condition::id_above(176)]),
            json!([{"op":"gt","field":"id","value":176}])
        );
        assert_eq!(
            written(&[Condition::ids(&[1, 2])]),
            json!([{"op":"in","field":"id","value":[1,2]}])
        );
    }

    #[test]
    fn r7_the_psa_evaluates_every_attribute() {
        let filter = filter(&[
            ("companyType", &["1", "3"]),
            ("companyCategory", &["2"]),
            ("classification", &["15"]),
            ("marketSegment", &["29682778"]),
            ("companyActive", &["true"]),
            ("contactActive", &["false"]),
        ]);
        assert_eq!(
            written(&companies(&filter)),
            json!([
                {"op":"in","field":"companyType","value":[1,3]},
                {"op":"in","field":"companyCategoryID","value":[2]},
                {"op":"in","field":"classification","value":[15]},
                {"op":"in","field":"marketSegmentID","value":[29_682_778]},
                {"op":"eq","field":"isActive","value":true},
            ])
        );
        assert_eq!(
            written(&contacts(&filter)),
            json!([{"op":"eq","field":"isActive","value":0}])
        );
    }

    #[test]
    fn r7_what_accepts_everything_or_cannot_be_said_is_left_to_us() {
        for filter in [
            filter(&[]),
            filter(&[
                ("companyActive", &["true", "false"]),
                ("contactActive", &["false", "true"]),
            ]),
            filter(&[("companyType", &["1", "Customer"]), ("contactActive", &["yes"])]),
        ] {
            assert_eq!((companies(&filter), contacts(&filter)), (vec![], vec![]), "{filter:?}");
        }
    }

    #[test]
    fn r78_a_filter_is_whole_if_no_attribute_of_it_is_left_to_us() {
        for whole in [
            filter(&[]),
            filter(&[("companyType", &["1"]), ("contactActive", &["true"])]),
            filter(&[
                ("companyActive", &["true", "false"]),
                ("contactActive", &["false", "true"]),
            ]),
        ] {
            assert!(is_whole(&whole), "{whole:?}");
        }
        let many: Vec<String> = (0..401).map(|id: i32| id.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        for part in [
            filter(&[("companyType", &["1", "Customer"])]),
            filter(&[("companyType", &many)]),
            filter(&[("contactActive", &["yes"])]),
        ] {
            assert!(!is_whole(&part), "{part:?}");
        }
    }

    #[test]
    fn r77_what_changed_is_asked_for_by_a_date() {
        assert_eq!(
            written(&[Condition::after("lastModifiedDate", Timestamp::UNIX_EPOCH)]),
            json!([{"op":"gt","field":"lastModifiedDate","value":"1970-01-01T00:00:00Z"}])
        );
    }

    #[test]
    fn a_query_stays_below_the_limit_of_values() {
        let many: Vec<String> = (0..300).map(|id: i32| id.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let filter = filter(&[
            ("companyType", &many),
            ("classification", &many),
            ("marketSegment", &["1"]),
        ]);
        let fields: Vec<&str> = companies(&filter).iter().map(|condition| condition.field).collect();
        assert_eq!(fields, ["companyType", "marketSegmentID"]);
    }
}
