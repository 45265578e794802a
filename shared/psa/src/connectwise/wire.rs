//! Replies of `ConnectWise`, as far as they are asked for. Newer servers leave null fields out, older ones send nulls.

use std::collections::HashSet;

use domain::ids::{AddressSlot, AttributeId, PsaCompanyId, PsaContactId, ValueId};
use domain::name::NameKey;
use domain::psa::{PsaAddress, PsaCompany, PsaContact};
use serde::Deserialize;

use super::attributes::{COMPANY_STATUS, COMPANY_TYPE, CONTACT_TYPE};
use crate::flag::Flag;
use crate::text::{MOST_ENTRIES, company_name, full_name, present};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CompanyInfo {
    pub(crate) company_name: Option<String>,
    pub(crate) codebase: String,
    pub(crate) is_cloud: Option<Flag>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Count {
    pub(crate) count: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Identified {
    pub(crate) id: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Reference {
    pub(crate) id: i64,
    pub(crate) name: Option<String>,
}

/// A row of a setup table. Company types and statuses call their label `name`, contact types `description`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SetupRow {
    pub(crate) id: i64,
    name: Option<String>,
    description: Option<String>,
    pub(crate) inactive_flag: Option<Flag>,
}

impl SetupRow {
    pub(crate) fn label(self) -> String {
        present(self.name.or(self.description)).unwrap_or_else(|| self.id.to_string())
    }
}

/// The identifier that the MSP's own company has from the beginning.
const OWN: &str = "YourCompany";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Company {
    pub(crate) id: i64,
    pub(crate) identifier: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) status: Option<Reference>,
    pub(crate) types: Option<Vec<Reference>>,
    pub(crate) deleted_flag: Option<Flag>,
    pub(crate) website: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Contact {
    pub(crate) id: i64,
    first_name: Option<String>,
    last_name: Option<String>,
    pub(crate) company: Option<Identified>,
    inactive_flag: Option<Flag>,
    types: Option<Vec<Identified>>,
    communication_items: Option<Vec<CommunicationItem>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommunicationItem {
    id: i64,
    value: Option<String>,
    default_flag: Option<Flag>,
    /// The kind of item; the name of its `type` is whatever the MSP calls it.
    communication_type: Option<String>,
}

impl Company {
    /// `own` is told by the name that the server itself gives the MSP, or by an identifier that nobody has changed.
    pub(crate) fn into_domain(self, inactive_statuses: &[i64], msp: Option<&NameKey>) -> PsaCompany {
        let id = PsaCompanyId::new(self.id.to_string());
        let identifier = present(self.identifier);
        let name = company_name(self.name.as_deref(), identifier.as_deref(), &id);
        let mut types = self.types.unwrap_or_default();
        types.truncate(MOST_ENTRIES);
        let status = self.status.as_ref().map(|status| value(COMPANY_STATUS, status.id));
        PsaCompany {
            id,
            own: identifier.as_deref() == Some(OWN) || msp.is_some_and(|msp| *msp == NameKey::of(&name)),
            active: self
                .status
                .as_ref()
                .is_none_or(|status| !inactive_statuses.contains(&status.id)),
            values: types
                .iter()
                .map(|of| value(COMPANY_TYPE, of.id))
                .chain(status)
                .collect(),
            types: types.into_iter().filter_map(|of| present(of.name)).collect(),
            status: self.status.and_then(|status| present(status.name)).unwrap_or_default(),
            website: present(self.website),
            name,
        }
    }
}

impl From<Contact> for PsaContact {
    fn from(contact: Contact) -> Self {
        let types = contact.types.unwrap_or_default();
        Self {
            id: PsaContactId::new(contact.id.to_string()),
            company: contact.company.map(|company| PsaCompanyId::new(company.id.to_string())),
            name: full_name(contact.first_name, contact.last_name),
            active: !Flag::is_set(contact.inactive_flag),
            addresses: addresses(contact.communication_items.unwrap_or_default()),
            values: types
                .into_iter()
                .take(MOST_ENTRIES)
                .map(|of| value(CONTACT_TYPE, of.id))
                .collect(),
        }
    }
}

/// The default address first. An item that comes again is the same item.
fn addresses(items: Vec<CommunicationItem>) -> Vec<PsaAddress> {
    let email = |item: &CommunicationItem| item.communication_type.as_deref() == Some("Email");
    let mut items: Vec<CommunicationItem> = items.into_iter().filter(email).collect();
    items.sort_by_key(|item| !Flag::is_set(item.default_flag));
    let mut known = HashSet::new();
    items
        .into_iter()
        .filter(|item| known.insert(item.id))
        .take(MOST_ENTRIES)
        .filter_map(|item| {
            let slot = AddressSlot::new(item.id.to_string());
            present(item.value).map(|text| PsaAddress { slot, text })
        })
        .collect()
}

pub(crate) fn value(attribute: &str, id: i64) -> (AttributeId, ValueId) {
    (AttributeId::new(attribute), ValueId::new(id.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(json: &str) -> PsaContact {
        serde_json::from_str::<Contact>(json).unwrap().into()
    }

    fn shown(contact: &PsaContact) -> Vec<(&str, &str)> {
        contact
            .addresses
            .iter()
            .map(|a| (a.slot.as_str(), a.text.as_str()))
            .collect()
    }

    #[test]
    fn r32_an_item_that_comes_again_is_one_address_and_an_endless_list_ends() {
        let item = |id: usize| format!(r#"{{"id":{id},"value":"a{id}@b.example","communicationType":"Email"}}"#);
        let items: Vec<String> = [1, 1].into_iter().chain(1..1_000).map(item).collect();
        let contact = contact(&format!(r#"{{"id":1,"communicationItems":[{}]}}"#, items.join(",")));
        let slots: Vec<String> = shown(&contact).iter().map(|(slot, _)| (*slot).to_owned()).collect();
        assert_eq!(slots, (1..=MOST_ENTRIES).map(|id| id.to_string()).collect::<Vec<_>>());
    }

    #[test]
    fn r12_the_msp_is_known_by_its_name_or_by_the_identifier_it_began_with() {
        let msp = NameKey::of("Bright MSP");
        for (name, identifier, own) in [
            ("Bright MSP", "BrightMSP", true),
            ("Bright MSP LLC", "YourCompany", true),
            ("Bright MSP LLC", "BrightMSP", false),
        ] {
            let json = format!(r#"{{"id":2,"name":"{name}","identifier":"{identifier}"}}"#);
            let company: Company = serde_json::from_str(&json).unwrap();
            assert_eq!(company.into_domain(&[], Some(&msp)).own, own, "{name} {identifier}");
        }
    }

    #[test]
    fn r16_a_company_of_endless_types_has_as_many_as_fit() {
        let types: Vec<String> = (0..3_000)
            .map(|id| format!(r#"{{"id":{id},"name":"{}"}}"#, "n".repeat(300)))
            .collect();
        let company: Company = serde_json::from_str(&format!(r#"{{"id":1,"types":[{}]}}"#, types.join(","))).unwrap();
        let company = company.into_domain(&[], None);
        assert_eq!(
            (company.types.len(), company.values.len()),
            (MOST_ENTRIES, MOST_ENTRIES)
        );
    }

    #[test]
    fn r32_every_email_item_is_an_address_and_the_default_comes_first() {
        let contact = contact(
            r#"{"id":377,"firstName":"Arnie","lastName":"Bellini","company":{"id":19301},"inactiveFlag":false,
            "types":[{"id":4,"name":"End User"}],"communicationItems":[
            {"id":911,"type":{"id":9,"name":"Email"},"value":"arnie@home.example","defaultFlag":false,"communicationType":"Email"},
            {"id":902,"type":{"id":2,"name":"Email"},"value":"8135550101","defaultFlag":true,"communicationType":"Phone"},
            {"id":903,"type":{"id":1,"name":"Work"},"value":"Arnie@Acme.example","defaultFlag":true,"communicationType":"Email"},
            {"id":904,"value":"a@b.example","communicationType":null},
            {"id":905,"value":" ","communicationType":"Email"},
            {"id":906,"value":null,"communicationType":"Email"},
            {"id":907,"communicationType":"Email"}]}"#,
        );
        assert_eq!(
            shown(&contact),
            [("903", "Arnie@Acme.example"), ("911", "arnie@home.example")]
        );
        assert_eq!(contact.values, [value("contactType", 4)]);
    }

    #[test]
    fn r12_the_msps_own_company_is_the_one_that_the_server_names() {
        let company = |name: &str, msp: Option<&str>| {
            let company: Company = serde_json::from_str(&format!(r#"{{"id":2,"name":"{name}"}}"#)).unwrap();
            company.into_domain(&[], msp.map(NameKey::of).as_ref()).own
        };
        assert!(company("Bright MSP ", Some("BRIGHT msp")));
        assert!(!company("Acme", Some("Bright MSP")));
        assert!(!company("YourCompany", None));
    }

    #[test]
    fn a_company_is_inactive_by_its_status_and_shows_its_labels() {
        let company: Company = serde_json::from_str(
            r#"{"id":5,"identifier":"Acme","name":"\u0000","status":{"id":3,"name":"Gone"},
            "types":[{"id":1,"name":"Client"},{"id":5}, {"id":6,"name":"Partner"}],"website":""}"#,
        )
        .unwrap();
        let company = company.into_domain(&[3], None);
        assert_eq!((company.name.as_str(), company.active), ("Acme", false));
        assert_eq!(
            (company.types.join("/"), company.status.as_str()),
            ("Client/Partner".to_owned(), "Gone")
        );
        assert_eq!(company.website, None);
        let values = [
            value(COMPANY_TYPE, 1),
            value(COMPANY_TYPE, 5),
            value(COMPANY_TYPE, 6),
            value(COMPANY_STATUS, 3),
        ];
        assert_eq!(company.values, values);
    }

    #[test]
    fn what_is_left_out_and_what_is_null_is_the_same() {
        let nulls = contact(
            r#"{"id":1,"firstName":null,"lastName":null,"company":null,"inactiveFlag":null,"types":null,"communicationItems":null}"#,
        );
        assert_eq!(nulls, contact(r#"{"id":1}"#));
        assert!(nulls.active && nulls.company.is_none() && nulls.name.is_empty() && nulls.addresses.is_empty());
    }
}
