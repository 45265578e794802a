//! Lists, counts and single records.

use std::cmp::Ordering;

use axum::http::StatusCode;
use axum::http::request::Parts;
use serde_json::{Map, Value};

use super::error::ApiError;
use super::link::Asked;
use super::query::{Paging, Query, projection};
use crate::data::entry::Entry;
use crate::data::links;
use crate::data::resource::Resource;
use crate::data::store::Store;
use crate::query::order::Order;
use crate::query::parameters::Parameters;
use crate::query::projection::Projection;
use crate::switches::Switches;
use crate::tenant::Tenant;

/// Fields by which somebody would recognise a tenant's companies and people.
const NAMES: [&str; 4] = ["identifier", "name", "firstName", "lastName"];

/// Answers one call about records.
#[derive(Clone, Debug)]
pub struct Lister<'a> {
    /// What there is.
    pub tenant: &'a Tenant,
    /// How it is answered.
    pub switches: &'a Switches,
    /// Whether the records of another tenant are shown: the same ids, other names.
    pub other_tenant: bool,
    /// The request.
    pub parts: &'a Parts,
    /// Scheme and host.
    pub origin: String,
    /// Scheme, host and path of the API.
    pub base: String,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The records.
    pub rows: Value,
    /// The `Link` header, where there is one.
    pub link: Option<String>,
}

impl Lister<'_> {
    /// A page of a list.
    pub fn list(&self, resource: Resource) -> Result<Page, ApiError> {
        let parameters = self.parameters();
        let query = Query::read(&parameters, &self.parts.headers, resource, self.switches)?;
        let store = self.tenant.store();
        check_parent(&store, resource)?;
        let address = format!("{}{}", self.origin, self.parts.uri.path().trim_end_matches('/'));
        let asked = Asked {
            address: &address,
            parameters: &parameters,
        };
        let (entries, link) = match query.paging {
            Paging::After(after) => {
                let mut entries: Vec<_> = self
                    .matching(&store, resource, after, &query)
                    .take(query.page_size + 1)
                    .collect();
                let more = entries.len() > query.page_size;
                entries.truncate(query.page_size);
                let last_id = entries.last().map(|entry| entry.id);
                (
                    entries,
                    Some(asked.forward(after, last_id, more, self.switches.forward_only_end)),
                )
            }
            Paging::Number(page) => {
                let all = self.matching(&store, resource, i64::MIN, &query);
                let (entries, total) = window(all, query.order.as_ref(), page, query.page_size);
                let last = total.div_ceil(query.page_size).max(1);
                (entries, asked.by_number(page, last, self.switches))
            }
        };
        let rows = entries
            .iter()
            .map(|entry| self.rendered(entry, resource, query.projection.as_ref()));
        Ok(Page {
            rows: rows.collect::<Result<_, _>>()?,
            link,
        })
    }

    /// How many records a list has.
    pub fn count(&self, resource: Resource) -> Result<usize, ApiError> {
        let query = Query::read(&self.parameters(), &self.parts.headers, resource, self.switches)?;
        let store = self.tenant.store();
        check_parent(&store, resource)?;
        let count = self.matching(&store, resource, i64::MIN, &query).count();
        let question = self.parts.uri.to_string();
        Ok(self.tenant.counts.answer(question, count, self.switches.counts_lag))
    }

    /// One record.
    pub fn one(&self, resource: Resource, id: i64) -> Result<Value, ApiError> {
        let projection = projection(&self.parameters(), resource, self.switches)?;
        let store = self.tenant.store();
        check_parent(&store, resource)?;
        let entry = store
            .entry(resource, id)
            .filter(|entry| !self.hides(resource, entry.id))
            .ok_or_else(|| ApiError::not_found(resource.singular(), id))?;
        let entry = entry.hiding_company(self.switches.contacts_lose_company);
        self.rendered(&entry, resource, projection.as_ref())
    }

    fn parameters(&self) -> Parameters {
        Parameters::parse(self.parts.uri.query().unwrap_or_default())
    }

    fn matching<'a>(
        &'a self,
        store: &'a Store,
        resource: Resource,
        after: i64,
        query: &'a Query,
    ) -> impl Iterator<Item = Entry<'a>> {
        let entries = store.entries(resource, after);
        let entries = entries.filter(move |entry| !self.hides(resource, entry.id));
        let entries = entries.map(|entry| entry.hiding_company(self.switches.contacts_lose_company));
        entries.filter(|entry| query.evaluator.holds(&query.filter, entry))
    }

    /// Whether the role hides a record.
    fn hides(&self, resource: Resource, id: i64) -> bool {
        match resource {
            Resource::Companies | Resource::CompanyInfos => self.switches.hidden_companies.contains(&id),
            Resource::Contacts | Resource::ContactInfos => self.switches.contacts_hidden,
            _ => false,
        }
    }

    fn rendered(&self, entry: &Entry<'_>, resource: Resource, wanted: Option<&Projection>) -> Result<Value, ApiError> {
        self.check_readable(entry, resource)?;
        let fields = resource.fields();
        let names = wanted.map_or_else(
            || entry.names(fields, resource.is_full()),
            |wanted| wanted.names().collect(),
        );
        let mut record = Map::new();
        for name in names {
            let mut value = entry.field(name);
            // As captured: a contact without communication has no such key.
            if name == "communicationItems" && value.as_array().is_some_and(Vec::is_empty) {
                value = Value::Null;
            }
            if self.other_tenant && NAMES.contains(&name) {
                value = value.as_str().map(|text| format!("zuid{text}")).into();
            }
            links::add(name, &mut value, &self.base, entry.id, resource);
            if !self.switches.explicit_nulls {
                leave_out_nulls(&mut value);
            }
            if self.switches.explicit_nulls || !value.is_null() {
                record.insert(name.to_owned(), value);
            }
        }
        let record = match wanted {
            Some(wanted) => wanted.apply(record, self.switches.sub_fields),
            None => record,
        };
        Ok(record.into())
    }

    /// A poisoned record fails the whole page, as the server reports it.
    fn check_readable(&self, entry: &Entry<'_>, resource: Resource) -> Result<(), ApiError> {
        let poisoned = match resource {
            Resource::Companies => &self.switches.poisoned_companies,
            Resource::Contacts => &self.switches.poisoned_contacts,
            _ => return Ok(()),
        };
        if poisoned.contains(&entry.id) {
            let message = "String was not recognized as a valid Boolean.";
            return Err(ApiError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "ConnectWiseApi",
                message,
            ));
        }
        Ok(())
    }
}

