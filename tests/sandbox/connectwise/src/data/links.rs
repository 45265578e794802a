//! The links that `_info` of a reference holds.

use serde_json::{Value, json};

use super::resource::Resource;

/// Puts `_info` into the references of a field. `base` is scheme, host and path of the API, `owner` the record's id.
pub fn add(field: &str, value: &mut Value, base: &str, owner: i64, resource: Resource) {
    match value {
        Value::Array(elements) => elements
            .iter_mut()
            .for_each(|element| add(field, element, base, owner, resource)),
        Value::Object(item) if field == "communicationItems" => {
            if let Some(kind) = item.get_mut("type") {
                add("type", kind, base, owner, resource);
            }
        }
        Value::Object(reference) => {
            let Some(id) = reference.get("id").and_then(Value::as_i64) else {
                return;
            };
            let Some((link, path)) = target(field, resource) else {
                return;
            };
            let href = match field {
                "site" if resource == Resource::Companies => format!("{base}/company/companies/{owner}/sites/{id}"),
                _ => format!("{base}/{path}/{id}"),
            };
            reference
                .entry("_info")
                .or_insert_with(|| json!({format!("{link}_href"): href}));
        }
        _ => {}
    }
}

fn target(field: &str, resource: Resource) -> Option<(&'static str, &'static str)> {
    Some(match field {
        "status" => ("status", "company/companies/statuses"),
        "types" if resource.of_contact() => ("type", "company/contacts/types"),
        "types" => ("type", "company/companies/types"),
        "type" if resource.of_company() => ("type", "company/companies/types"),
        "type" => ("type", "company/communicationTypes"),
        "company" | "parentCompany" | "billToCompany" => ("company", "company/companies"),
        "defaultContact" | "billingContact" => ("contact", "company/contacts"),
        "territory" => ("location", "system/locations"),
        "country" => ("country", "company/countries"),
        "site" => ("site", "company/sites"),
        _ => return None,
    })
}
