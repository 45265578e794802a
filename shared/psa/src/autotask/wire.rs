//! Replies of Autotask, as far as they are asked for, and what must hold of each field.
//!
//! A field is *required* if a reply without it is refused, and *optional* if absent, null and present are all right: every scalar can
//! be null, and an empty text is as good as null. A value of another type than the vendor's description gives is refused, and so is a
//! null where a list has its elements; only the description of fields, of which few are used, is read with more patience. Unknown
//! fields are ignored, whatever they hold.

use domain::ids::{AddressSlot, AttributeId, PsaCompanyId, PsaContactId, ValueId};
use domain::psa::{PsaAddress, PsaCompany, PsaContact};
use serde::de;
use serde::{Deserialize, Deserializer};

use super::attributes::{
    CLASSIFICATION, COMPANY_ACTIVE, COMPANY_CATEGORY, COMPANY_TYPE, CONTACT_ACTIVE, MARKET_SEGMENT, Picklists,
};
use crate::few::Readable;
use crate::flag::Flag;
use crate::text::{company_name, full_name, present};

/// The MSP's own organisation, which every tenant has.
const OWN: i64 = 0;

/// Where a tenant is.
#[derive(Debug, Deserialize)]
pub(super) struct ZoneInformation {
    /// Required: the address of the zone.
    pub(super) url: String,
}

/// How much of the tenant's hourly limit is used. Looking at it is a courtesy: only numbers that say something count.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ThresholdInformation {
    /// Optional, and no limit unless it is above 0.
    external_request_threshold: Option<i64>,
    /// Optional: minutes; an hour.
    request_threshold_timeframe: Option<i64>,
    /// Optional: none.
    current_timeframe_request_count: Option<i64>,
}

impl ThresholdInformation {
    /// Minutes to wait where more than nine tenths of the limit are used.
    pub(super) fn wait(&self) -> Option<u64> {
        let limit = self.external_request_threshold.filter(|limit| *limit > 0)?;
        let used = self.current_timeframe_request_count?;
        if used.saturating_mul(10) <= limit.saturating_mul(9) {
            return None;
        }
        let timeframe = self.request_threshold_timeframe.unwrap_or(60).clamp(0, 60);
        // The window rolls: after a quarter of it, a quarter of an even load is forgotten.
        Some(timeframe.unsigned_abs().div_euclid(4).max(1))
    }
}

/// A page of a query.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rows<R> {
    /// Required.
    pub(super) items: Vec<R>,
    /// Required.
    pub(super) page_details: PageDetails,
}

/// What a page says of itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageDetails {
    /// Optional: a second statement of how many rows there are, which must not contradict the first.
    pub(super) count: Option<usize>,
    /// Optional: no other page is announced.
    pub(super) next_page_url: Option<String>,
}

/// How many rows an entity has.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Count {
    /// Required, as the proof that a walk is complete hangs on it.
    pub(super) query_count: u64,
}

/// The description of an entity's fields.
#[derive(Debug, Deserialize)]
pub(super) struct Fields {
    /// Required. A field that cannot be read as one is passed over, as four of some sixty are used.
    pub(super) fields: Readable<Field, MOST_VALUES>,
}

/// More fields than an entity has, and more values than a picklist.
const MOST_VALUES: usize = 10_000;

/// The description of one field.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Field {
    /// Required of a field that counts. Seen in other letter cases.
    pub(super) name: String,
    /// Optional: no.
    pub(super) is_pick_list: Option<Flag>,
    /// Optional: none. A value that cannot be read as one is passed over.
    pub(super) picklist_values: Option<Readable<PicklistValue, MOST_VALUES>>,
}

/// One value of a picklist.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PicklistValue {
    /// Required of a value that counts: a text, though the records have the same as a number, which is read as its text.
    #[serde(deserialize_with = "text_or_number")]
    pub(super) value: String,
    /// Optional: the value is the label.
    pub(super) label: Option<String>,
    /// Optional: active.
    pub(super) is_active: Option<Flag>,
}

fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => Ok(text),
        serde_json::Value::Number(number) => Ok(number.to_string()),
        _ => Err(de::Error::custom("neither a text nor a number")),
    }
}

/// A row of `CompanyCategories`, where categories are an entity.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Category {
    /// Required, and not below 0.
    pub(super) id: i64,
    /// Optional: the id is the label.
    pub(super) name: Option<String>,
    /// Optional: active.
    pub(super) is_active: Option<Flag>,
}

/// A row of which nothing but its id matters.
#[derive(Debug, Deserialize)]
pub(super) struct Identified {
    /// Required.
    pub(super) id: i64,
}

/// A row of `Companies`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Company {
    /// Required, and not below 0.
    pub(super) id: i64,
    /// Optional.
    #[serde(rename = "companyName")]
    name: Option<String>,
    /// Optional: the company has no type. The same of the three that follow.
    #[serde(rename = "companyType")]
    kind: Option<i64>,
    #[serde(rename = "companyCategoryID")]
    category: Option<i64>,
    classification: Option<i64>,
    #[serde(rename = "marketSegmentID")]
    market_segment: Option<i64>,
    /// Optional: a company that does not say so is not active.
    is_active: Option<Flag>,
    /// Optional.
    web_address: Option<String>,
}

/// A row of `Contacts`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Contact {
    /// Required, and not below 0.
    pub(super) id: i64,
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
            assert_eq!(contact.values, [value("contactActive", active.to_string())], "{json}");
        }
    }

    #[test]
    fn only_numbers_that_say_so_are_a_limit_that_is_near() {
        for (json, wait) in [
            ("{}", None),
            (
                r#"{"externalRequestThreshold":null,"currentTimeframeRequestCount":null}"#,
                None,
            ),
            (
                r#"{"externalRequestThreshold":10000,"currentTimeframeRequestCount":9000}"#,
                None,
            ),
            (
                r#"{"externalRequestThreshold":10000,"currentTimeframeRequestCount":9001}"#,
                Some(15),
            ),
            (
                r#"{"externalRequestThreshold":10000,"currentTimeframeRequestCount":9001,"requestThresholdTimeframe":3}"#,
                Some(1),
            ),
            (
                r#"{"externalRequestThreshold":10,"currentTimeframeRequestCount":10,"requestThresholdTimeframe":-5}"#,
                Some(1),
            ),
            (
                r#"{"externalRequestThreshold":10,"currentTimeframeRequestCount":10,"requestThresholdTimeframe":2147483647}"#,
                Some(15),
            ),
            (r#"{"externalRequestThreshold":10000}"#, None),
            (r#"{"currentTimeframeRequestCount":9001}"#, None),
            (
                r#"{"externalRequestThreshold":-1,"currentTimeframeRequestCount":5}"#,
                None,
            ),
            (
                r#"{"externalRequestThreshold":0,"currentTimeframeRequestCount":5}"#,
                None,
            ),
            (
                r#"{"externalRequestThreshold":10000,"currentTimeframeRequestCount":-9001}"#,
                None,
            ),
            (
                r#"{"externalRequestThreshold":9223372036854775807,"currentTimeframeRequestCount":9223372036854775807}"#,
                None,
            ),
        ] {
            let threshold: ThresholdInformation = serde_json::from_str(json).unwrap();
            assert_eq!(threshold.wait(), wait, "{json}");
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
