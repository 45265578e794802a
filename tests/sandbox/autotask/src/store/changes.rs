//! A set of changes to what the tenant holds, all of which happen or none.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Change, Entity, EntityName, Stamps, Store};

/// Changes that are in order.
pub struct Changes {
    pub(super) companies: Vec<Change>,
    pub(super) contacts: Vec<Change>,
    pub(super) delete: Ids,
}

/// Ids by entity.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Ids {
    pub companies: Vec<i64>,
    pub contacts: Vec<i64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    companies: Vec<Value>,
    contacts: Vec<Value>,
    delete: Ids,
}

impl Changes {
    /// Reads `{companies, contacts, delete: {companies, contacts}}` with these stamps. The same value read from the same
    /// store with the same stamps gives the same changes, which is what the journal rests on.
    pub fn read(store: &Store, value: &Value, stamps: Stamps<'_>) -> Result<Self, String> {
        let written = Written::deserialize(value).map_err(|error| error.to_string())?;
        let changes = Changes {
            companies: records(store.entity(EntityName::Companies), &written.companies, stamps)?,
            contacts: records(store.entity(EntityName::Contacts), &written.contacts, stamps)?,
            delete: written.delete,
        };
        changes.refuse_impossible(store)?;
        Ok(changes)
    }

    fn refuse_impossible(&self, store: &Store) -> Result<(), String> {
        let model = &store.entity(EntityName::Companies).model;
        if self.delete.companies.contains(&0) || self.companies.iter().any(|c| c.id == 0 && c.inactivates(model)) {
            return Err("companies: 0 is the MSP's own organization and stays".to_owned());
        }
        for (name, ids, changed) in [
            (EntityName::Companies, &self.delete.companies, &self.companies),
            (EntityName::Contacts, &self.delete.contacts, &self.contacts),
        ] {
            let entity = store.entity(name);
            let known = |id: &i64| entity.rows.get(*id).is_some() || changed.iter().any(|change| change.id == *id);
            if let Some(id) = ids.iter().find(|id| !known(id)) {
                return Err(format!("delete: {} has no {id}", entity.model.plural));
            }
        }
        Ok(())
    }

    /// The ids concerned, in the shape of the request.
    pub fn ids(&self) -> Value {
        let ids = |changes: &[Change]| changes.iter().map(|change| change.id).collect::<Vec<_>>();
        json!({
            "companies": ids(&self.companies),
            "contacts": ids(&self.contacts),
            "delete": {"companies": self.delete.companies, "contacts": self.delete.contacts},
        })
    }
}

fn records(entity: &Entity, values: &[Value], stamps: Stamps<'_>) -> Result<Vec<Change>, String> {
    let mut free = entity.rows.free_id();
    let named = |(at, value)| {
        Change::read(entity, &mut free, value, stamps).map_err(|error| format!("{}[{at}].{error}", entity.model.plural))
    };
    values.iter().enumerate().map(named).collect()
}
