//! The lists a client can ask for.

use std::borrow::Cow;
use std::ops::Bound;

use serde_json::{Map, Value, json};

use super::entry::{Entry, Source};
use super::row::{Row, id_of};
use super::store::Store;
use super::{ids, schemas};
use crate::query::schema::Field;

/// A list of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Companies.
    Companies,
    /// Companies, with fewer fields.
    CompanyInfos,
    /// Contacts.
    Contacts,
    /// Contacts, with fewer fields.
    ContactInfos,
    /// Company types.
    CompanyTypes,
    /// Company types, with fewer fields.
    CompanyTypeInfos,
    /// Company statuses.
    CompanyStatuses,
    /// Contact types.
    ContactTypes,
    /// Communication types.
    CommunicationTypes,
    /// Which company has which type; of one company or of all.
    TypeAssociations(Option<i64>),
    /// The communication items of a contact.
    Communications(i64),
    /// The portal accounts of a contact.
    PortalSecurity(i64),
}

type Entries<'a> = Box<dyn Iterator<Item = Entry<'a>> + 'a>;

impl Resource {
    /// The fields its records have.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::Companies => schemas::COMPANY,
            Self::CompanyInfos => schemas::COMPANY_INFO,
            Self::Contacts => schemas::CONTACT,
            Self::ContactInfos => schemas::CONTACT_INFO,
            Self::CompanyTypes => schemas::COMPANY_TYPE,
            Self::CompanyTypeInfos => schemas::COMPANY_TYPE_INFO,
            Self::CompanyStatuses => schemas::COMPANY_STATUS,
            Self::ContactTypes => schemas::CONTACT_TYPE,
            Self::CommunicationTypes => schemas::COMMUNICATION_TYPE,
            Self::TypeAssociations(_) => schemas::TYPE_ASSOCIATION,
            Self::Communications(_) => schemas::COMMUNICATION,
            Self::PortalSecurity(_) => schemas::PORTAL_SECURITY,
        }
    }

    /// What a message calls one of its records.
    pub fn singular(self) -> &'static str {
        match self {
            Self::Companies | Self::CompanyInfos => "Company",
            Self::Contacts | Self::ContactInfos => "Contact",
            Self::CompanyTypes | Self::CompanyTypeInfos => "CompanyType",
            Self::CompanyStatuses => "CompanyStatus",
            Self::ContactTypes => "ContactType",
            Self::CommunicationTypes => "CommunicationType",
            Self::TypeAssociations(_) => "CompanyTypeAssociation",
            Self::Communications(_) => "ContactCommunication",
            Self::PortalSecurity(_) => "PortalSecurity",
        }
    }

    /// Whether its records are contacts or belong to one.
    pub fn of_contact(self) -> bool {
        matches!(
            self,
            Self::Contacts | Self::ContactInfos | Self::Communications(_) | Self::PortalSecurity(_)
        )
    }

    /// Whether its records are companies or belong to one.
    pub fn of_company(self) -> bool {
        matches!(self, Self::Companies | Self::CompanyInfos | Self::TypeAssociations(_))
    }

    /// Whether it is a setup table.
    pub fn is_setup(self) -> bool {
        matches!(
            self,
            Self::CompanyTypes
                | Self::CompanyTypeInfos
                | Self::CompanyStatuses
                | Self::ContactTypes
                | Self::CommunicationTypes
        )
    }

    /// Whether it is the full model, which also answers fields that nobody published.
    pub fn is_full(self) -> bool {
        matches!(self, Self::Companies | Self::Contacts)
    }
}

