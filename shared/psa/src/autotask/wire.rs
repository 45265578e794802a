//! Replies of Autotask, as far as they are asked for. Every scalar can be null, and an empty text is as good as null.

use domain::ids::{AddressSlot, AttributeId, PsaCompanyId, PsaContactId, ValueId};
use domain::psa::{PsaAddress, PsaCompany, PsaContact};
use serde::Deserialize;

use super::attributes::{
    CLASSIFICATION, COMPANY_ACTIVE, COMPANY_CATEGORY, COMPANY_TYPE, CONTACT_ACTIVE, MARKET_SEGMENT, Picklists,
};
use crate::flag::Flag;
use crate::text::{company_name, full_name, present};

/// The MSP's own organisation, which every tenant has.
const OWN: i64 = 0;

#[derive(Debug, Deserialize)]
pub(super) struct ZoneInformation {
    pub(super) url: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ThresholdInformation {
    pub(super) external_request_threshold: u64,
    /// Minutes.
    pub(super) request_threshold_timeframe: u32,
    pub(super) current_timeframe_request_count: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rows<R> {
    pub(super) items: Vec<R>,
    pub(super) page_details: PageDetails,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageDetails {
    pub(super) count: usize,
    pub(super) next_page_url: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Count {
    pub(super) query_count: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Fields {
    pub(super) fields: Vec<Field>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) is_pick_list: Option<Flag>,
    pub(super) picklist_values: Option<Vec<PicklistValue>>,
}

/// The value is a text here and a number in the records.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PicklistValue {
    pub(super) value: String,
    pub(super) label: Option<String>,
    pub(super) is_active: Option<Flag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Category {
    pub(super) id: i64,
    pub(super) name: Option<String>,
    pub(super) is_active: Option<Flag>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Identified {
    pub(super) id: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Company {
    pub(super) id: i64,
    #[serde(rename = "companyName")]
    name: Option<String>,
    #[serde(rename = "companyType")]
    kind: Option<i64>,
    #[serde(rename = "companyCategoryID")]
    category: Option<i64>,
    classification: Option<i64>,
    #[serde(rename = "marketSegmentID")]
    market_segment: Option<i64>,
    is_active: Option<Flag>,
    web_address: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Contact {
    pub(super) id: i64,
    #[serde(rename = "companyID")]
    company: Option<i64>,
    first_name: Option<String>,
    last_name: Option<String>,
    email_address: Option<String>,
    email_address2: Option<String>,
    email_address3: Option<String>,
    is_active: Option<Flag>,
}

impl Company {
    pub(super) fn into_domain(self, picklists: &Picklists) -> PsaCompany {
        let id = PsaCompanyId::new(self.id.to_string());
        let active = Flag::is_set(self.is_active);
        let picked = [
            (COMPANY_TYPE, self.kind),
            (COMPANY_CATEGORY, self.category),
            (CLASSIFICATION, self.classification),
            (MARKET_SEGMENT, self.market_segment),
        ];
        let picked = picked
            .into_iter()
            .filter_map(|(attribute, id)| Some(value(attribute, id?.to_string())));
        PsaCompany {
            name: company_name(self.name.as_deref(), None, &id),
            id,
            types: self
                .kind
                .map(|id| picklists.label(COMPANY_TYPE, id))
                .into_iter()
                .collect(),
            status: if active { "Active" } else { "Inactive" }.to_owned(),
            active,
            own: self.id == OWN,
            website: present(self.web_address),
            values: picked.chain([value(COMPANY_ACTIVE, active.to_string())]).collect(),
        }
    }
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
            values: vec![value(CONTACT_ACTIVE, active.to_string())],
        }
    }
}

fn value(attribute: &str, value: String) -> (AttributeId, ValueId) {
    (AttributeId::new(attribute), ValueId::new(value))
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
        for (json, active) in [("1", true), ("0", false), ("true", true), ("null", false)] {
            let contact = contact(&format!(r#"{{"id":1,"isActive":{json}}}"#));
            assert_eq!(contact.values, [value("contactActive", active.to_string())], "{json}");
        }
    }

    #[test]
    fn r12_company_zero_is_the_msps_own() {
        let own = |json: &str| {
            serde_json::from_str::<Company>(json)
                .unwrap()
                .into_domain(&Picklists::default())
                .own
        };
        assert!(own(r#"{"id":0,"companyName":"MSP"}"#));
        assert!(!own(r#"{"id":176,"companyName":"MSP"}"#));
    }
}
