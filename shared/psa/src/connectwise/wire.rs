//! Replies of `ConnectWise`, as far as they are asked for, and what must hold of each field.
//!
//! A field is *required* if a reply without it is refused, and *optional* if absent, null and present are all right: newer servers
//! leave null fields out, older ones send nulls. A value of another type than the vendor's description gives is refused, and so is
//! a null where a list has its elements. Unknown fields are ignored, whatever they hold.

use std::collections::HashSet;

use domain::ids::{AddressSlot, AttributeId, PsaCompanyId, PsaContactId, ValueId};
use domain::name::NameKey;
use domain::psa::{PsaAddress, PsaCompany, PsaContact};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::attributes::{COMPANY_STATUS, COMPANY_TYPE, CONTACT_TYPE};
use crate::few::Few;
use crate::flag::Flag;
use crate::text::{MOST_ELEMENTS, MOST_ENTRIES, company_name, full_name, present};

/// What a server says of itself without being given credentials.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CompanyInfo {
    /// Optional: the MSP's name. Without it, its own company is known by its identifier alone.
    pub(crate) company_name: Option<String>,
    /// Required: the folder that the API is in.
    pub(crate) codebase: String,
    /// Optional: what a codebase other than the common one proves as well.
    pub(crate) is_cloud: Option<Flag>,
    /// Optional: the release, such as `v2025.1`. Without it, the codebase may tell.
    pub(crate) version_code: Option<String>,
}

/// How many rows a list has.
#[derive(Debug, Deserialize)]
pub(crate) struct Count {
    /// Required, as the proof that a walk is complete hangs on it.
    pub(crate) count: u64,
}

/// A row of which nothing but its existence matters.
#[derive(Debug, Deserialize)]
pub(crate) struct Identified {
    /// Required.
    #[serde(rename = "id")]
    _id: i64,
}

/// A reference to another record. Without an id it refers to nothing.
#[derive(Debug, Deserialize)]
pub(crate) struct Reference {
    /// Optional, as the vendor's description says.
    pub(crate) id: Option<i64>,
    /// Optional: what the record is called. A type without an id is still shown by it.
    pub(crate) name: Option<String>,
}

/// A row of a setup table. Company types and statuses call their label `name`, contact types `description`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SetupRow {
    /// Optional: nothing can refer to a row without one, so that it is passed over. Any number, 0 and below included.
    pub(crate) id: Option<i64>,
    /// Optional; then the description is the label.
    name: Option<String>,
    /// Optional; then the id is the label.
    description: Option<String>,
    /// Optional: a row that does not say so is active.
    pub(crate) inactive_flag: Option<Flag>,
}

impl SetupRow {
    /// What it is called; its id where it has no name.
    pub(crate) fn label(self, id: i64) -> String {
        present(self.name.or(self.description)).unwrap_or_else(|| id.to_string())
    }
}

/// The identifier that the MSP's own company has from the beginning.
const OWN: &str = "YourCompany";

/// A row of `/company/companies`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Company {
    /// Required, and in a walk above 0: it is an identity column.
    pub(crate) id: i64,
    /// Optional: stands in for a name that is missing.
    pub(crate) identifier: Option<String>,
    /// Optional.
    pub(crate) name: Option<String>,
    /// Optional: a company without a status, or with one that is not in its table, is active.
    pub(crate) status: Option<Reference>,
    /// Optional: none.
    pub(crate) types: Option<Few<Reference, MOST_ELEMENTS>>,
    /// Optional: not deleted.
    pub(crate) deleted_flag: Option<Flag>,
    /// Optional.
    pub(crate) website: Option<String>,
}

/// A row of `/company/contacts`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Contact {
    /// Required, and in a walk above 0: it is an identity column.
    pub(crate) id: i64,
    /// Optional.
    first_name: Option<String>,
    /// Optional.
    last_name: Option<String>,
    /// Optional: a contact of no company, or a role that may not see it.
    company: Option<Reference>,
    /// Optional: active.
    inactive_flag: Option<Flag>,
    /// Optional: none.
    types: Option<Few<Reference, MOST_ELEMENTS>>,
    /// Optional: none. A contact without any has no such key.
    communication_items: Option<Few<CommunicationItem, MOST_ELEMENTS>>,
}

/// One way to reach a contact. Only e-mail items are looked at, whatever the others lack.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommunicationItem {
    /// Optional: then the value tells one item from another.
    id: Option<i64>,
    /// Optional: then the item is no address.
    value: Option<String>,
    /// Optional: not the default one.
    default_flag: Option<Flag>,
    /// Optional: then it is no e-mail item. The name of its `type` is whatever the MSP calls it.
    communication_type: Option<String>,
}

impl Company {
    /// `own` is told by the name that the server itself gives the MSP, or by an identifier that nobody has changed.
    pub(crate) fn into_domain(self, inactive_statuses: &[i64], msp: Option<&NameKey>) -> PsaCompany {
        let id = PsaCompanyId::new(self.id.to_string());
        let identifier = present(self.identifier);
        let name = company_name(self.name.as_deref(), identifier.as_deref(), &id);
        let mut types = self.types.unwrap_or_default().0;
        types.truncate(MOST_ENTRIES);
        let status = self.status.as_ref().and_then(|status| status.id);
        PsaCompany {
            id,
            own: identifier.as_deref() == Some(OWN) || msp.is_some_and(|msp| *msp == NameKey::of(&name)),
            active: status.is_none_or(|status| !inactive_statuses.contains(&status)),
            values: types
                .iter()
                .filter_map(|of| Some(value(COMPANY_TYPE, of.id?)))
                .chain(status.map(|status| value(COMPANY_STATUS, status)))
                .collect(),
            types: types.into_iter().filter_map(|of| present(of.name)).collect(),
            status: self.status.and_then(|status| present(status.name)).unwrap_or_default(),
            website: present(self.website),
            name,
        }
    }
}

