//! What happens in a PSA between two imports or during one, in the PSA's own JSON. Ids are those of the API's rows.

use domain::psa::PsaKind;
use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::faults;
use crate::stage::text;

/// Changes records; the answer is the simulator's.
pub fn change(sandbox: &Sandbox, kind: PsaKind, changes: Value) -> Value {
    sandbox.psas.get(kind).change_records(changes).unwrap()
}

/// A company gets another name.
pub fn rename(sandbox: &Sandbox, kind: PsaKind, company: &str, name: &str) {
    let field = match kind {
        PsaKind::Connectwise => "name",
        PsaKind::Autotask => "companyName",
    };
    change(
        sandbox,
        kind,
        json!({ "companies": [{ "id": id(company), field: name }] }),
    );
}

/// A company becomes inactive.
pub fn deactivate(sandbox: &Sandbox, kind: PsaKind, company: &str) {
    let inactive = match kind {
        // The status *Inactive*.
        PsaKind::Connectwise => json!({ "id": id(company), "status": { "id": 3 } }),
        PsaKind::Autotask => json!({ "id": id(company), "isActive": false }),
    };
    change(sandbox, kind, json!({ "companies": [inactive] }));
}

/// A company is deleted: ConnectWise keeps it with a mark, Autotask does not. Its contacts stay.
pub fn delete(sandbox: &Sandbox, kind: PsaKind, company: &str) {
    let changes = match kind {
        PsaKind::Connectwise => json!({ "companies": [{ "id": id(company), "deletedFlag": true }] }),
        PsaKind::Autotask => json!({ "delete": { "companies": [id(company)] } }),
    };
    change(sandbox, kind, changes);
}

/// A company that was deleted is there again, under its id.
pub fn restore(sandbox: &Sandbox, kind: PsaKind, company: &str, name: &str) {
    let restored = match kind {
        PsaKind::Connectwise => json!({ "id": id(company), "deletedFlag": false }),
        PsaKind::Autotask => json!({ "id": id(company), "companyName": name }),
    };
    change(sandbox, kind, json!({ "companies": [restored] }));
}

/// A contact moves to another company.
pub fn move_contact(sandbox: &Sandbox, kind: PsaKind, contact: &str, to: &str) {
    let moved = match kind {
        PsaKind::Connectwise => json!({ "id": id(contact), "company": { "id": id(to) } }),
        PsaKind::Autotask => json!({ "id": id(contact), "companyID": id(to) }),
    };
    change(sandbox, kind, json!({ "contacts": [moved] }));
}

/// A company is merged into another one, which gets its contacts.
pub fn merge(sandbox: &Sandbox, kind: PsaKind, company: &str, contacts: &[String], into: &str) {
    for contact in contacts {
        move_contact(sandbox, kind, contact, into);
    }
    delete(sandbox, kind, company);
}

/// A new company; gives its id.
pub fn add_company(sandbox: &Sandbox, kind: PsaKind, name: &str) -> String {
    let answer = add_companies(sandbox, kind, &[name]);
    added(kind, &answer["companies"])
}

/// New companies.
pub fn add_companies(sandbox: &Sandbox, kind: PsaKind, names: &[impl AsRef<str>]) -> Value {
    let companies: Vec<Value> = names.iter().map(|name| new_company(kind, name.as_ref())).collect();
    change(sandbox, kind, json!({ "companies": companies }))
}

/// A record of a new company.
pub fn new_company(kind: PsaKind, name: &str) -> Value {
    match kind {
        PsaKind::Connectwise => json!({ "name": name }),
        PsaKind::Autotask => json!({ "companyName": name }),
    }
}

/// A new contact of a company, with one address; gives the contact's id.
pub fn add_contact(sandbox: &Sandbox, kind: PsaKind, company: &str, address: &str) -> String {
    let answer = add_contacts(sandbox, kind, company, &[address]);
    added(kind, &answer["contacts"])
}

/// New contacts of a company, with one address each.
pub fn add_contacts(sandbox: &Sandbox, kind: PsaKind, company: &str, addresses: &[impl AsRef<str>]) -> Value {
    let contacts: Vec<Value> = addresses
        .iter()
        .map(|address| new_contact(kind, company, address.as_ref()))
        .collect();
    change(sandbox, kind, json!({ "contacts": contacts }))
}

