//! A company that is changed or added.

use serde_json::{Map, Value, json};

use super::{Draft, check, given_id, merge};
use crate::data::company::{LONGEST_IDENTIFIER, LONGEST_NAME, reference};
use crate::data::free_ids::FreeIds;
use crate::data::setup::label;
use crate::data::{ids, schemas};

impl Draft<'_> {
    pub(super) fn put_company(&mut self, mut given: Map<String, Value>) -> Result<(), String> {
        let id = given_id(&given)?;
        let existing = id.and_then(|id| self.company(id));
        let id = id.unwrap_or_else(|| FreeIds::take(&mut self.change.free.company));
        self.change.free.company = self.change.free.company.max(id + 1);
        self.stamp(&mut given, existing.is_none())?;
        let is_new = existing.is_none();
        let mut company = existing.unwrap_or_else(|| new_company(id));
        merge::over(&mut company, given, schemas::COMPANY);
        company.insert("id".to_owned(), id.into());
        check::kinds(&company, schemas::COMPANY)?;
        if is_new {
            complete(&mut company, id)?;
        }
        self.check_company(&mut company, id)?;
        self.change.companies.insert(id, Some(company));
        Ok(())
    }

    fn check_company(&mut self, company: &mut Map<String, Value>, id: i64) -> Result<(), String> {
        check::length(company, "name", LONGEST_NAME)?;
        check::length(company, "identifier", LONGEST_IDENTIFIER)?;
        for (name, must_differ) in [("name", self.rules.unique_names), ("identifier", true)] {
            let text = company
                .get(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty());
            let text = text.ok_or_else(|| format!("{name}: required"))?;
            if must_differ && self.is_taken(name, text, id) {
                return Err(format!("{name}: ObjectExists"));
            }
        }
        if let Some(status) = company.get_mut("status") {
            check::reference(status, &self.store.company_statuses, "name")
                .map_err(|error| format!("status: {error}"))?;
        }
        check::references(company.get_mut("types"), "types", &self.store.company_types, "name")
    }

    fn is_taken(&mut self, name: &'static str, text: &str, by_other_than: i64) -> bool {
        let store = self.store;
        let holders = self.holders.entry(name).or_insert_with(|| {
            let texts = store
                .companies
                .iter()
                .map(|(id, row)| (store.company_field(row, name), *id));
            texts
                .filter_map(|(text, id)| Some((text.as_str()?.to_owned(), id)))
                .collect()
        });
        let drafted_otherwise = |holder: &i64| {
            let drafted = self.change.companies.get(holder).and_then(Option::as_ref);
            drafted.is_some_and(|company| company.get(name).and_then(Value::as_str) != Some(text))
        };
        let taken = holders
            .get(text)
            .is_some_and(|holder| *holder != by_other_than && !drafted_otherwise(holder));
        if !taken {
            holders.insert(text.to_owned(), by_other_than);
        }
        taken
    }
}

fn new_company(id: i64) -> Map<String, Value> {
    let company = json!({
        "status": reference(label::ACTIVE), "types": [], "leadFlag": false, "unsubscribeFlag": false, "isVendorFlag": false,
        "deletedFlag": false, "mobileGuid": ids::guid(1, id), "_info": {"updatedBy": "simulator"},
    });
    if let Value::Object(fields) = company {
        fields
    } else {
        Map::new()
    }
}

/// An identifier is required; tests need not think of one.
fn complete(company: &mut Map<String, Value>, id: i64) -> Result<(), String> {
    let name = company.get("name").and_then(Value::as_str).ok_or("name: required")?;
    let letters: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(LONGEST_IDENTIFIER - 10)
        .collect();
    company
        .entry("identifier")
        .or_insert_with(|| format!("{letters}{id}").into());
    Ok(())
}
