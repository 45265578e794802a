//! Decisions that outlast an import.

use std::collections::BTreeMap;

use domain::exclusion::{Exclusion, Exclusions};
use domain::ids::{PsaCompanyId, PsaContactId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::import::PersonRecord;
use crate::schema::Kind;

pub(crate) const STANDING: Kind = Kind::first("standing decisions");

/// See [`crate::standing::Standing`].
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct StandingRecord {
    #[serde(rename = "c")]
    companies: BTreeMap<PsaCompanyId, ExclusionRecord>,
    #[serde(rename = "p")]
    people: BTreeMap<PsaContactId, ExclusionRecord>,
    /// The generation of the next managed company of each company whose mapping was dropped.
    #[serde(rename = "g")]
    pub generations: BTreeMap<PsaCompanyId, u32>,
}

/// See [`Exclusion`].
#[derive(Serialize, Deserialize)]
struct ExclusionRecord {
    by: PersonRecord,
    at: Timestamp,
    why: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl StandingRecord {
    pub fn of(exclusions: &Exclusions, generations: &BTreeMap<PsaCompanyId, u32>) -> Self {
        let companies = exclusions.companies.iter();
        let people = exclusions.people.iter();
        Self {
            companies: companies.map(|(id, of)| (id.clone(), of.into())).collect(),
            people: people.map(|(id, of)| (id.clone(), of.into())).collect(),
            generations: generations.clone(),
        }
    }

    pub fn into_parts(self) -> (Exclusions, BTreeMap<PsaCompanyId, u32>) {
        let exclusions = Exclusions {
            companies: self.companies.into_iter().map(|(id, of)| (id, of.into())).collect(),
            people: self.people.into_iter().map(|(id, of)| (id, of.into())).collect(),
        };
        (exclusions, self.generations)
    }
}

impl From<&Exclusion> for ExclusionRecord {
    fn from(exclusion: &Exclusion) -> Self {
        Self {
            by: (&exclusion.by).into(),
            at: exclusion.at,
            why: exclusion.why.clone(),
            name: exclusion.name.clone(),
        }
    }
}

impl From<ExclusionRecord> for Exclusion {
    fn from(record: ExclusionRecord) -> Self {
        Self {
            by: record.by.into(),
            at: record.at,
            why: record.why,
            name: record.name,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn r96_standing_decisions_are_stored_under_one_letter_each() {
        let stored = json!({
            "c": { "251": {
                "by": { "subject": "ana", "name": "Ana" }, "at": "2026-03-02T08:00:00Z", "why": "A vendor.", "name": "Acme",
            } },
            "p": { "12": { "by": { "subject": "ana", "name": "Ana" }, "at": "2026-03-02T08:00:00Z", "why": "A scanner." } },
            "g": { "251": 1 },
        });
        let mut later = stored.clone();
        later["x"] = json!(1);
        let (exclusions, generations) = from_value::<StandingRecord>(later).unwrap().into_parts();
        assert_eq!(to_value(StandingRecord::of(&exclusions, &generations)).unwrap(), stored);
        assert_eq!(exclusions.of_contact("12").unwrap().why, "A scanner.");
        from_value::<StandingRecord>(json!({})).unwrap();
    }
}