fn check_parent(store: &Store, resource: Resource) -> Result<(), ApiError> {
    match resource {
        Resource::Communications(contact) | Resource::PortalSecurity(contact) if store.contact(contact).is_none() => {
            Err(ApiError::not_found("Contact", contact))
        }
        Resource::TypeAssociations(Some(company)) if store.company(company).is_none() => {
            Err(ApiError::not_found("Company", company))
        }
        _ => Ok(()),
    }
}

/// The entries of one page, and how many there are on all.
fn window<'a>(
    all: impl Iterator<Item = Entry<'a>>,
    order: Option<&Order>,
    page: usize,
    size: usize,
) -> (Vec<Entry<'a>>, usize) {
    let start = (page - 1).saturating_mul(size);
    let Some(order) = order else {
        let mut total = 0;
        let within = all
            .enumerate()
            .inspect(|_| total += 1)
            .filter(|(at, _)| (start..start.saturating_add(size)).contains(at));
        let within = within.map(|(_, entry)| entry).collect();
        return (within, total);
    };
    let mut keyed: Vec<_> = all.map(|entry| (order.key_of(&entry), entry)).collect();
    // A stable sort: rows that compare equal stay in the order of their ids.
    keyed.sort_by(|(left, _), (right, _)| -> Ordering { order.compare(left, right) });
    let total = keyed.len();
    (
        keyed
            .into_iter()
            .skip(start)
            .take(size)
            .map(|(_, entry)| entry)
            .collect(),
        total,
    )
}

/// Current servers omit what has no value.
fn leave_out_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(leave_out_nulls);
        }
        Value::Array(elements) => elements.iter_mut().for_each(leave_out_nulls),
        _ => {}
    }
}
