//! The changes in ConnectWise's JSON.

use sandbox::Error;
use serde_json::{Value, json};
use simkit::Simulator;

use super::changed::{Changed, number};

/// A contact as it is: what an empty change answers.
pub(super) fn contact(psa: &dyn Simulator, id: &str) -> Result<Value, Error> {
    let mut answer = psa
        .change_records(json!({ "contacts": [{ "id": number(id) }] }))
        .map_err(Error::Unexpected)?;
    Ok(answer["contacts"][0].take())
}

pub(super) fn records(changed: &Changed, inactive: &str, contact: Value) -> Value {
    let mut contacts = moved_along(changed);
    contacts.push(readdressed(changed, contact));
    contacts.push(added(changed));
    json!({
        "companies": [
            { "id": number(&changed.renamed.id), "name": changed.new_name },
            { "id": number(&changed.deactivated.id), "status": { "id": number(inactive) } },
            // A merge leaves the source behind with its status, marked as deleted.
            { "id": number(&changed.merged.id), "deletedFlag": true },
        ],
        "contacts": contacts,
    })
}

/// The contacts of the merged company, now of its target.
fn moved_along(changed: &Changed) -> Vec<Value> {
    let target = json!({ "id": number(&changed.target.id) });
    let contacts = changed.merged_contacts.iter();
    contacts
        .map(|id| json!({ "id": number(id), "company": target }))
        .collect()
}

/// The one item changes; the list replaces the whole list, so that phone numbers have to go along.
fn readdressed(changed: &Changed, mut contact: Value) -> Value {
    let slot = number(&changed.moved.slot);
    let mut items = contact["communicationItems"].take();
    for item in items.as_array_mut().into_iter().flatten() {
        if item["id"] == slot {
            item["value"] = json!(changed.moved.to);
        }
    }
    json!({ "id": number(&changed.moved.contact), "communicationItems": items })
}

fn added(changed: &Changed) -> Value {
    let joiner = &changed.joiner;
    json!({
        "firstName": joiner.first,
        "lastName": joiner.last,
        "company": { "id": number(&changed.joined.id) },
        "inactiveFlag": false,
        "communicationItems": [{ "value": joiner.address, "communicationType": "Email", "defaultFlag": true }],
    })
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    #[test]
    fn a_merge_deletes_the_source_and_moves_its_contacts() {
        let records = records(&example(), "9", json!({}));
        assert_eq!(records["companies"][2], json!({ "id": 3, "deletedFlag": true }));
        assert_eq!(records["contacts"][0], json!({ "id": 31, "company": { "id": 4 } }));
        assert_eq!(records["contacts"][1], json!({ "id": 32, "company": { "id": 4 } }));
    }

    #[test]
    fn only_the_item_with_the_address_changes() {
        let phone = json!({ "id": 511, "value": "020", "communicationType": "Phone" });
        let email = json!({ "id": 512, "value": "jan@five.example", "communicationType": "Email" });
        let contact = json!({ "id": 51, "communicationItems": [phone, email] });
        let changed = json!({ "id": 512, "value": "new.jan@five.example", "communicationType": "Email" });
        assert_eq!(
            readdressed(&example(), contact),
            json!({ "id": 51, "communicationItems": [phone, changed] })
        );
    }

    #[test]
    fn a_company_becomes_inactive_by_the_status_of_this_psa() {
        let records = records(&example(), "9", json!({}));
        assert_eq!(records["companies"][1], json!({ "id": 2, "status": { "id": 9 } }));
    }
}
