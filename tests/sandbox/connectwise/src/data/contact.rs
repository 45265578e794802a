//! A neutral contact as a ConnectWise `Contact`, field by field, so that only what is asked for is built.

use serde_json::{Value, json};
use simkit::msp::Contact;

use super::company::{reference, site};
use super::ids;
use super::setup::{Label, communication_kind, label};
use super::stamp::stamp;

/// One field of the contact; null if it has no such value. The company is given by its id alone.
pub fn field(contact: &Contact, name: &str) -> Value {
    let number = contact.number;
    match name {
        "id" => ids::contact(number).into(),
        "firstName" => unless_empty(&contact.first),
        "lastName" => unless_empty(&contact.last),
        "company" => contact
            .company
            .map_or(Value::Null, |company| json!({"id": ids::company(company)})),
        "site" => contact
            .company
            .map_or(Value::Null, |company| json!({"id": site(company), "name": "Main"})),
        "inactiveFlag" => (!contact.active).into(),
        // Some servers leave the flag out where it was never set.
        "defaultFlag" if !contact.primary && number % 9 == 4 => Value::Null,
        "defaultFlag" => contact.primary.into(),
        "defaultBillingFlag" | "unsubscribeFlag" | "marriedFlag" | "childrenFlag" => false.into(),
        "title" => unless_empty(contact.title),
        "types" => types(number).iter().copied().map(reference).collect(),
        "communicationItems" => items(contact),
        "defaultPhoneType" if has_phone(number) => label::DIRECT.name.into(),
        "defaultPhoneNbr" if has_phone(number) => phone(number).into(),
        "portalPassword" if number.is_multiple_of(4) => format!("simulated-portal-password-{number}").into(),
        "portalSecurityLevel" if number.is_multiple_of(4) => 1.into(),
        "disablePortalLoginFlag" => (!number.is_multiple_of(4)).into(),
        "gender" if number.is_multiple_of(8) => "Female".into(),
        "birthDay" if number.is_multiple_of(8) => "1980-02-29T00:00:00Z".into(),
        "mobileGuid" => ids::guid(2, ids::contact(number)).into(),
        "_info" => json!({"lastUpdated": stamp(number), "updatedBy": "jsmith"}),
        _ => Value::Null,
    }
}

fn unless_empty(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}

fn types(number: u32) -> &'static [Label] {
    match number % 12 {
        0 | 6 => &[],
        1 => &[label::END_USER, label::DECISION_MAKER],
        5 => &[label::APPROVER],
        _ => &[label::END_USER],
    }
}

fn has_phone(number: u32) -> bool {
    !number.is_multiple_of(3)
}

fn phone(number: u32) -> String {
    format!("+31 6 {:08}", 55_000_000 + number)
}

/// The items in no helpful order: what is not an e-mail address may come first, and so may an address that is not the
/// default. Where none is the default, the first address counts, so there they stay in order.
fn items(contact: &Contact) -> Value {
    let number = contact.number;
    let has_default = number % 11 != 5;
    let mut emails: Vec<Value> = (0..)
        .zip(&contact.emails)
        .map(|(place, address)| email(number, place, address, has_default))
        .collect();
    if has_default && number.is_multiple_of(2) {
        emails.reverse();
    }
    let mut items = Vec::new();
    if number % 10 == 7 {
        items.push(item(number, 4, label::CHAT, &format!("chat-{number}"), false));
    }
    if has_phone(number) {
        items.push(item(number, 5, label::DIRECT, &phone(number), true));
    }
    items.append(&mut emails);
    if number % 25 == 2 {
        items.push(item(number, 6, label::FAX, &phone(number), true));
    }
    items.into()
}

fn email(number: u32, place: u32, address: &str, has_default: bool) -> Value {
    let kind = if place == 1 {
        label::PERSONAL_EMAIL
    } else {
        label::EMAIL
    };
    let mut email = item(number, place, kind, address, has_default && place == 0);
    email["domain"] = domain(address);
    email
}

/// With the at sign, as ConnectWise has it; null where there is none.
pub fn domain(address: &str) -> Value {
    address.rfind('@').map_or(Value::Null, |at| address[at..].into())
}

fn item(number: u32, place: u32, kind: Label, value: &str, default: bool) -> Value {
    json!({
        "id": ids::item(number, place), "type": reference(kind), "value": value, "defaultFlag": default,
        "communicationType": communication_kind(kind.id),
    })
}
