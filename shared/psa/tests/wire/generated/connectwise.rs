//! Companies and contacts of `ConnectWise`, as its description allows them (R9).

use std::collections::{BTreeSet, HashSet};

use domain::ids::PsaCompanyId;
use domain::psa::{PsaCompany, PsaContact, PsaKind};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseError;
use serde_json::Value;

use super::{
    address, companies, config, contacts, elements, full_name, int32, object, of_rising_ids, optional, said, text,
    values,
};
use crate::server::STATUSES;

fn reference() -> BoxedStrategy<Value> {
    object(vec![("id", optional(int32())), ("name", optional(text(50)))])
}

fn list(element: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    prop::collection::vec(element, 0..8).prop_map(Value::from).boxed()
}

fn connectwise_company() -> BoxedStrategy<Value> {
    object(vec![
        ("identifier", optional(text(30))),
        ("name", optional(text(50))),
        ("status", optional(reference())),
        ("types", optional(list(reference()))),
        ("deletedFlag", optional(any::<bool>().prop_map(Value::from))),
        ("website", optional(text(255))),
    ])
}

fn connectwise_contact() -> BoxedStrategy<Value> {
    let kind = select(vec!["Email", "Email", "Email", "Email", "Fax", "Phone"]).prop_map(Value::from);
    let item = object(vec![
        (
            "id",
            optional(select(vec![1, 1, 2, -4, i32::MAX]).prop_map(Value::from)),
        ),
        ("value", optional(address())),
        ("defaultFlag", optional(any::<bool>().prop_map(Value::from))),
        ("communicationType", optional(kind)),
        ("type", optional(reference())),
    ]);
    object(vec![
        ("firstName", optional(text(30))),
        ("lastName", optional(text(30))),
        ("company", optional(reference())),
        ("inactiveFlag", optional(any::<bool>().prop_map(Value::from))),
        ("types", optional(list(reference()))),
        ("communicationItems", optional(list(item))),
    ])
}

fn ids_of<'a>(attribute: &'a str, references: &[Value]) -> Vec<(&'a str, String)> {
    let ids = references.iter().filter_map(|of| of["id"].as_i64());
    ids.map(|id| (attribute, id.to_string())).collect()
}

fn check_connectwise_company(read: &PsaCompany, row: &Value) -> Result<(), TestCaseError> {
    let statuses: Value = serde_json::from_str(STATUSES).unwrap();
    let is_inactive = |id: i64| {
        elements(&statuses)
            .iter()
            .any(|of| of["id"] == id && of["inactiveFlag"] == true)
    };
    let (status, types) = (&row["status"], elements(&row["types"]));
    prop_assert_eq!(read.id.as_str(), row["id"].to_string());
    let name = said(&row["name"]).or(said(&row["identifier"]));
    if let Some(name) = name {
        prop_assert_eq!(&read.name, name);
    }
    let own = row["identifier"] == "YourCompany" || name == Some("MSP");
    prop_assert_eq!(read.own, own);
    prop_assert_eq!(read.active, !status["id"].as_i64().is_some_and(is_inactive));
    prop_assert_eq!(&read.status, said(&status["name"]).unwrap_or_default());
    let labels: Vec<&str> = types.iter().filter_map(|of| said(&of["name"])).collect();
    prop_assert_eq!(&read.types, &labels);
    prop_assert_eq!(read.website.as_deref(), said(&row["website"]));
    let all = [
        ids_of("companyType", types),
        ids_of("companyStatus", std::slice::from_ref(status)),
    ]
    .concat();
    prop_assert_eq!(values(&read.values), all);
    Ok(())
}

fn check_connectwise_contact(read: &PsaContact, row: &Value) -> Result<(), TestCaseError> {
    prop_assert_eq!(read.id.as_str(), row["id"].to_string());
    let company = row["company"]["id"].as_i64().map(|id| id.to_string());
    prop_assert_eq!(read.company.as_ref().map(PsaCompanyId::as_str), company.as_deref());
    prop_assert_eq!(&read.name, &full_name(row));
    prop_assert_eq!(read.active, row["inactiveFlag"] != true);
    prop_assert_eq!(values(&read.values), ids_of("contactType", elements(&row["types"])));
    let items = elements(&row["communicationItems"])
        .iter()
        .filter(|item| item["communicationType"] == "Email");
    let (first, rest): (Vec<&Value>, Vec<&Value>) = items.partition(|item| item["defaultFlag"] == true);
    // The same item is the one with the same id, or without one and with the same text in whatever letters.
    let mut seen = HashSet::new();
    let mut expected = Vec::new();
    for item in [first, rest].concat() {
        let key = match item["id"].as_i64() {
            Some(id) => id.to_string(),
            None => item["value"].as_str().unwrap_or_default().trim().to_lowercase(),
        };
        if seen.insert(key)
            && let Some(text) = said(&item["value"])
        {
            expected.push((item["id"].as_i64().map(|id| id.to_string()), text));
        }
    }
    let slots: BTreeSet<&str> = read.addresses.iter().map(|address| address.slot.as_str()).collect();
    prop_assert_eq!(slots.len(), read.addresses.len(), "a slot is one address");
    let given = |slot: &str| slot.parse::<i64>().is_ok().then(|| slot.to_owned());
    let read = read
        .addresses
        .iter()
        .map(|address| (given(address.slot.as_str()), &*address.text));
    prop_assert_eq!(read.collect::<Vec<_>>(), expected);
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn r9_valid_companies_of_connectwise_are_read(
        all in of_rising_ids(1, connectwise_company()),
        size in 1_usize..4,
    ) {
        let there: Vec<&Value> = all.iter().filter(|row| row["deletedFlag"] != true).collect();
        let read = companies(PsaKind::Connectwise, &all, size)?;
        prop_assert_eq!(read.len(), there.len());
        for (read, row) in read.iter().zip(there) {
            check_connectwise_company(read, row)?;
        }
    }

    #[test]
    fn r9_valid_contacts_of_connectwise_are_read(
        all in of_rising_ids(1, connectwise_contact()),
        size in 1_usize..4,
    ) {
        let read = contacts(PsaKind::Connectwise, &all, size)?;
        prop_assert_eq!(read.len(), all.len());
        for (read, row) in read.iter().zip(&all) {
            check_connectwise_contact(read, row)?;
        }
    }
}
