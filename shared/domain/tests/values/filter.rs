//! What a filter may name, and what it accepts.

use domain::filter::{Accepted, Attribute, AttributeValue, Filter, FilterTooLarge, InvalidFilter, Subject};
use domain::ids::{AttributeId, ValueId};
use serde_json::Value;

fn filter(accepted: &[(&str, &[&str])]) -> Filter {
    let accepted = accepted.iter().map(|(attribute, values)| {
        let values = values.iter().map(|value| ValueId::new(*value));
        (AttributeId::new(*attribute), values.collect())
    });
    Filter(accepted.collect())
}

fn attribute(id: &str, subject: Subject, values: &[&str]) -> Attribute {
    let value = |id: &&str| AttributeValue {
        id: ValueId::new(*id),
        label: String::new(),
        active: true,
    };
    Attribute {
        id: AttributeId::new(id),
        subject,
        label: String::new(),
        values: values.iter().map(value).collect(),
    }
}

#[test]
fn r07_a_filter_names_what_the_psa_has() {
    let known = [
        attribute("companyType", Subject::Company, &["1", "2"]),
        attribute("contactType", Subject::Contact, &["3"]),
    ];
    let check = |accepted: &[(&str, &[&str])]| filter(accepted).check(&known);
    let (company, contact) = (AttributeId::new("companyType"), AttributeId::new("contactType"));
    assert_eq!(check(&[]), Ok(()));
    assert_eq!(check(&[("companyType", &["1", "2"]), ("contactType", &["3"])]), Ok(()));
    let unknown = InvalidFilter::UnknownAttribute(AttributeId::new("market"));
    assert_eq!(check(&[("market", &["1"])]), Err(unknown));
    // A value of another attribute is none of this one.
    let unknown = InvalidFilter::UnknownValue(company, ValueId::new("3"));
    assert_eq!(check(&[("companyType", &["2", "3"])]), Err(unknown));
    assert_eq!(check(&[("contactType", &[])]), Err(InvalidFilter::NoValue(contact)));
}

#[test]
fn r07_a_row_is_accepted_by_one_value_of_each_attribute() {
    let asked = filter(&[("companyType", &["1", "2"]), ("companyStatus", &["5"])]);
    let of = |id: &str, value: &str| (AttributeId::new(id), ValueId::new(value));
    let attributes = [AttributeId::new("companyType"), AttributeId::new("companyStatus")];
    let accepts = |values: &[(AttributeId, ValueId)]| asked.accepts(&attributes, values);
    assert!(accepts(&[
        of("companyType", "9"),
        of("companyType", "2"),
        of("companyStatus", "5")
    ]));
    assert!(!accepts(&[of("companyType", "2")]));
    // The right value of the wrong attribute.
    assert!(!accepts(&[of("companyType", "5"), of("companyStatus", "1")]));
    // What is not asked of this kind of row is left open.
    assert!(asked.accepts(&attributes[..1], &[of("companyType", "1")]));
    assert!(filter(&[]).accepts(&attributes, &[]));
}

#[test]
fn r07_a_filter_is_bounded_and_says_so_in_its_schema() {
    let of_attributes = |count: usize| {
        let ids = (0..count).map(|id| (AttributeId::new(id.to_string()), Vec::new()));
        Filter::try_from(ids.collect::<Accepted>())
    };
    let of_values = |count: usize| {
        let values = (0..count).map(|id| ValueId::new(id.to_string())).collect();
        Filter::try_from(Accepted::from([(AttributeId::new("companyType"), values)]))
    };
    assert!(of_attributes(20).is_ok() && of_values(500).is_ok());
    assert_eq!(
        [of_attributes(21), of_values(501)],
        [Err(FilterTooLarge), Err(FilterTooLarge)]
    );
    let schema = schemars::schema_for!(Filter);
    assert_eq!(schema.get("maxProperties"), Some(&Value::from(20)));
    let values = schema.get("additionalProperties").unwrap();
    assert_eq!(
        (&values["minItems"], &values["maxItems"]),
        (&Value::from(1), &Value::from(500))
    );
}

#[test]
fn r53_only_attributes_of_contacts_hide_contacts() {
    assert!(filter(&[("companyType", &["1"]), ("contactType", &["3"])]).hides_contacts());
    assert!(!filter(&[("companyType", &["1"])]).hides_contacts());
}

#[test]
fn r07_a_stored_filter_is_read_as_it_was() {
    let stored = filter(&[("companyType", &["1"])]);
    let json = serde_json::to_string(&stored).unwrap();
    assert_eq!(json, r#"{"companyType":["1"]}"#);
    assert_eq!(serde_json::from_str::<Filter>(&json).unwrap(), stored);
}

#[test]
fn r78_the_same_values_in_another_order_are_the_same_filter() {
    let read = |text: &str| serde_json::from_str::<Filter>(text).unwrap();
    let one = read(r#"{ "companyType": ["1", "2", "30"] }"#);
    assert_eq!(read(r#"{ "companyType": ["30", "2", "1", "2"] }"#), one);
    assert_ne!(read(r#"{ "companyType": ["1", "2"] }"#), one);
}
