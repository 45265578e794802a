//! People who are not in a snapshot (R55), and what the last finished import found absent (R54).

use domain::address::Address;
use domain::filter::Accepted;
use domain::ids::{AddressId, PsaCompanyId, PsaContactId, UserId};
use domain::import::retention::{RESULT_DAYS, ROWS_DAYS, STAGED_DAYS};
use domain::not_in::{OtherCompany, PersonAbsence, PersonNotIn, Whereabouts};
use domain::psa::PsaContact;
use serde::{Deserialize, Serialize};

use crate::absent::ContactAnswer;
use crate::schema::Kind;
use crate::snapshot::Content;

/// They are part of the result.
pub(crate) const PEOPLE_INDEX: Kind = Kind::first("index of people not in").kept(RESULT_DAYS);
pub(crate) const STAGED_PEOPLE: Kind = Kind::first("staged people").kept(STAGED_DAYS);
/// Of the last finished import: as long as the integration.
pub(crate) const ABSENTEES: Kind = Kind::first("absentees");
pub(crate) const FOUND_ABSENT: Kind = Kind::first("found absent").kept(ROWS_DAYS);

/// Where the list of a company is, with the name of the company.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PeopleListRecord {
    #[serde(rename = "c")]
    pub company: PsaCompanyId,
    #[serde(rename = "n")]
    pub name: String,
    #[serde(rename = "l")]
    pub list: Content,
}

/// See [`PersonNotIn`].
#[derive(Serialize, Deserialize)]
pub(crate) struct PersonRecord {
    #[serde(rename = "i")]
    pub id: AddressId,
    #[serde(rename = "u")]
    user: UserId,
    #[serde(rename = "a")]
    address: Address,
    #[serde(rename = "n")]
    name: String,
    #[serde(rename = "r")]
    reason: PersonAbsence,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    company: Option<OtherCompany>,
}

/// See [`ContactAnswer`].
#[derive(Serialize, Deserialize)]
pub(crate) struct ContactAnswerRecord {
    #[serde(rename = "i")]
    id: PsaContactId,
    #[serde(rename = "w")]
    found: WhereaboutsRecord,
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    contact: Option<PsaContact>,
}

/// See [`Whereabouts`].
#[derive(Serialize, Deserialize)]
enum WhereaboutsRecord {
    #[serde(rename = "t")]
    There(Option<PsaCompanyId>, bool, bool),
    #[serde(rename = "g")]
    Gone,
    #[serde(rename = "u")]
    Unreadable,
}

/// A part of [`domain::not_in::Absentees`].
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AbsenteesRecord {
    #[serde(rename = "f", default)]
    pub filter: Accepted,
    #[serde(rename = "a")]
    pub absent: Vec<CompanyAbsentees>,
}

/// An absent company, or addresses of a company that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CompanyAbsentees {
    #[serde(rename = "c")]
    pub company: PsaCompanyId,
    /// None: the company itself is absent.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<AddressId>>,
}

impl From<&PersonNotIn> for PersonRecord {
    fn from(person: &PersonNotIn) -> Self {
        let person = person.clone();
        Self {
            id: person.id,
            user: person.user,
            address: person.address,
            name: person.name,
            reason: person.reason,
            company: person.company,
        }
    }
}

impl From<PersonRecord> for PersonNotIn {
    fn from(record: PersonRecord) -> Self {
        Self {
            id: record.id,
            user: record.user,
            address: record.address,
            name: record.name,
            reason: record.reason,
            company: record.company,
        }
    }
}

impl From<&ContactAnswer> for ContactAnswerRecord {
    fn from(answer: &ContactAnswer) -> Self {
        let found = match &answer.found {
            Whereabouts::There {
                company,
                accepted,
                active,
            } => WhereaboutsRecord::There(company.clone(), *accepted, *active),
            Whereabouts::Gone => WhereaboutsRecord::Gone,
            Whereabouts::Unreadable => WhereaboutsRecord::Unreadable,
        };
        Self {
            id: answer.id.clone(),
            found,
            contact: answer.contact.clone(),
        }
    }
}

impl From<ContactAnswerRecord> for ContactAnswer {
    fn from(record: ContactAnswerRecord) -> Self {
        let found = match record.found {
            WhereaboutsRecord::There(company, accepted, active) => Whereabouts::There {
                company,
                accepted,
                active,
            },
            WhereaboutsRecord::Gone => Whereabouts::Gone,
            WhereaboutsRecord::Unreadable => Whereabouts::Unreadable,
        };
        Self {
            id: record.id,
            found,
            contact: record.contact,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn a_person_who_is_not_in_is_stored_under_one_letter_each() {
        let stored = json!({
            "i": "12~1", "u": "u-1", "a": "ana@x.example", "n": "Ana", "r": "moved_to_company",
            "c": { "id": "9", "name": "Acme" },
        });
        let mut later = stored.clone();
        later["x"] = json!(1);
        let person = PersonNotIn::from(from_value::<PersonRecord>(later).unwrap());
        assert_eq!(person.company.as_ref().unwrap().name.as_deref(), Some("Acme"));
        assert_eq!(to_value(PersonRecord::from(&person)).unwrap(), stored);
        let nowhere = json!({ "i": "12~1", "u": "u-1", "a": "ana@x.example", "n": "", "r": "unreadable" });
        let person = PersonNotIn::from(from_value::<PersonRecord>(nowhere.clone()).unwrap());
        assert_eq!(to_value(PersonRecord::from(&person)).unwrap(), nowhere);
    }

    #[test]
    fn absentees_are_companies_or_addresses_of_one() {
        let stored = json!({ "f": {}, "a": [{ "c": "1" }, { "c": "2", "a": ["12~1"] }] });
        let record: AbsenteesRecord = from_value(stored.clone()).unwrap();
        assert_eq!(record.absent[0].addresses, None);
        assert_eq!(to_value(record).unwrap(), stored);
    }
}
