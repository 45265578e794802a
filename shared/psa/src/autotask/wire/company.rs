//! Companies and their categories.

use domain::ids::{AttributeId, PsaCompanyId, ValueId};
use domain::psa::PsaCompany;
use serde::Deserialize;

use crate::autotask::attributes::Picklists;
use crate::autotask::names::{CLASSIFICATION, COMPANY_ACTIVE, COMPANY_CATEGORY, COMPANY_TYPE, MARKET_SEGMENT};
use crate::flag::Flag;
use crate::text::{company_name, present};

/// The MSP's own organisation, which every tenant has.
const OWN: i64 = 0;

/// A row of `Companies`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::autotask) struct Company {
    /// Required, and not below 0.
    pub(in crate::autotask) id: i64,
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

impl Company {
    /// Whether picklists have all labels that it is shown with.
    pub(in crate::autotask) fn has_labels_in(&self, picklists: &Picklists) -> bool {
        self.kind.is_none_or(|id| picklists.has(COMPANY_TYPE, id))
    }

    pub(in crate::autotask) fn into_domain(self, picklists: &Picklists) -> PsaCompany {
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
            identifier: None,
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

fn value(attribute: &str, value: String) -> (AttributeId, ValueId) {
    (AttributeId::new(attribute), ValueId::new(value))
}

#[cfg(test)]
mod tests {
    use super::*;

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
