//! Rows of an import, and the decisions on them.

use domain::directory::ManagedCompany;
use domain::ids::{AddressId, ManagedCompanyId, PsaCompanyId, UserId};
use domain::import::retention::ROWS_DAYS;
use domain::row::{
    Absence, AddressCounts, AddressDecision, CompanyDecision, CompanyRow, ImportStatus, SnapshotAddress, Tab, Target,
};
use domain::suggestion::{Score, Similarity, Suggestion};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::schema::Kind;

pub(crate) const ROW: Kind = Kind::first("row").kept(ROWS_DAYS);
pub(crate) const ADDRESSES: Kind = Kind::first("addresses").kept(ROWS_DAYS);

/// See [`CompanyRow`]. The counts of its addresses and the decision on it are fields of its own.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of its own")]
pub(crate) struct CompanyRowRecord {
    id: PsaCompanyId,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identifier: Option<String>,
    tab: Tab,
    status: ImportStatus,
    types: Vec<String>,
    psa_status: String,
    active: bool,
    own: bool,
    last_imported: Option<Timestamp>,
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
    selected: bool,
    #[serde(default)]
    ticks_new: bool,
    target: TargetRecord<ManagedCompanyId>,
    version: u64,
}

/// See [`Suggestion`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SuggestionRecord {
    managed_company: ManagedCompany,
    score: Score,
    reasons: Vec<Similarity>,
}

/// See [`Target`]. Those without an id are stored as empty objects: `{"create": {}}`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum TargetRecord<Id> {
    Automatic {},
    Create {},
    Existing(Id),
}

/// See [`SnapshotAddress`].
#[derive(Serialize, Deserialize)]
pub(crate) struct SnapshotAddressRecord {
    #[serde(rename = "i")]
    pub id: AddressId,
    #[serde(rename = "n")]
    name: String,
    #[serde(rename = "a")]
    text: String,
    #[serde(rename = "c")]
    active: bool,
}

/// See [`AddressDecision`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AddressDecisionRecord {
    selected: Option<bool>,
    #[serde(default)]
    target: TargetRecord<UserId>,
    version: u64,
}

impl From<&CompanyRow> for CompanyRowRecord {
    fn from(row: &CompanyRow) -> Self {
        let row = row.clone();
        Self {
            id: row.id,
            name: row.name,
            identifier: row.identifier,
            tab: row.tab,
            status: row.status,
            types: row.types,
            psa_status: row.psa_status,
            active: row.active,
            own: row.own,
            last_imported: row.last_imported,
            mapped: row.mapped,
            candidates: row.candidates,
            suggestions: row.suggestions.into_iter().map(SuggestionRecord::from).collect(),
            namesake_in_psa: row.namesake_in_psa,
            reason: row.reason,
            addresses: row.addresses.addresses,
            no_address: row.addresses.no_address,
            people_not_in: row.people_not_in,
            selected: row.decision.selected,
            ticks_new: row.decision.ticks_new,
            target: row.decision.target.into(),
            version: row.decision.version,
        }
    }
}

impl From<CompanyRowRecord> for CompanyRow {
    fn from(record: CompanyRowRecord) -> Self {
        Self {
            id: record.id,
            name: record.name,
            identifier: record.identifier,
            tab: record.tab,
            status: record.status,
            types: record.types,
            psa_status: record.psa_status,
            active: record.active,
            own: record.own,
            last_imported: record.last_imported,
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
            decision: CompanyDecision {
                selected: record.selected,
                ticks_new: record.ticks_new,
                target: record.target.into(),
                version: record.version,
            },
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

impl<Id> Default for TargetRecord<Id> {
    fn default() -> Self {
        Self::Automatic {}
    }
}

impl<Id> From<Target<Id>> for TargetRecord<Id> {
    fn from(target: Target<Id>) -> Self {
        match target {
            Target::Automatic => Self::Automatic {},
            Target::Create => Self::Create {},
            Target::Existing(id) => Self::Existing(id),
        }
    }
}

impl<Id> From<TargetRecord<Id>> for Target<Id> {
    fn from(record: TargetRecord<Id>) -> Self {
        match record {
            TargetRecord::Automatic {} => Self::Automatic,
            TargetRecord::Create {} => Self::Create,
            TargetRecord::Existing(id) => Self::Existing(id),
        }
    }
}

impl From<&SnapshotAddress> for SnapshotAddressRecord {
    fn from(address: &SnapshotAddress) -> Self {
        Self {
            id: address.id.clone(),
            name: address.name.clone(),
            text: address.text.clone(),
            active: address.active,
        }
    }
}

impl From<SnapshotAddressRecord> for SnapshotAddress {
    fn from(record: SnapshotAddressRecord) -> Self {
        Self {
            id: record.id,
            name: record.name,
            text: record.text,
            active: record.active,
        }
    }
}

impl From<&AddressDecision> for AddressDecisionRecord {
    fn from(decision: &AddressDecision) -> Self {
        Self {
            selected: decision.selected,
            target: decision.target.clone().into(),
            version: decision.version,
        }
    }
}

impl From<AddressDecisionRecord> for AddressDecision {
    fn from(record: AddressDecisionRecord) -> Self {
        Self {
            selected: record.selected,
            target: record.target.into(),
            version: record.version,
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
            (address.id.as_str(), address.name.as_str(), address.text.as_str()),
            ("12~none", "Ana", "")
        );
        assert!(address.active);
        assert_eq!(to_value(SnapshotAddressRecord::from(&address)).unwrap(), stored);
    }

    #[test]
    fn a_suggestion_is_stored_with_score_and_reasons() {
        let stored = json!({
            "managedCompany": { "id": "c-1", "name": "Acme" }, "score": 90, "reasons": ["legal_suffix", "web_site"],
        });
        let suggestion = Suggestion::from(from_value::<SuggestionRecord>(stored.clone()).unwrap());
        assert_eq!(to_value(SuggestionRecord::from(suggestion)).unwrap(), stored);
    }

    #[test]
    fn a_decision_of_an_earlier_version_has_no_target() {
        let decision: AddressDecisionRecord = from_value(json!({ "selected": null, "version": 2 })).unwrap();
        let expected = AddressDecision {
            version: 2,
            ..AddressDecision::default()
        };
        assert_eq!(AddressDecision::from(decision), expected);
    }
}
