//! The tables of the tenant.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use simkit::msp::Msp;

use super::change::FreeIds;
use super::entry::{Entry, Source};
use super::{extras, ids, setup};

/// A record: one of the neutral MSP, kept small and spelled out when asked for, or one that was changed or added.
#[derive(Clone, Debug)]
pub enum Row {
    /// The position in the neutral MSP.
    Seeded(u32),
    /// The fields; references hold their id, and the name where the setup table may have lost it.
    Stored(Map<String, Value>),
}

/// Records by id: pages by id start anywhere without reading what comes before.
pub type Table = BTreeMap<i64, Row>;

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

/// The id a record holds; 0 if it has none.
pub fn id_of(fields: &Map<String, Value>) -> i64 {
    fields.get("id").and_then(Value::as_i64).unwrap_or_default()
}

/// When a seeded record was last changed: scattered over a year that is past on any clock.
pub fn stamp(number: u32) -> String {
    let seconds = i64::from(number) * 1_299_709 % 31_536_000;
    (Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_709_251_200 + seconds)).to_string()
}
