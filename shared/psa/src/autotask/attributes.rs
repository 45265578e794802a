//! The attributes by which Autotask companies and contacts can be filtered (R6), and their labels.

use std::collections::BTreeMap;

use domain::filter::{Attribute, AttributeValue, Subject};
use domain::ids::{AttributeId, ValueId};
use domain::psa::Tables;

use super::names::{CLASSIFICATION, COMPANY_ACTIVE, COMPANY_CATEGORY, COMPANY_TYPE, CONTACT_ACTIVE, MARKET_SEGMENT};
use super::wire::{Category, Field};
use crate::flag::Flag;
use crate::text::present;

/// The picklists among the attributes: how we, Autotask and administrators call them.
const PICKLISTS: [(&str, &str, &str); 4] = [
    (COMPANY_TYPE, "companyType", "Company type"),
    (COMPANY_CATEGORY, "companyCategoryID", "Company category"),
    (CLASSIFICATION, "classification", "Classification"),
    (MARKET_SEGMENT, "marketSegmentID", "Market segment"),
];

/// The longest text that labels are kept in.
const MAX_TABLES: usize = 16 * 1_024;

/// The values of each picklist attribute.
#[derive(Debug, Default)]
pub(super) struct Picklists(BTreeMap<&'static str, Vec<AttributeValue>>);

impl Picklists {
    /// Field names have been seen in other letter cases.
    pub(super) fn read(fields: Vec<Field>) -> Self {
        let own = |field: &Field| {
            PICKLISTS
                .iter()
                .find(|(_, name, _)| name.eq_ignore_ascii_case(&field.name))
        };
        let picklists = fields
            .into_iter()
            .filter(|field| Flag::is_set(field.is_pick_list))
            .filter_map(|field| {
                let (attribute, ..) = own(&field)?;
                let values = field.picklist_values.unwrap_or_default().0.into_iter();
                Some((
                    *attribute,
                    values
                        .map(|of| attribute_value(of.value, of.label, of.is_active))
                        .collect(),
                ))
            });
        Self(picklists.collect())
    }

    /// Whether categories are a picklist; if not, they are an entity of their own.
    pub(super) fn knows_categories(&self) -> bool {
        self.0.contains_key(COMPANY_CATEGORY)
    }

    /// Whether a value is known.
    pub(super) fn has(&self, attribute: &str, id: i64) -> bool {
        let id = ValueId::new(id.to_string());
        let values = self.0.get(attribute);
        values.is_some_and(|values| values.iter().any(|value| value.id == id))
    }

    /// The labels that companies are shown with; nothing if they are too many to be kept.
    pub(super) fn to_tables(&self) -> Tables {
        let values = self.0.get(COMPANY_TYPE).into_iter().flatten();
        let labels: Vec<(&ValueId, &str)> = values.map(|value| (&value.id, value.label.as_str())).collect();
        let text = serde_json::to_string(&labels).unwrap_or_default();
        Tables(if text.len() > MAX_TABLES { String::new() } else { text })
    }

    /// What [`to_tables`](Self::to_tables) has kept.
    pub(super) fn from_tables(tables: &Tables) -> Option<Self> {
        let labels: Vec<(String, String)> = serde_json::from_str(&tables.0).ok()?;
        let values = labels.into_iter();
        let values = values.map(|(id, label)| attribute_value(id, Some(label), None));
        Some(Self(BTreeMap::from([(COMPANY_TYPE, values.collect())])))
    }

    /// The label of a value, or its id if it has none.
    pub(super) fn label(&self, attribute: &str, id: i64) -> String {
        let id = ValueId::new(id.to_string());
        let known = self
            .0
            .get(attribute)
            .and_then(|values| values.iter().find(|value| value.id == id));
        known.map_or_else(|| id.as_str().to_owned(), |value| value.label.clone())
    }

    /// All six attributes, with the categories that were read apart.
    pub(super) fn attributes(&self, categories: Vec<Category>) -> Vec<Attribute> {
        let categories = categories.into_iter();
        let mut categories: Vec<AttributeValue> = categories
            .map(|of| attribute_value(of.id.to_string(), of.name, of.is_active))
            .collect();
        let mut attributes: Vec<Attribute> = Vec::with_capacity(6);
        for (id, _, label) in PICKLISTS {
            let mut values = self.0.get(id).cloned().unwrap_or_default();
            if id == COMPANY_CATEGORY {
                values.append(&mut categories);
            }
            attributes.push(attribute(id, Subject::Company, label, values));
        }
        attributes.push(attribute(
            COMPANY_ACTIVE,
            Subject::Company,
            "Company active",
            yes_and_no(),
        ));
        attributes.push(attribute(
            CONTACT_ACTIVE,
            Subject::Contact,
            "Contact active",
            yes_and_no(),
        ));
        attributes
    }
}

fn attribute(id: &str, subject: Subject, label: &str, values: Vec<AttributeValue>) -> Attribute {
    Attribute {
        id: AttributeId::new(id),
        subject,
        label: label.to_owned(),
        values,
    }
}

/// A value is inactive only if it says so.
fn attribute_value(id: String, label: Option<String>, active: Option<Flag>) -> AttributeValue {
    AttributeValue {
        label: present(label).unwrap_or_else(|| id.clone()),
        id: ValueId::new(id),
        active: active != Some(Flag(false)),
    }
}

fn yes_and_no() -> Vec<AttributeValue> {
    let value = |is: bool, label: &str| attribute_value(is.to_string(), Some(label.to_owned()), None);
    vec![value(true, "Active"), value(false, "Inactive")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autotask::wire::Fields;

    fn read(fields: &str) -> Picklists {
        Picklists::read(serde_json::from_str::<Fields>(fields).unwrap().fields.0)
    }

    fn picklists() -> Picklists {
        let fields = r#"{"fields":[
            {"name":"CompanyType","isPickList":true,"picklistValues":[
                {"value":"1","label":"Klant","isActive":true},{"value":"9","label":"Old","isActive":false},{"value":"8"}]},
            {"name":"companyName","isPickList":false,"picklistValues":null},
            {"name":"companyCategoryID","isPickList":false,"picklistValues":null},
            {"name":"ownerResourceID","isPickList":true,"picklistValues":[{"value":"5"}]}]}"#;
        read(fields)
    }

    #[test]
    fn r6_labels_are_those_of_the_psa_and_inactive_values_are_marked() {
        let attributes = picklists().attributes(Vec::new());
        let shown: Vec<_> = attributes[0]
            .values
            .iter()
            .map(|of| (of.id.as_str(), of.label.as_str(), of.active))
            .collect();
        assert_eq!(shown, [("1", "Klant", true), ("9", "Old", false), ("8", "8", true)]);
    }

    #[test]
    fn r6_odd_values_and_fields_are_passed_over() {
        let odd = read(
            r#"{"fields":[null,5,{"isPickList":true},{"name":null},{"name":7,"picklistValues":5},
            {"name":"territoryID","isPickList":true,"picklistValues":[{"value":null,"label":"x"}]},
            {"name":"ownerResourceID","isPickList":"perhaps"},
            {"name":"classification","isPickList":true,"picklistValues":null},{"name":"marketSegmentID","isPickList":true},
            {"name":"companyType","isPickList":true,"picklistValues":[
                null,{"value":null,"label":"a"},{"label":"b"},{"value":[]},{"value":3,"label":"Prospect"},
                {"value":"1","label":null,"isActive":null},{"value":-1,"label":"Minus"}]}]}"#,
        );
        let attributes = odd.attributes(Vec::new());
        let shown: Vec<_> = attributes[0]
            .values
            .iter()
            .map(|of| (of.id.as_str(), of.label.as_str()))
            .collect();
        assert_eq!(shown, [("3", "Prospect"), ("1", "1"), ("-1", "Minus")]);
        for missing in ["{}", r#"{"fields":null}"#, r#"{"fields":{}}"#, "[]"] {
            assert!(serde_json::from_str::<Fields>(missing).is_err(), "{missing}");
        }
    }

    #[test]
    fn r6_there_are_six_attributes_whatever_the_tenant_has() {
        let attributes = Picklists::default().attributes(Vec::new());
        let ids: Vec<&str> = attributes.iter().map(|attribute| attribute.id.as_str()).collect();
        let all = [
            "companyType",
            "companyCategory",
            "classification",
            "marketSegment",
            "companyActive",
            "contactActive",
        ];
        assert_eq!(ids, all);
    }

    #[test]
    fn r6_categories_may_be_an_entity_instead_of_a_picklist() {
        let categories = serde_json::from_str(r#"[{"id":1,"name":"API","isActive":false}]"#).unwrap();
        assert!(!picklists().knows_categories());
        let attributes = picklists().attributes(categories);
        assert_eq!(
            attributes[1].values,
            [attribute_value("1".into(), Some("API".into()), Some(Flag(false)))]
        );
    }

    #[test]
    fn r77_labels_are_kept_for_the_next_run() {
        let known = Picklists::from_tables(&picklists().to_tables()).unwrap();
        assert_eq!(known.label(COMPANY_TYPE, 1), "Klant");
        let has = [1, 8, 9, 7].map(|id| known.has(COMPANY_TYPE, id));
        assert_eq!(has, [true, true, true, false]);
        assert!(Picklists::from_tables(&Tables::default()).is_none());
    }

    #[test]
    fn an_unknown_value_is_shown_by_its_id() {
        assert_eq!(picklists().label(COMPANY_TYPE, 1), "Klant");
        assert_eq!(picklists().label(COMPANY_TYPE, 77), "77");
    }
}