impl Contact {
    /// The id of its company.
    pub(crate) fn company(&self) -> Option<i64> {
        self.company.as_ref()?.id
    }
}

impl From<Contact> for PsaContact {
    fn from(contact: Contact) -> Self {
        let company = contact.company();
        let types = contact.types.unwrap_or_default().0;
        Self {
            id: PsaContactId::new(contact.id.to_string()),
            company: company.map(|company| PsaCompanyId::new(company.to_string())),
            name: full_name(contact.first_name, contact.last_name),
            active: !Flag::is_set(contact.inactive_flag),
            addresses: addresses(contact.communication_items.unwrap_or_default().0),
            values: types
                .into_iter()
                .take(MOST_ENTRIES)
                .filter_map(|of| Some(value(CONTACT_TYPE, of.id?)))
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
        .filter_map(|item| Some((slot(&item)?, item.value)))
        .filter(|(slot, _)| known.insert(slot.clone()))
        .take(MOST_ENTRIES)
        .filter_map(|(slot, value)| present(value).map(|text| PsaAddress { slot, text }))
        .collect()
}

/// What tells an item from the others of its contact. One without an id is known by its value and not by its place, which would
/// pass to its neighbour when it goes. The value is hashed, as slots are logged and stand in the addresses of our API.
fn slot(item: &CommunicationItem) -> Option<AddressSlot> {
    if let Some(id) = item.id {
        return Some(AddressSlot::new(id.to_string()));
    }
    let value = present(item.value.clone())?.trim().to_lowercase();
    let hash: [u8; 32] = Sha256::digest(value).into();
    let start = hash
        .iter()
        .take(8)
        .fold(0_u64, |start, byte| start << 8 | u64::from(*byte));
    // No id begins with a letter.
    Some(AddressSlot::new(format!("v{start:016x}")))
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
    fn what_refers_to_nothing_is_no_reference() {
        for (status, active) in [
            (r#"{"id":null,"name":"Active"}"#, true),
            (r#"{"name":"Inactive"}"#, true),
            ("{}", true),
            (r#"{"id":3}"#, false),
        ] {
            let company: Company = serde_json::from_str(&format!(r#"{{"id":1,"status":{status}}}"#)).unwrap();
            let company = company.into_domain(&[3], None);
            assert_eq!(company.active, active, "{status}");
            assert_eq!(company.values.len(), usize::from(!active), "{status}");
        }
        let types = r#"{"id":1,"types":[{"id":null,"name":"Client"},{"name":"Vendor"},{},{"id":5}]}"#;
        let company = serde_json::from_str::<Company>(types).unwrap().into_domain(&[], None);
        assert_eq!(company.types, ["Client", "Vendor"]);
        assert_eq!(company.values, [value(COMPANY_TYPE, 5)]);
    }

    #[test]
    fn a_contact_whose_company_has_no_id_has_none() {
        for company in [
            "null",
            "{}",
            r#"{"id":null,"identifier":null,"name":null}"#,
            r#"{"name":"X"}"#,
        ] {
            let contact = contact(&format!(
                r#"{{"id":1,"company":{company},"types":[{{"name":"End User"}},{{"id":4}}]}}"#
            ));
            assert_eq!(contact.company, None, "{company}");
            assert_eq!(contact.values, [value("contactType", 4)]);
        }
    }

    #[test]
    fn r30_an_item_without_an_id_is_known_by_its_value() {
        let slots = |items: &str| {
            let contact = contact(&format!(r#"{{"id":1,"communicationItems":[{items}]}}"#));
            let slots = contact.addresses.iter().map(|address| address.slot.as_str().to_owned());
            slots.collect::<Vec<_>>()
        };
        let item = |value: &str| format!(r#"{{"value":"{value}","communicationType":"Email"}}"#);
        let (ana, bo) = (item("a@x.example"), item("b@x.example"));
        let both = slots(&format!("{ana},{bo}"));
        assert_eq!(both.len(), 2);
        assert_ne!(both[0], both[1]);
        assert_eq!(slots(&bo), both[1..], "the same although its neighbour has gone");
        assert_eq!(slots(&item(" A@X.example ")), both[..1], "the same in other letters");
        assert_eq!(slots(&format!("{ana},{ana}")), both[..1], "the same item twice");
        let plain = |slot: &String| slot.starts_with('v') && slot.bytes().all(|b| b.is_ascii_alphanumeric());
        assert!(both.iter().all(plain), "no sign of its own, and no number: {both:?}");
    }

    #[test]
    fn items_that_are_no_addresses_may_lack_everything() {
        let contact = contact(
            r#"{"id":1,"communicationItems":[{},{"communicationType":"Phone"},{"communicationType":"Fax","value":null},
            {"communicationType":"Email"},{"id":9,"value":"a@b.example","communicationType":"Email"}]}"#,
        );
        assert_eq!(shown(&contact), [("9", "a@b.example")]);
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
