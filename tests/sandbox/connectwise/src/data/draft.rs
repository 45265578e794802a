//! From changes as a test writes them to a [`Change`]: checked, completed, and all or nothing.

mod check;
mod company;
mod contact;
mod merge;

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::change::{Change, Records};
use super::entry::{Entry, Source};
use super::resource::Resource;
use super::row::Row;
use super::store::Store;

/// Changes as written: records in ConnectWise's own JSON, and the ids of those to remove.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    #[serde(default)]
    companies: Vec<Map<String, Value>>,
    #[serde(default)]
    contacts: Vec<Map<String, Value>>,
    #[serde(default)]
    delete: Deletions,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Deletions {
    #[serde(default)]
    companies: Vec<i64>,
    #[serde(default)]
    contacts: Vec<i64>,
}

/// What the rules of a change depend on.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// When it happens.
    pub now: Timestamp,
    /// Fields whose changes alone do not stamp the record.
    pub unstamped_fields: &'a [String],
    /// Whether company names must be unique.
    pub unique_names: bool,
}

/// A change in the making, over the store as it is.
struct Draft<'a> {
    store: &'a Store,
    rules: Rules<'a>,
    change: Change,
    /// Which company has which name or identifier, read from the store when first needed.
    holders: HashMap<&'static str, HashMap<String, i64>>,
}

/// The change, or which field is wrong.
pub fn draft(store: &Store, written: Written, rules: Rules<'_>) -> Result<Change, String> {
    let change = Change {
        free: store.free,
        ..Change::default()
    };
    let mut draft = Draft {
        store,
        rules,
        change,
        holders: HashMap::new(),
    };
    for (place, given) in written.companies.into_iter().enumerate() {
        draft
            .put_company(given)
            .map_err(|error| format!("companies[{place}].{error}"))?;
    }
    for (place, given) in written.contacts.into_iter().enumerate() {
        draft
            .put_contact(given)
            .map_err(|error| format!("contacts[{place}].{error}"))?;
    }
    for id in written.delete.contacts {
        draft
            .contact(id)
            .ok_or_else(|| format!("delete.contacts: Contact {id} not found"))?;
        draft.change.contacts.insert(id, None);
    }
    for id in written.delete.companies {
        draft
            .company(id)
            .ok_or_else(|| format!("delete.companies: Company {id} not found"))?;
        draft.change.companies.insert(id, None);
    }
    Ok(draft.change)
}

impl Draft<'_> {
    fn company(&self, id: i64) -> Option<Map<String, Value>> {
        drafted(&self.change.companies, id).unwrap_or_else(|| {
            let row = self.store.companies.get(&id)?;
            Some(self.fields(Resource::Companies, id, row, Source::Company(row)))
        })
    }

    fn contact(&self, id: i64) -> Option<Map<String, Value>> {
        drafted(&self.change.contacts, id).unwrap_or_else(|| {
            let row = self.store.contacts.get(&id)?;
            Some(self.fields(Resource::Contacts, id, row, Source::Contact(row)))
        })
    }

    /// All fields of a row as they are kept, references by id.
    fn fields(&self, resource: Resource, id: i64, row: &Row, source: Source<'_>) -> Map<String, Value> {
        let entry = Entry::new(id, self.store, source);
        let names = entry.names(resource.fields(), true);
        let kept = |name: &str| match resource {
            Resource::Contacts => self.store.contact_field(row, name),
            _ => self.store.company_field(row, name),
        };
        let values = names.into_iter().map(|name| (name.to_owned(), kept(name)));
        values.filter(|(_, value)| !value.is_null()).collect()
    }

    /// The time of the change, unless one was given in `_info` or beside it. A record that there is keeps its own if nothing else changes
    /// than what does not stamp it.
    fn stamp(&self, given: &mut Map<String, Value>, is_new: bool) -> Result<(), String> {
        let stamps = |name: &String| name != "id" && !self.rules.unstamped_fields.contains(name);
        if !is_new && !given.keys().any(stamps) {
            return Ok(());
        }
        let beside = given.remove("lastUpdated");
        let info = given.entry("_info").or_insert_with(|| json!({}));
        let Value::Object(info) = info else {
            return Err("_info: an object".to_owned());
        };
        let time = beside
            .or_else(|| info.remove("lastUpdated"))
            .unwrap_or_else(|| self.rules.now.to_string().into());
        let text = time.as_str().unwrap_or_default();
        text.parse::<Timestamp>()
            .map_err(|error| format!("_info.lastUpdated: {error}"))?;
        info.insert("lastUpdated".to_owned(), time);
        Ok(())
    }
}

/// What the draft says about a record: nothing, that it is gone, or its contents.
#[expect(clippy::option_option, reason = "three answers")]
fn drafted(records: &Records, id: i64) -> Option<Option<Map<String, Value>>> {
    records.get(&id).cloned()
}

/// The largest id: an `int32`.
const LARGEST_ID: i64 = i32::MAX as i64;

/// The id given, or none; anything but a positive `int32` is an error.
fn given_id(given: &Map<String, Value>) -> Result<Option<i64>, String> {
    match given.get("id") {
        None | Some(Value::Null) => Ok(None),
        Some(id) => id
            .as_i64()
            .filter(|id| (1..=LARGEST_ID).contains(id))
            .map(Some)
            .ok_or_else(|| format!("id: {id} is not a whole number from 1 to {LARGEST_ID}")),
    }
}
