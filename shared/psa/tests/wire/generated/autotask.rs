//! Companies and contacts of Autotask, as its description allows them (R9).

use domain::ids::PsaCompanyId;
use domain::psa::{PsaCompany, PsaContact, PsaKind};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::Value;

use super::{
    address, companies, config, contacts, full_name, int32, object, of_rising_ids, optional, said, text, values,
};

fn autotask_company() -> BoxedStrategy<Value> {
    object(vec![
        ("companyName", optional(text(100))),
        ("companyType", optional(int32())),
        ("companyCategoryID", optional(int32())),
        ("classification", optional(int32())),
        ("marketSegmentID", optional(int32())),
        ("isActive", optional(any::<bool>().prop_map(Value::from))),
        ("webAddress", optional(text(255))),
    ])
}

fn autotask_contact() -> BoxedStrategy<Value> {
    object(vec![
        ("companyID", optional(int32())),
        ("firstName", optional(text(50))),
        ("lastName", optional(text(50))),
        ("emailAddress", optional(address())),
        ("emailAddress2", optional(address())),
        ("emailAddress3", optional(address())),
        ("isActive", optional(int32())),
    ])
}

fn check_autotask_company(read: &PsaCompany, row: &Value) -> Result<(), TestCaseError> {
    prop_assert_eq!(read.id.as_str(), row["id"].to_string());
    if let Some(name) = said(&row["companyName"]) {
        prop_assert_eq!(&read.name, name);
    }
    let active = row["isActive"] == true;
    prop_assert_eq!((read.own, read.active), (row["id"] == 0, active));
    let label = |id: i64| match id {
        1 => "Customer".to_owned(),
        3 => "Prospect".to_owned(),
        id => id.to_string(),
    };
    prop_assert_eq!(
        &read.types,
        &row["companyType"].as_i64().map(label).into_iter().collect::<Vec<_>>()
    );
    prop_assert_eq!(read.website.as_deref(), said(&row["webAddress"]));
    let picked = [
        ("companyType", "companyType"),
        ("companyCategory", "companyCategoryID"),
        ("classification", "classification"),
        ("marketSegment", "marketSegmentID"),
    ];
    let picked = picked
        .into_iter()
        .filter_map(|(attribute, field)| Some((attribute, row[field].as_i64()?.to_string())));
    let all: Vec<(&str, String)> = picked.chain([("companyActive", active.to_string())]).collect();
    prop_assert_eq!(values(&read.values), all);
    Ok(())
}

fn check_autotask_contact(read: &PsaContact, row: &Value) -> Result<(), TestCaseError> {
    prop_assert_eq!(read.id.as_str(), row["id"].to_string());
    let company = row["companyID"].as_i64().map(|id| id.to_string());
    prop_assert_eq!(read.company.as_ref().map(PsaCompanyId::as_str), company.as_deref());
    prop_assert_eq!(&read.name, &full_name(row));
    let active = row["isActive"].as_i64().is_some_and(|is| is != 0);
    prop_assert_eq!(read.active, active);
    prop_assert_eq!(values(&read.values), [("contactActive", active.to_string())]);
    let fields = ["emailAddress", "emailAddress2", "emailAddress3"];
    let expected: Vec<(&str, &str)> = fields
        .into_iter()
        .filter_map(|name| Some((name, said(&row[name])?)))
        .collect();
    let read = read
        .addresses
        .iter()
        .map(|address| (address.slot.as_str(), &*address.text));
    prop_assert_eq!(read.collect::<Vec<_>>(), expected);
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn r9_valid_companies_of_autotask_are_read(all in of_rising_ids(0, autotask_company()), size in 1_usize..4) {
        let read = companies(PsaKind::Autotask, &all, size)?;
        prop_assert_eq!(read.len(), all.len());
        for (read, row) in read.iter().zip(&all) {
            check_autotask_company(read, row)?;
        }
    }

    #[test]
    fn r9_valid_contacts_of_autotask_are_read(all in of_rising_ids(0, autotask_contact()), size in 1_usize..4) {
        let read = contacts(PsaKind::Autotask, &all, size)?;
        prop_assert_eq!(read.len(), all.len());
        for (read, row) in read.iter().zip(&all) {
            check_autotask_contact(read, row)?;
        }
    }
}
