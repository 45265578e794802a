//! Records as LastPass writes them.

use serde_json::{Value, json};

use crate::state::{Company, User};
use crate::switches::{CompanyFields, IdForm, Switches};

/// The first odd number that no floating-point number holds; twice an id beyond it is another one.
const ABOVE_DOUBLE: i64 = (1 << 53) + 1;

/// An id in the form that is switched on.
pub(super) fn id(id: i64, switches: &Switches) -> Value {
    match switches.ids {
        IdForm::Small => json!(id),
        IdForm::AboveDouble => json!(ABOVE_DOUBLE + 2 * id),
        IdForm::Strings => json!(id.to_string()),
    }
}

/// The id that is meant by a number in a path or a query, whatever form is switched on.
pub(super) fn read_id(text: &str) -> Option<i64> {
    let id: i64 = text.parse().ok()?;
    Some(if id > ABOVE_DOUBLE { (id - ABOVE_DOUBLE) / 2 } else { id })
}

pub(super) fn company(company: &Company, switches: &Switches) -> Value {
    let (key, name) = (id(company.id, switches), &company.name);
    if switches.company_item_fields == CompanyFields::IdAndName {
        return json!({"id": key, "name": name});
    }
    if switches.company_item_fields == CompanyFields::Nulls {
        return json!({
            "id": key, "name": name, "type": null, "status": null, "licenseLimit": null, "addons": null, "parentId": null,
        });
    }
    let mut item = json!({
        "id": key,
        "name": name,
        "type": company.r#type,
        "status": company.status,
        "licenseLimit": company.license_limit,
        "addons": company.addons,
        "parentId": company.parent.map(|parent| id(parent, switches)),
    });
    if switches.company_item_fields == CompanyFields::Extra {
        item["region"] = json!("eu");
        item["usage"] = json!({"licenses": 0, "tags": [null]});
    }
    item
}

pub(super) fn user(user: &User, now: i64, switches: &Switches) -> Value {
    json!({
        "id": id(user.id, switches),
        "name": user.name,
        "email": user.email,
        "accountStatus": user.status_at(now),
    })
}
