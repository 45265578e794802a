//! The part of a filter that the PSA evaluates, as the query parameters that say so.

use domain::filter::Filter;
use domain::ids::AttributeId;
use jiff::Timestamp;

use super::condition::{Condition, all};
use super::names::{COMPANY_STATUS, COMPANY_TYPE, CONTACT_TYPE};
use crate::pushed_down::accepted_ids;

/// A longer address is refused; what does not fit is filtered here after reading, to the same effect.
const LONGEST_CONDITIONS: usize = 1_000;

/// A filter as far as the PSA evaluates it. The default accepts every row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PushedDownFilter {
    conditions: Vec<Condition>,
    child_conditions: Option<Condition>,
}

impl PushedDownFilter {
    /// Companies that are not deleted, with the filter's statuses and types.
    pub(super) fn companies(filter: &Filter) -> Self {
        let mut pushed = Self {
            conditions: vec![Condition::Flag("deletedFlag", false)],
            child_conditions: None,
        };
        if let Some(ids) = accepted_ids(filter, COMPANY_STATUS) {
            pushed.conditions.extend(affordable(Condition::In("status/id", ids)));
        }
        pushed.child_conditions = types(filter, COMPANY_TYPE);
        pushed
    }

    /// Contacts with the filter's types, inactive ones included.
    pub(super) fn contacts(filter: &Filter) -> Self {
        Self {
            conditions: Vec::new(),
            child_conditions: types(filter, CONTACT_TYPE),
        }
    }

    /// Rows that changed after a moment, deleted companies included.
    pub(super) fn changed_since(moment: Timestamp) -> Self {
        Self {
            conditions: vec![Condition::After("lastUpdated", moment)],
            child_conditions: None,
        }
    }

    /// Whether nothing of a filter is left to us.
    pub(super) fn is_whole(filter: &Filter) -> bool {
        let (companies, contacts) = (Self::companies(filter), Self::contacts(filter));
        let has = |attribute: &str| filter.0.contains_key(&AttributeId::new(attribute));
        has(COMPANY_STATUS) == (companies.conditions.len() > 1)
            && has(COMPANY_TYPE) == companies.child_conditions.is_some()
            && has(CONTACT_TYPE) == contacts.child_conditions.is_some()
    }

    /// The query parameters that say so.
    pub(super) fn query(&self, also: impl IntoIterator<Item = Condition>) -> Vec<(&'static str, String)> {
        let conditions: Vec<Condition> = self.conditions.iter().cloned().chain(also).collect();
        let conditions = all(&conditions).map(|text| ("conditions", text));
        let child_conditions = self
            .child_conditions
            .as_ref()
            .map(|of| ("childConditions", of.to_string()));
        conditions.into_iter().chain(child_conditions).collect()
    }
}

fn types(filter: &Filter, attribute: &str) -> Option<Condition> {
    affordable(Condition::AnyOf("types/id", accepted_ids(filter, attribute)?))
}

/// Half of the room for each list; what is escaped takes three characters.
fn affordable(condition: Condition) -> Option<Condition> {
    let text = condition.to_string();
    let escaped: usize = text
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() || b == b' ' { 1 } else { 3 })
        .sum();
    (escaped <= LONGEST_CONDITIONS / 2).then_some(condition)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pushed_down::filter;

    #[test]
    fn r7_an_empty_filter_leaves_out_deleted_companies_and_nothing_else() {
        let empty = Filter::default();
        assert_eq!(
            PushedDownFilter::companies(&empty).query(None),
            [("conditions", "deletedFlag=false".to_owned())]
        );
        assert_eq!(PushedDownFilter::contacts(&empty).query(None), []);
    }

    #[test]
    fn r7_the_psa_evaluates_statuses_and_types() {
        let filter = filter(&[
            ("companyStatus", &["1", "2"]),
            ("companyType", &["5", "6"]),
            ("contactType", &["9"]),
        ]);
        assert_eq!(
            PushedDownFilter::companies(&filter).query(Some(Condition::Above("id", 7))),
            [
                (
                    "conditions",
                    "deletedFlag=false and status/id in (1,2) and id > 7".to_owned()
                ),
                ("childConditions", "types/id=5 or types/id=6".to_owned()),
            ]
        );
        assert_eq!(
            PushedDownFilter::contacts(&filter).query(None),
            [("childConditions", "types/id=9".to_owned())]
        );
    }

    #[test]
    fn a_filter_too_long_for_an_address_is_left_to_us() {
        let many: Vec<String> = (100_000..100_100).map(|id| id.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let filter = filter(&[("companyStatus", &many), ("companyType", &many)]);
        assert_eq!(
            PushedDownFilter::companies(&filter),
            PushedDownFilter::companies(&Filter::default())
        );
        assert!(!PushedDownFilter::is_whole(&filter));
    }

    #[test]
    fn r78_a_filter_is_whole_if_the_psa_evaluates_each_of_its_attributes() {
        let whole = [
            filter(&[]),
            filter(&[
                ("companyStatus", &["1"]),
                ("companyType", &["5"]),
                ("contactType", &["9"]),
            ]),
        ];
        assert!(whole.iter().all(PushedDownFilter::is_whole));
        for attribute in ["companyStatus", "companyType", "contactType"] {
            assert!(
                !PushedDownFilter::is_whole(&filter(&[(attribute, &["1", "Client"])])),
                "{attribute}"
            );
        }
    }

    proptest! {
        #[test]
        fn r50_no_text_of_a_filter_gets_into_a_condition(values in proptest::collection::vec(".{0,20}", 1..5)) {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let all = filter(&[("companyStatus", &values), ("companyType", &values), ("contactType", &values)]);
            let asked = [PushedDownFilter::companies(&all).query(None), PushedDownFilter::contacts(&all).query(None)].concat();
            for (_, text) in asked {
                let numbers = text.replace("deletedFlag=false", "").replace("status/id in", "").replace("types/id", "");
                let rest = numbers.replace(" and ", "").replace(" or ", "");
                prop_assert!(rest.chars().all(|c| c.is_ascii_digit() || "-=(), ".contains(c)), "{text}");
            }
        }

        #[test]
        fn r7_numbers_are_asked_for_as_they_are(ids in proptest::collection::vec(any::<i32>(), 1..8)) {
            let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let ids: Vec<i64> = ids.into_iter().map(i64::from).collect();
            let pushed = PushedDownFilter::companies(&filter(&[("companyStatus", &texts)]));
            prop_assert_eq!(pushed.conditions.last(), Some(&Condition::In("status/id", ids)));
        }
    }
}
