//! One record of any resource, read field by field.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::company::UNPUBLISHED;
use super::row::Row;
use super::store::Store;
use crate::query::evaluate::{Record, descend};
use crate::query::schema::{Field, find};

/// A record.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Its id.
    pub id: i64,
    store: &'a Store,
    source: Source<'a>,
    hide_company: bool,
}

/// Where a record's fields are.
#[derive(Clone, Debug)]
pub enum Source<'a> {
    /// In the table of companies.
    Company(&'a Row),
    /// In the table of contacts.
    Contact(&'a Row),
    /// Here.
    Plain(Cow<'a, Map<String, Value>>),
}

impl<'a> Entry<'a> {
    /// A record.
    pub fn new(id: i64, store: &'a Store, source: Source<'a>) -> Self {
        Self {
            id,
            store,
            source,
            hide_company: false,
        }
    }

    /// The same record for a role that may not see companies.
    #[must_use]
    pub fn hiding_company(mut self, hide: bool) -> Self {
        self.hide_company = hide && matches!(self.source, Source::Contact(_));
        self
    }

    /// One field; null if there is no such value.
    pub fn field(&self, name: &str) -> Value {
        match &self.source {
            Source::Plain(fields) => fields.get(name).cloned().unwrap_or_default(),
            Source::Company(row) => match name {
                "defaultContact" | "billingContact" => self.contact_reference(&self.store.company_field(row, name)),
                "parentCompany" | "billToCompany" => self.company_reference(&self.store.company_field(row, name)),
                _ => self.store.company_field(row, name),
            },
            Source::Contact(_) if self.hide_company && matches!(name, "company" | "site") => Value::Null,
            Source::Contact(row) => match name {
                "company" => self.company_reference(&self.store.contact_field(row, name)),
                _ => self.store.contact_field(row, name),
            },
        }
    }

    /// The names of all its fields: those of the resource, and those that nobody published.
    pub fn names(&self, fields: &'static [Field], with_unpublished: bool) -> Vec<&str> {
        let published = fields.iter().map(|field| field.name);
        let stored = match &self.source {
            Source::Company(Row::Stored(fields)) | Source::Contact(Row::Stored(fields)) => Some(fields),
            _ => None,
        };
        let unpublished = stored
            .into_iter()
            .flat_map(Map::keys)
            .map(String::as_str)
            .chain([UNPUBLISHED]);
        let unpublished = unpublished.filter(|name| with_unpublished && find(fields, name).is_none());
        published.chain(unpublished).collect()
    }

    /// As the company is called now; nothing if it is no longer there.
    fn company_reference(&self, stored: &Value) -> Value {
        let Some(company) = stored["id"].as_i64().and_then(|id| self.store.company(id)) else {
            return Value::Null;
        };
        json!({"id": company.id, "identifier": company.field("identifier"), "name": company.field("name")})
    }

    fn contact_reference(&self, stored: &Value) -> Value {
        let Some(contact) = stored["id"].as_i64().and_then(|id| self.store.contact(id)) else {
            return Value::Null;
        };
        let (first, last) = (contact.field("firstName"), contact.field("lastName"));
        let names: Vec<&str> = [&first, &last].into_iter().filter_map(Value::as_str).collect();
        json!({"id": contact.id, "name": names.join(" ")})
    }
}

impl Store {
    /// A company.
    pub fn company(&self, id: i64) -> Option<Entry<'_>> {
        self.companies
            .get(&id)
            .map(|row| Entry::new(id, self, Source::Company(row)))
    }

    /// A contact.
    pub fn contact(&self, id: i64) -> Option<Entry<'_>> {
        self.contacts
            .get(&id)
            .map(|row| Entry::new(id, self, Source::Contact(row)))
    }
}

impl Record for Entry<'_> {
    fn at(&self, path: &[&str]) -> Value {
        match (&self.source, path) {
            // The one reference that clients ask for by the thousand: the name need not be looked up for it.
            (Source::Contact(row), ["company", "id"]) if !self.hide_company => {
                self.store.contact_field(row, "company")["id"].take()
            }
            (_, [name]) => self.field(name),
            (_, [name, rest @ ..]) => descend(&self.field(name), rest).clone(),
            (_, []) => Value::Null,
        }
    }
}