/// A record of a new contact of a company, with one address.
pub fn new_contact(kind: PsaKind, company: &str, address: &str) -> Value {
    match kind {
        PsaKind::Connectwise => json!({
            "firstName": "Nieuwe", "lastName": "Medewerker", "company": { "id": id(company) },
            "communicationItems": [{ "value": address, "communicationType": "Email", "defaultFlag": true }],
        }),
        PsaKind::Autotask => json!({
            "firstName": "Nieuwe", "lastName": "Medewerker", "companyID": id(company), "isActive": 1, "emailAddress": address,
        }),
    }
}

/// A new contact of a company with this first and last name and address; gives its id.
pub fn add_person(sandbox: &Sandbox, kind: PsaKind, company: &str, name: (&str, &str), address: &str) -> String {
    let contact = add_contact(sandbox, kind, company, address);
    rename_contact(sandbox, kind, &contact, name);
    contact
}

/// A contact gets another first and last name.
pub fn rename_contact(sandbox: &Sandbox, kind: PsaKind, contact: &str, (first, last): (&str, &str)) {
    let contact = json!({ "id": id(contact), "firstName": first, "lastName": last });
    change(sandbox, kind, json!({ "contacts": [contact] }));
}

/// The first address of a contact is edited where it stands.
pub fn change_first_address(sandbox: &Sandbox, kind: PsaKind, contact: &str, to: &str) {
    let slot = match kind {
        PsaKind::Connectwise => communication_items(sandbox, contact)[0]["id"].to_string(),
        PsaKind::Autotask => "emailAddress".to_owned(),
    };
    change_address(sandbox, kind, &format!("{contact}~{slot}"), to);
}

/// A contact becomes inactive.
pub fn deactivate_contact(sandbox: &Sandbox, kind: PsaKind, contact: &str) {
    let inactive = match kind {
        PsaKind::Connectwise => json!({ "id": id(contact), "inactiveFlag": true }),
        PsaKind::Autotask => json!({ "id": id(contact), "isActive": 0 }),
    };
    change(sandbox, kind, json!({ "contacts": [inactive] }));
}

/// A contact is deleted for good.
pub fn delete_contact(sandbox: &Sandbox, kind: PsaKind, contact: &str) {
    change(sandbox, kind, json!({ "delete": { "contacts": [id(contact)] } }));
}

/// An address row's address is edited where it stands: the same contact, the same slot.
pub fn change_address(sandbox: &Sandbox, kind: PsaKind, address_row: &str, to: &str) {
    let (contact, slot) = split(address_row);
    let contact = match kind {
        PsaKind::Connectwise => {
            let items = items(sandbox, contact, |item| {
                if item["id"] == id(slot) {
                    item["value"] = json!(to);
                }
            });
            json!({ "id": id(contact), "communicationItems": items })
        }
        PsaKind::Autotask => json!({ "id": id(contact), slot: to }),
    };
    change(sandbox, kind, json!({ "contacts": [contact] }));
}

/// In `ConnectWise`, an address row's communication item is replaced by a new one with another address.
pub fn replace_communication_item(sandbox: &Sandbox, address_row: &str, to: &str) {
    let (contact, slot) = split(address_row);
    let items = items(sandbox, contact, |item| {
        if item["id"] == id(slot) {
            *item = json!({ "value": to, "communicationType": "Email", "defaultFlag": item["defaultFlag"] });
        }
    });
    let contact = json!({ "id": id(contact), "communicationItems": items });
    change(sandbox, PsaKind::Connectwise, json!({ "contacts": [contact] }));
}

/// The contact of an address row gets a second address.
pub fn add_address(sandbox: &Sandbox, kind: PsaKind, address_row: &str, address: &str) {
    let (contact, _) = split(address_row);
    let contact = match kind {
        PsaKind::Connectwise => {
            let mut items = communication_items(sandbox, contact);
            items.push(json!({ "value": address, "communicationType": "Email", "defaultFlag": false }));
            json!({ "id": id(contact), "communicationItems": items })
        }
        PsaKind::Autotask => json!({ "id": id(contact), "emailAddress2": address }),
    };
    change(sandbox, kind, json!({ "contacts": [contact] }));
}