impl Store {
    /// The records with a larger id, by id.
    pub fn entries(&self, resource: Resource, after: i64) -> Entries<'_> {
        let range = (Bound::Excluded(after), Bound::Unbounded);
        match resource {
            Resource::Companies | Resource::CompanyInfos => Box::new(
                self.companies
                    .range(range)
                    .map(|(id, row)| Entry::new(*id, self, Source::Company(row))),
            ),
            Resource::Contacts | Resource::ContactInfos => Box::new(
                self.contacts
                    .range(range)
                    .map(|(id, row)| Entry::new(*id, self, Source::Contact(row))),
            ),
            Resource::CompanyTypes | Resource::CompanyTypeInfos => self.setup(&self.company_types, after),
            Resource::CompanyStatuses => self.setup(&self.company_statuses, after),
            Resource::ContactTypes => self.setup(&self.contact_types, after),
            Resource::CommunicationTypes => self.setup(&self.communication_types, after),
            Resource::TypeAssociations(None) => {
                self.computed(self.companies.keys().flat_map(|id| self.type_associations(*id)), after)
            }
            Resource::TypeAssociations(Some(company)) => self.computed(self.type_associations(company), after),
            Resource::Communications(contact) => self.computed(self.communications(contact), after),
            Resource::PortalSecurity(contact) => self.computed(self.portal_security(contact), after),
        }
    }

    /// One record.
    pub fn entry(&self, resource: Resource, id: i64) -> Option<Entry<'_>> {
        match resource {
            Resource::Companies | Resource::CompanyInfos => self.company(id),
            Resource::Contacts | Resource::ContactInfos => self.contact(id),
            _ => self
                .entries(resource, id.saturating_sub(1))
                .next()
                .filter(|entry| entry.id == id),
        }
    }

    fn setup<'a>(&'a self, rows: &'a [Map<String, Value>], after: i64) -> Entries<'a> {
        let rows = rows.iter().filter(move |row| id_of(row) > after);
        Box::new(rows.map(|row| Entry::new(id_of(row), self, Source::Plain(Cow::Borrowed(row)))))
    }

    fn computed(&self, rows: impl IntoIterator<Item = Value>, after: i64) -> Entries<'_> {
        let rows = rows.into_iter().filter_map(|row| {
            if let Value::Object(fields) = row {
                Some(fields)
            } else {
                None
            }
        });
        let mut rows: Vec<_> = rows
            .filter(|row| id_of(row) > after || !row.contains_key("id"))
            .collect();
        rows.sort_by_key(id_of);
        Box::new(
            rows.into_iter()
                .map(|row| Entry::new(id_of(&row), self, Source::Plain(Cow::Owned(row)))),
        )
    }

    fn type_associations(&self, company: i64) -> Vec<Value> {
        let Some(entry) = self.company(company) else {
            return Vec::new();
        };
        let reference = json!({"id": company, "identifier": entry.field("identifier"), "name": entry.field("name")});
        let info = entry.field("_info");
        let kinds = elements(entry.field("types"));
        let row =
            |(place, kind)| json!({"id": company * 100 + place, "type": kind, "company": reference, "_info": info});
        (1..).zip(kinds).map(row).collect()
    }

    fn communications(&self, contact: i64) -> Vec<Value> {
        let Some(entry) = self.contact(contact) else {
            return Vec::new();
        };
        let info = entry.field("_info");
        let mut items = elements(entry.field("communicationItems"));
        for item in &mut items {
            let guid = ids::guid(3, item["id"].as_i64().unwrap_or_default());
            item["contactId"] = contact.into();
            item["mobileGuid"] = guid.into();
            item["_info"] = info.clone();
        }
        items
    }

    fn portal_security(&self, contact: i64) -> Vec<Value> {
        let row: Option<&Row> = self.contacts.get(&contact);
        let has_portal = row.is_some_and(|row| !self.contact_field(row, "portalPassword").is_null());
        let names = ["Portal Administrator", "Submit Tickets"];
        names
            .map(|name| json!({"identifier": name, "enabled": has_portal}))
            .to_vec()
    }
}

fn elements(list: Value) -> Vec<Value> {
    if let Value::Array(elements) = list {
        elements
    } else {
        Vec::new()
    }
}
