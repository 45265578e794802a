//! A contact that is changed or added.

use serde_json::{Map, Value, json};

use super::{Draft, check, given_id, merge};
use crate::data::company::reference;
use crate::data::contact::domain;
use crate::data::free_ids::FreeIds;
use crate::data::setup::{Label, communication_kind, label};
use crate::data::{ids, schemas};

/// ConnectWise's limit for a phone number or an address.
const LONGEST_VALUE: usize = 250;

impl Draft<'_> {
    pub(super) fn put_contact(&mut self, mut given: Map<String, Value>) -> Result<(), String> {
        let id = given_id(&given)?;
        let existing = id.and_then(|id| self.contact(id));
        let id = id.unwrap_or_else(|| FreeIds::take(&mut self.change.free.contact));
        self.change.free.contact = self.change.free.contact.max(id + 1);
        self.stamp(&mut given, existing.is_none())?;
        let mut contact = existing.unwrap_or_else(|| new_contact(id));
        merge::over(&mut contact, given, schemas::CONTACT);
        contact.insert("id".to_owned(), id.into());
        check::kinds(&contact, schemas::CONTACT)?;
        self.check_company_of(&mut contact)?;
        check::references(
            contact.get_mut("types"),
            "types",
            &self.store.contact_types,
            "description",
        )?;
        self.complete_items(&mut contact)?;
        self.change.contacts.insert(id, Some(contact));
        Ok(())
    }

    /// The company is kept by its id; identifier and name are looked up when asked for, as they may change.
    fn check_company_of(&self, contact: &mut Map<String, Value>) -> Result<(), String> {
        let Some(company) = contact.get_mut("company") else {
            return Ok(());
        };
        let id = company["id"].as_i64().ok_or("company.id: required")?;
        self.company(id)
            .ok_or_else(|| format!("company.id: Company {id} not found"))?;
        *company = json!({"id": id});
        Ok(())
    }

    fn complete_items(&mut self, contact: &mut Map<String, Value>) -> Result<(), String> {
        let Some(Value::Array(items)) = contact.get_mut("communicationItems") else {
            return Ok(());
        };
        let mut kinds_seen = Vec::new();
        for (place, item) in items.iter_mut().enumerate() {
            let Value::Object(item) = item else { continue };
            self.complete_item(item)
                .map_err(|error| format!("communicationItems[{place}].{error}"))?;
            let kind = item.get("communicationType").cloned();
            let is_first = !kinds_seen.contains(&kind);
            kinds_seen.push(kind);
            item.entry("defaultFlag").or_insert(is_first.into());
        }
        Ok(())
    }

    fn complete_item(&mut self, item: &mut Map<String, Value>) -> Result<(), String> {
        check::length(item, "value", LONGEST_VALUE)?;
        let value = item
            .get("value")
            .and_then(Value::as_str)
            .ok_or("value: required")?
            .to_owned();
        let kind = item.get("communicationType").and_then(Value::as_str);
        let kind = item
            .get("type")
            .cloned()
            .unwrap_or_else(|| reference(usual_type(kind, &value)));
        let kind = item.entry("type").or_insert(kind);
        check::reference(kind, &self.store.communication_types, "description")
            .map_err(|error| format!("type: {error}"))?;
        let communication = kind["id"].as_i64().and_then(communication_kind);
        let communication = item.entry("communicationType").or_insert(communication.into()).clone();
        if communication == "Email" {
            item.insert("domain".to_owned(), domain(&value));
        }
        match given_id(item)? {
            Some(id) => self.change.free.item = self.change.free.item.max(id + 1),
            None => drop(item.insert("id".to_owned(), FreeIds::take(&mut self.change.free.item).into())),
        }
        Ok(())
    }
}

fn usual_type(communication: Option<&str>, value: &str) -> Label {
    match communication {
        Some("Phone") => label::DIRECT,
        Some("Fax") => label::FAX,
        Some(_) => label::EMAIL,
        None if value.contains('@') => label::EMAIL,
        None => label::CHAT,
    }
}

fn new_contact(id: i64) -> Map<String, Value> {
    let contact = json!({
        "inactiveFlag": false, "defaultFlag": false, "defaultBillingFlag": false, "types": [], "communicationItems": [],
        "disablePortalLoginFlag": true, "unsubscribeFlag": false, "mobileGuid": ids::guid(2, id),
        "_info": {"updatedBy": "simulator"},
    });
    if let Value::Object(fields) = contact {
        fields
    } else {
        Map::new()
    }
}
