//! A neutral company as a ConnectWise `Company`, field by field, so that only what is asked for is built.

use serde_json::{Value, json};
use simkit::msp::{Company, Kind};

use super::ids;
use super::setup::{Label, label};
use super::stamp::stamp;

/// A field that no published version of the API has.
pub const UNPUBLISHED: &str = "lifecycleInsights";

/// ConnectWise's limit for names.
pub const LONGEST_NAME: usize = 50;

/// ConnectWise's limit for identifiers.
pub const LONGEST_IDENTIFIER: usize = 30;

/// One field of the company; null if it has no such value.
pub fn field(company: &Company, default_contact: Option<u32>, name: &str) -> Value {
    let number = company.number;
    match name {
        "id" => ids::company(number).into(),
        "identifier" => identifier(company).into(),
        "name" => company.name.chars().take(LONGEST_NAME).collect::<String>().into(),
        "status" => reference(status(company)),
        "types" => types(company).into_iter().map(reference).collect(),
        "addressLine1" => format!("Stationsweg {}", number % 200 + 1).into(),
        "city" => company.city.into(),
        "zip" => format!("{}", 1_000 + number % 9_000).into(),
        "phoneNumber" if !number.is_multiple_of(3) => format!("+31 20 {:07}", 5_550_000 + number).into(),
        "website" => company.website.clone().into(),
        "territory" => json!({"id": 2, "name": "Head Office"}),
        "defaultContact" => default_contact.map_or(Value::Null, |contact| json!({"id": ids::contact(contact)})),
        "dateAcquired" => "2019-03-01T05:00:00Z".into(),
        "leadFlag" => (company.kind == Kind::Lead).into(),
        "isVendorFlag" => (company.kind == Kind::Vendor).into(),
        "unsubscribeFlag" | "deletedFlag" => false.into(),
        "mobileGuid" => ids::guid(1, ids::company(number)).into(),
        "numberOfEmployees" if number.is_multiple_of(2) => (number % 300).into(),
        "invoiceToEmailAddress" if number.is_multiple_of(4) => format!("invoices@{}", company.domain).into(),
        "site" => json!({"id": site(number), "name": "Main"}),
        "integratorTags" => json!([]),
        "customFields" if number.is_multiple_of(2) => custom_fields(company),
        UNPUBLISHED if number.is_multiple_of(5) => json!({"stage": "renewal", "scores": [1, null, "two"]}),
        "_info" => info(number),
        _ => Value::Null,
    }
}

/// The id of the company's main site.
pub fn site(number: u32) -> i64 {
    2_000 + i64::from(number)
}

/// Unique, and the MSP's own company has the one that every tenant is set up with.
pub fn identifier(company: &Company) -> String {
    if company.own {
        return "YourCompany".to_owned();
    }
    let letters = company.name.chars().filter(char::is_ascii_alphanumeric);
    let start: String = letters.take(LONGEST_IDENTIFIER - 8).collect();
    format!("{start}{}", company.number)
}

fn status(company: &Company) -> Label {
    match company {
        Company {
            kind: Kind::Dead,
            number,
            ..
        } if number.is_multiple_of(2) => label::DELETED_STATUS,
        Company {
            active: false, number, ..
        } if number.is_multiple_of(3) => label::FORMER,
        Company { active: false, .. } => label::INACTIVE,
        Company { number, .. } if number % 19 == 12 => label::ON_HOLD,
        _ => label::ACTIVE,
    }
}

fn types(company: &Company) -> Vec<Label> {
    let number = company.number;
    let mut types = match company.kind {
        _ if company.own => vec![label::OWNER],
        Kind::Customer if number.is_multiple_of(29) => vec![],
        Kind::Customer if company.segment >= 4 => vec![label::CLIENT, label::MANAGED_SERVICES],
        Kind::Customer => vec![label::CLIENT],
        Kind::Lead => vec![label::LEAD],
        Kind::Prospect => vec![label::PROSPECT],
        Kind::Dead => vec![],
        Kind::Vendor if number % 3 == 1 => vec![label::CLIENT, label::VENDOR],
        Kind::Vendor => vec![label::VENDOR],
        Kind::Partner => vec![label::PARTNER],
    };
    if number % 17 == 3 {
        types.push(label::DELETED_TYPE);
    }
    types
}

fn custom_fields(company: &Company) -> Value {
    let seats = if company.number.is_multiple_of(6) {
        Value::Null
    } else {
        (company.number % 90).into()
    };
    json!([
        {"id": 1, "caption": "Region", "type": "Text", "entryMethod": "List", "numberOfDecimals": 0, "value": company.city},
        {"id": 2, "caption": "Onboarded", "type": "Checkbox", "entryMethod": "EntryField", "value": company.active},
        {"id": 3, "caption": "Seats", "type": "Number", "entryMethod": "EntryField", "numberOfDecimals": 0, "value": seats},
    ])
}

fn info(number: u32) -> Value {
    json!({"lastUpdated": stamp(number), "updatedBy": "jsmith", "dateEntered": "2019-03-01T15:02:44Z", "enteredBy": "jsmith"})
}

/// `{id, name}`
pub fn reference(Label { id, name }: Label) -> Value {
    json!({"id": id, "name": name})
}
