//! The tables of the tenant.

use std::collections::BTreeMap;

use serde_json::Value;
use simkit::msp::Msp;

use super::free_ids::FreeIds;
use super::row::{Row, Table, id_of};
use super::{extras, ids, setup};

/// Everything the tenant holds.
#[derive(Debug)]
pub struct Store {
    /// What the seeded rows refer to.
    pub msp: Msp,
    /// Companies.
    pub companies: Table,
    /// Contacts.
    pub contacts: Table,
    /// Company types.
    pub company_types: setup::Rows,
    /// Company statuses.
    pub company_statuses: setup::Rows,
    /// Contact types.
    pub contact_types: setup::Rows,
    /// Communication types.
    pub communication_types: setup::Rows,
    /// The next ids to give.
    pub free: FreeIds,
    /// The number of the primary contact of each company, by the company's number.
    default_contacts: BTreeMap<u32, u32>,
}

impl Store {
    /// The neutral MSP as a tenant.
    pub fn new(msp: Msp) -> Self {
        let seeded = (0..)
            .zip(&msp.companies)
            .map(|(at, company)| (ids::company(company.number), Row::Seeded(at)));
        let mut companies: Table = seeded.collect();
        for deleted in extras::deleted_companies() {
            companies.insert(id_of(&deleted), Row::Stored(deleted));
        }
        let seeded = (0..)
            .zip(&msp.contacts)
            .map(|(at, contact)| (ids::contact(contact.number), Row::Seeded(at)));
        let contacts: Table = seeded.collect();
        let primary = msp.contacts.iter().filter(|contact| contact.primary);
        Self {
            free: FreeIds::beyond(&companies, &contacts),
            companies,
            contacts,
            company_types: setup::company_types(),
            company_statuses: setup::company_statuses(),
            contact_types: setup::contact_types(),
            communication_types: setup::communication_types(),
            default_contacts: primary
                .filter_map(|contact| Some((contact.company?, contact.number)))
                .collect(),
            msp,
        }
    }

    /// Says which company statuses are inactive.
    pub fn set_inactive_statuses(&mut self, inactive: &[i64]) {
        for status in &mut self.company_statuses {
            let is_inactive = inactive.contains(&id_of(status));
            status.insert("inactiveFlag".to_owned(), is_inactive.into());
        }
    }

    /// One field of a company's row.
    pub fn company_field(&self, row: &Row, name: &str) -> Value {
        match row {
            Row::Stored(fields) => fields.get(name).cloned().unwrap_or_default(),
            Row::Seeded(at) => self.msp.companies.get(*at as usize).map_or(Value::Null, |company| {
                super::company::field(company, self.default_contacts.get(&company.number).copied(), name)
            }),
        }
    }

    /// One field of a contact's row.
    pub fn contact_field(&self, row: &Row, name: &str) -> Value {
        match row {
            Row::Stored(fields) => fields.get(name).cloned().unwrap_or_default(),
            Row::Seeded(at) => self
                .msp
                .contacts
                .get(*at as usize)
                .map_or(Value::Null, |contact| super::contact::field(contact, name)),
        }
    }
}
