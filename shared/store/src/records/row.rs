//! Rows of a snapshot.

use domain::address;
use domain::directory::ManagedCompany;
use domain::ids::{AddressId, PsaCompanyId, PsaContactId};
use domain::import::retention::ROWS_DAYS;
use domain::remembered::Sharers;
use domain::row::{Absence, AddressCounts, CompanyDecision, CompanyRow, ImportStatus, SnapshotAddress, Tab};
use domain::suggestion::{Score, Similarity, Suggestion};
use serde::{Deserialize, Serialize};

use super::remembered;
use crate::schema::Kind;
use crate::snapshot::{Content, Row};

/// Contacts whose company cannot be read back.
pub(crate) const ORPHANS: Kind = Kind::first("orphaned contacts").kept(ROWS_DAYS);

/// See [`Row`]. Neither the date of its last import nor what is decided on it is part of it: both change while the rest stays.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RowRecord {
    pub id: PsaCompanyId,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identifier: Option<String>,
    tab: Tab,
    status: ImportStatus,
    types: Vec<String>,
    psa_status: String,
    active: bool,
    own: bool,
    mapped: Option<ManagedCompany>,
    candidates: Vec<ManagedCompany>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<SuggestionRecord>,
    namesake_in_psa: bool,
    reason: Option<Absence>,
    #[serde(default)]
    addresses: u32,
    #[serde(default)]
    no_address: u32,
    #[serde(default)]
    people_not_in: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address_list: Option<Content>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    people_list: Option<Content>,
}

/// Of a [`RowRecord`] where the lists of the company are: a large MSP has so many rows that all of each would fill the memory of a worker.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RowListsRecord {
    pub id: PsaCompanyId,
    #[serde(default)]
    pub address_list: Option<Content>,
    #[serde(default)]
    pub people_list: Option<Content>,
}

/// See [`Suggestion`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SuggestionRecord {
    managed_company: ManagedCompany,
    score: Score,
    reasons: Vec<Similarity>,
}

/// See [`SnapshotAddress`].
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SnapshotAddressRecord {
    #[serde(rename = "i")]
    pub id: AddressId,
    #[serde(rename = "n")]
    name: String,
    #[serde(rename = "a")]
    text: String,
    #[serde(rename = "c")]
    active: bool,
    /// The other contacts of the company that have the address.
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    sharers: Vec<PsaContactId>,
    /// There are more than could be listed.
    #[serde(rename = "m", default, skip_serializing_if = "std::ops::Not::not")]
    many: bool,
}

impl From<Row> for RowRecord {
    fn from(
        Row {
            company,
            addresses,
            people,
        }: Row,
    ) -> Self {
        Self {
            id: company.id,
            name: company.name,
            identifier: company.identifier,
            tab: company.tab,
            status: company.status,
            types: company.types,
            psa_status: company.psa_status,
            active: company.active,
            own: company.own,
            mapped: company.mapped,
            candidates: company.candidates,
            suggestions: company.suggestions.into_iter().map(SuggestionRecord::from).collect(),
            namesake_in_psa: company.namesake_in_psa,
            reason: company.reason,
            addresses: company.addresses.addresses,
            no_address: company.addresses.no_address,
            people_not_in: company.people_not_in,
            address_list: addresses,
            people_list: people,
        }
    }
}

impl From<RowRecord> for Row {
    fn from(record: RowRecord) -> Self {
        let company = CompanyRow {
            id: record.id,
            name: record.name,
            identifier: record.identifier,
            tab: record.tab,
            status: record.status,
            types: record.types,
            psa_status: record.psa_status,
            active: record.active,
            own: record.own,
            last_imported: None,
            mapped: record.mapped,
            candidates: record.candidates,
            suggestions: record.suggestions.into_iter().map(Suggestion::from).collect(),
            namesake_in_psa: record.namesake_in_psa,
            reason: record.reason,
            addresses: AddressCounts {
                addresses: record.addresses,
                no_address: record.no_address,
            },
            people_not_in: record.people_not_in,
            decision: CompanyDecision::none(),
        };
        Self {
            company,
            addresses: record.address_list,
            people: record.people_list,
        }
    }
}

impl From<Suggestion> for SuggestionRecord {
    fn from(suggestion: Suggestion) -> Self {
        Self {
            managed_company: suggestion.managed_company,
            score: suggestion.score,
            reasons: suggestion.reasons,
        }
    }
}

impl From<SuggestionRecord> for Suggestion {
    fn from(record: SuggestionRecord) -> Self {
        Self {
            managed_company: record.managed_company,
            score: record.score,
            reasons: record.reasons,
        }
    }
}

impl SnapshotAddressRecord {
    /// An address, and the other contacts of the company that have it.
    pub fn of(address: SnapshotAddress, sharers: &Sharers) -> Self {
        let (sharers, many) = remembered::stored(sharers);
        Self {
            text: address.text().to_owned(),
            id: address.id,
            name: address.name,
            active: address.active,
            sharers,
            many,
        }
    }

    /// The address, and the other contacts of the company that have it.
    pub fn with_sharers(mut self) -> (SnapshotAddress, Sharers) {
        let sharers = remembered::read(std::mem::take(&mut self.sharers), self.many);
        (self.into(), sharers)
    }
}

impl From<SnapshotAddressRecord> for SnapshotAddress {
    fn from(record: SnapshotAddressRecord) -> Self {
        Self {
            id: record.id,
            name: record.name,
            address: address::read(&record.text),
            active: record.active,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn an_address_is_stored_under_one_letter_each() {
        let stored = json!({ "i": "12~none", "n": "Ana", "a": "", "c": true });
        let mut later = stored.clone();
        later["x"] = json!(1);
        let address = SnapshotAddress::from(from_value::<SnapshotAddressRecord>(later).unwrap());
        assert_eq!(
            (address.id.as_str(), address.name.as_str(), address.text()),
            ("12~none", "Ana", "")
        );
        assert!(address.active);
        assert_eq!(
            to_value(SnapshotAddressRecord::of(address, &Sharers::default())).unwrap(),
            stored
        );
    }

    #[test]
    fn a_suggestion_is_stored_with_score_and_reasons() {
        let stored = json!({
            "managedCompany": { "id": "c-1", "name": "Acme" }, "score": 90, "reasons": ["legal_suffix", "web_site"],
        });
        let suggestion = Suggestion::from(from_value::<SuggestionRecord>(stored.clone()).unwrap());
        assert_eq!(to_value(SuggestionRecord::from(suggestion)).unwrap(), stored);
    }
}
