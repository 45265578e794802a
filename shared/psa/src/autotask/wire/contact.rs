//! Contacts and their addresses.

use domain::ids::{AddressSlot, AttributeId, PsaCompanyId, PsaContactId, ValueId};
use domain::psa::{PsaAddress, PsaContact};
use serde::Deserialize;

use crate::autotask::names::CONTACT_ACTIVE;
use crate::flag::Flag;
use crate::text::{full_name, present};

/// A row of `Contacts`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::autotask) struct Contact {
    /// Required, and not below 0.
    pub(in crate::autotask) id: i64,
    /// Optional: a contact of no company.
    #[serde(rename = "companyID")]
    company: Option<i64>,
    /// Optional.
    first_name: Option<String>,
    /// Optional.
    last_name: Option<String>,
    /// Optional: each of the three is an address if it holds one.
    email_address: Option<String>,
    email_address2: Option<String>,
    email_address3: Option<String>,
    /// Optional: a contact that does not say so is not active. A number, of which only 0 is *not active*.
    is_active: Option<Flag>,
}

impl From<Contact> for PsaContact {
    fn from(contact: Contact) -> Self {
        let active = Flag::is_set(contact.is_active);
        let addresses = [
            ("emailAddress", contact.email_address),
            ("emailAddress2", contact.email_address2),
            ("emailAddress3", contact.email_address3),
        ];
        let address = |(slot, text)| {
            Some(PsaAddress {
                slot: AddressSlot::new(slot),
                text: present(text)?,
            })
        };
        Self {
            id: PsaContactId::new(contact.id.to_string()),
            company: contact.company.map(|id| PsaCompanyId::new(id.to_string())),
            name: full_name(contact.first_name, contact.last_name),
            active,
            addresses: addresses.into_iter().filter_map(address).collect(),
            values: vec![(AttributeId::new(CONTACT_ACTIVE), ValueId::new(active.to_string()))],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(json: &str) -> PsaContact {
        serde_json::from_str::<Contact>(json).unwrap().into()
    }

    #[test]
    fn r32_three_fields_are_three_addresses_and_blank_ones_none() {
        let contact = contact(
            r#"{"id":7,"companyID":0,"firstName":"Ana","lastName":"","isActive":1,
            "emailAddress":" ","emailAddress2":"a@b.example","emailAddress3":null}"#,
        );
        let slots: Vec<_> = contact
            .addresses
            .iter()
            .map(|a| (a.slot.as_str(), a.text.as_str()))
            .collect();
        assert_eq!(slots, [("emailAddress2", "a@b.example")]);
        assert_eq!(
            contact.company,
            Some(PsaCompanyId::new("0")),
            "the MSP's own company is a company"
        );
        assert_eq!((contact.name.as_str(), contact.active), ("Ana", true));
    }

    #[test]
    fn active_is_a_bool_on_companies_and_a_number_on_contacts() {
        for (json, active) in [
            ("1", true),
            ("0", false),
            ("2", true),
            ("-1", true),
            ("2147483647", true),
            ("-2147483648", true),
            ("true", true),
            ("null", false),
        ] {
            let contact = contact(&format!(r#"{{"id":1,"isActive":{json}}}"#));
            assert_eq!(
                contact.values,
                [(AttributeId::new("contactActive"), ValueId::new(active.to_string()))],
                "{json}"
            );
        }
    }
}
