//! People who were imported before and are not in a snapshot, as review, plan and result show them (R54, R55).

use domain::address::Address;
use domain::ids::{AddressId, PsaCompanyId, UserId};
use domain::import::Import;
use domain::language::Language;
use domain::not_in::{Missed, OtherCompany, PeopleCounts, PersonAbsence, PersonNotIn, SuspiciousSnapshot};
use domain::plan::PlanCompany;
use schemars::JsonSchema;
use serde::Serialize;

/// A person whose address was imported before and is not in the snapshot. The user stays as it is.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PersonNotIn")]
pub struct PersonView {
    /// The id of the address row that it was imported from.
    id: AddressId,
    /// The email address when it was last imported.
    address: Address,
    /// The contact's name when it was last imported.
    contact: String,
    /// The id of the user in the directory.
    user: UserId,
    /// Why the address is not in the snapshot.
    reason: PersonAbsence,
    /// The PSA company that the contact belongs to now. Absent unless the contact has moved to another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<OtherCompany>,
    /// The reason as a sentence, in the language of the caller.
    detail: &'static str,
    /// What an administrator can do next, in the language of the caller.
    action: &'static str,
}

impl PersonView {
    /// The person in a language.
    pub fn of(person: PersonNotIn, language: Language) -> Self {
        let (detail, action) = person.reason.text(language);
        Self {
            id: person.id,
            address: person.address,
            contact: person.name,
            user: person.user,
            reason: person.reason,
            company: person.company,
            detail,
            action,
        }
    }

    /// Its place among the people of its company.
    pub const fn id(&self) -> &AddressId {
        &self.id
    }
}

/// A person whose address was imported before and is not in the snapshot, with the company that it was imported for.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PersonOfCompanyNotIn")]
pub struct PersonOfCompany {
    /// The PSA company that the person was imported for.
    imported_for: PlanCompany,
    #[serde(flatten)]
    person: PersonView,
}

impl PersonOfCompany {
    /// The person in a language, with the company that it was imported for.
    pub fn of(company: &PlanCompany, person: PersonNotIn, language: Language) -> Self {
        Self {
            imported_for: company.clone(),
            person: PersonView::of(person, language),
        }
    }

    /// Its place among the people of all companies.
    pub const fn place(&self) -> (&PsaCompanyId, &AddressId) {
        (&self.imported_for.id, &self.person.id)
    }
}

/// How many people were imported before and are not in the snapshot.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PeopleNotIn")]
pub struct PeopleView {
    /// All people.
    count: u64,
    /// How many people for each reason.
    reasons: PeopleCounts,
}

impl PeopleView {
    /// All of them.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// What the snapshot of an import lacks, once there is one.
    pub fn of(import: &Import) -> Option<Self> {
        let reasons = import.absent.people;
        import.fetched_at.map(|_| Self {
            count: reasons.sum(),
            reasons,
        })
    }
}

/// How much is absent that the last finished import had: so much that the snapshot may be incomplete.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SuspiciousSnapshot")]
pub struct SuspiciousView {
    /// The mapped companies that the last finished import had.
    companies: Missed,
    /// The mapped addresses that the last finished import had.
    addresses: Missed,
    /// What is suspicious, and what to do next, in the language of the caller.
    detail: String,
}

impl SuspiciousView {
    /// What is suspicious about the snapshot of an import, if anything is.
    pub fn of(import: &Import, language: Language) -> Option<Self> {
        let suspicious = import.absent.suspicious?;
        let SuspiciousSnapshot { companies, addresses } = suspicious;
        Some(Self {
            companies,
            addresses,
            detail: suspicious.detail(language),
        })
    }
}
