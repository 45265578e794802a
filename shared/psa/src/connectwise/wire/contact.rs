//! Contacts and their addresses.

use std::collections::HashSet;

use domain::ids::{AddressSlot, PsaCompanyId, PsaContactId};
use domain::psa::{PsaAddress, PsaContact};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::reference::{Reference, value};
use crate::connectwise::names::CONTACT_TYPE;
use crate::few::Few;
use crate::flag::Flag;
use crate::text::{MAX_ELEMENTS, MAX_ENTRIES, full_name, present};

/// A row of `/company/contacts`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::connectwise) struct Contact {
    /// Required, and in a walk above 0: it is an identity column.
    pub(in crate::connectwise) id: i64,
    /// Optional.
    first_name: Option<String>,
    /// Optional.
    last_name: Option<String>,
    /// Optional: a contact of no company, or a role that may not see it.
    company: Option<Reference>,
    /// Optional: active.
    inactive_flag: Option<Flag>,
    /// Optional: none.
    types: Option<Few<Reference, MAX_ELEMENTS>>,
    /// Optional: none. A contact without any has no such key.
    communication_items: Option<Few<CommunicationItem, MAX_ELEMENTS>>,
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

impl Contact {
    /// The id of its company.
    pub(in crate::connectwise) fn company(&self) -> Option<i64> {
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
                .take(MAX_ENTRIES)
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
        .take(MAX_ENTRIES)
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
        assert_eq!(slots, (1..=MAX_ENTRIES).map(|id| id.to_string()).collect::<Vec<_>>());
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
    fn what_is_left_out_and_what_is_null_is_the_same() {
        let nulls = contact(
            r#"{"id":1,"firstName":null,"lastName":null,"company":null,"inactiveFlag":null,"types":null,"communicationItems":null}"#,
        );
        assert_eq!(nulls, contact(r#"{"id":1}"#));
        assert!(nulls.active && nulls.company.is_none() && nulls.name.is_empty() && nulls.addresses.is_empty());
    }
}