/// An address row's address is removed; the contact stays.
pub fn remove_address(sandbox: &Sandbox, kind: PsaKind, address_row: &str) {
    let (contact, slot) = split(address_row);
    let contact = match kind {
        PsaKind::Connectwise => {
            let mut items = communication_items(sandbox, contact);
            items.retain(|item| item["id"] != id(slot));
            json!({ "id": id(contact), "communicationItems": items })
        }
        PsaKind::Autotask => json!({ "id": id(contact), slot: null }),
    };
    change(sandbox, kind, json!({ "contacts": [contact] }));
}

/// The contact and the slot of an address row.
pub fn split(address_row: &str) -> (&str, &str) {
    address_row.split_once('~').unwrap()
}

/// The communication items of a contact after a change; one of them must have changed.
fn items(sandbox: &Sandbox, contact: &str, change_item: impl Fn(&mut Value)) -> Vec<Value> {
    let before = communication_items(sandbox, contact);
    let mut items = before.clone();
    items.iter_mut().for_each(change_item);
    assert_ne!(items, before, "the contact has no such item");
    items
}

fn communication_items(sandbox: &Sandbox, contact: &str) -> Vec<Value> {
    // A change of nothing answers the whole record.
    let nothing = json!({ "contacts": [{ "id": id(contact) }] });
    let answer = change(sandbox, PsaKind::Connectwise, nothing);
    answer["contacts"][0]["communicationItems"].as_array().unwrap().clone()
}

/// The id of the first record that was added.
pub fn added(kind: PsaKind, answer: &Value) -> String {
    match kind {
        PsaKind::Connectwise => answer[0]["id"].to_string(),
        PsaKind::Autotask => answer[0].to_string(),
    }
}

fn id(id: &str) -> Value {
    id.parse::<u64>()
        .map_or_else(|_| panic!("{id} is no id of a PSA"), Value::from)
}

/// The contacts of address rows, each once.
pub fn contacts(address_rows: &[Value]) -> Vec<String> {
    let mut contacts: Vec<String> = address_rows
        .iter()
        .map(|row| split(text(&row["id"])).0.to_owned())
        .collect();
    contacts.dedup();
    contacts
}

/// A company becomes one of another type only: `3`, which is a lead or a prospect.
pub fn retype(sandbox: &Sandbox, kind: PsaKind, company: &str) {
    let retyped = match kind {
        PsaKind::Connectwise => json!({ "id": id(company), "types": [{ "id": 3 }] }),
        PsaKind::Autotask => json!({ "id": id(company), "companyType": 3 }),
    };
    change(sandbox, kind, json!({ "companies": [retyped] }));
}

/// A company becomes active again.
pub fn reactivate(sandbox: &Sandbox, kind: PsaKind, company: &str) {
    let active = match kind {
        PsaKind::Connectwise => json!({ "id": id(company), "status": { "id": 1 } }),
        PsaKind::Autotask => json!({ "id": id(company), "isActive": true }),
    };
    change(sandbox, kind, json!({ "companies": [active] }));
}

/// A company gets another web site.
pub fn set_web_site(sandbox: &Sandbox, kind: PsaKind, company: &str, site: &str) {
    let field = match kind {
        PsaKind::Connectwise => "website",
        PsaKind::Autotask => "webAddress",
    };
    change(
        sandbox,
        kind,
        json!({ "companies": [{ "id": id(company), field: site }] }),
    );
}

/// Whether the PSA answers as another tenant, which has the same ids: other companies with the same login company, or another number.
pub fn be_another_tenant(sandbox: &Sandbox, kind: PsaKind, another: bool) {
    match kind {
        PsaKind::Connectwise => {
            let switches = json!({ "otherTenant": another });
            sandbox.psas.get(kind).set_switches(switches).unwrap();
        }
        PsaKind::Autotask if another => {
            let zone = json!({ "zoneName": "US1", "url": format!("{}/ATServicesRest/", sandbox.psas.url(kind)), "webUrl": "", "ci": 999_999 });
            let answer =
                json!({ "status": 200, "headers": { "content-type": "application/json" }, "body": zone.to_string() });
            faults::answer(sandbox, kind, "(?i)/zoneinformation$", &answer);
        }
        PsaKind::Autotask => faults::clear(sandbox, kind),
    }
}
