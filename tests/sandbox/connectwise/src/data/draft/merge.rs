//! JSON Merge Patch (RFC 7396), with references replaced as a whole.

use serde_json::{Map, Value};

use crate::query::schema::{Field, Kind};

/// Puts what was given over the record. A reference is one thing: with a new id the old name must not stay.
pub fn over(record: &mut Map<String, Value>, given: Map<String, Value>, fields: &'static [Field]) {
    for field in fields
        .iter()
        .filter(|field| field.name != "_info" && matches!(field.kind, Kind::One(_)))
    {
        if given.contains_key(field.name) {
            record.remove(field.name);
        }
    }
    merge(record, given);
}

fn merge(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match (target.get_mut(&name), value) {
            (_, Value::Null) => drop(target.remove(&name)),
            (Some(Value::Object(inner)), Value::Object(patch)) => merge(inner, patch),
            (_, value) => drop(target.insert(name, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::data::schemas::COMPANY;

    #[test]
    fn fields_merge_and_references_and_lists_are_replaced() {
        let mut record = json!({
            "name": "A", "website": "a.example", "status": {"id": 1, "name": "Active"}, "types": [{"id": 1}],
            "_info": {"updatedBy": "jsmith", "lastUpdated": "old"},
        });
        let given = json!({"website": null, "status": {"id": 3}, "types": [], "_info": {"lastUpdated": "new"}});
        over(
            record.as_object_mut().unwrap(),
            given.as_object().unwrap().clone(),
            COMPANY,
        );
        assert_eq!(
            record,
            json!({"name": "A", "status": {"id": 3}, "types": [], "_info": {"updatedBy": "jsmith", "lastUpdated": "new"}})
        );
    }
}
