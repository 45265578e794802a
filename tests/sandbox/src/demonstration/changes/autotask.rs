//! The changes in Autotask's JSON.

use serde_json::{Value, json};

use super::changed::{Changed, number};

pub(super) fn records(changed: &Changed) -> Value {
    let mut contacts = moved_along(changed);
    // A slot is the name of the field.
    contacts.push(json!({ "id": number(&changed.moved.contact), changed.moved.slot.as_str(): changed.moved.to }));
    contacts.push(added(changed));
    json!({
        "companies": [
            { "id": number(&changed.renamed.id), "companyName": changed.new_name },
            { "id": number(&changed.deactivated.id), "isActive": false },
        ],
        "contacts": contacts,
        // A merge leaves nothing of the source.
        "delete": { "companies": [number(&changed.merged.id)] },
    })
}

/// The contacts of the merged company, now of its target.
fn moved_along(changed: &Changed) -> Vec<Value> {
    let target = number(&changed.target.id);
    let contacts = changed.merged_contacts.iter();
    contacts
        .map(|id| json!({ "id": number(id), "companyID": target }))
        .collect()
}

fn added(changed: &Changed) -> Value {
    json!({
        "firstName": changed.joiner.first,
        "lastName": changed.joiner.last,
        "companyID": number(&changed.joined.id),
        "isActive": 1,
        "emailAddress": changed.joiner.address,
    })
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    #[test]
    fn a_merge_deletes_the_source_and_moves_its_contacts() {
        let records = records(&example());
        assert_eq!(records["delete"], json!({ "companies": [3] }));
        assert_eq!(records["contacts"][0], json!({ "id": 31, "companyID": 4 }));
        assert_eq!(records["contacts"][1], json!({ "id": 32, "companyID": 4 }));
    }

    #[test]
    fn an_address_changes_in_the_field_that_held_it() {
        let mut changed = example();
        changed.moved.slot = "emailAddress2".to_owned();
        let records = records(&changed);
        assert_eq!(
            records["contacts"][2],
            json!({ "id": 51, "emailAddress2": "new.jan@five.example" })
        );
    }
}
