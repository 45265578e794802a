//! Companies and people that are excluded for good (R96): no rule, policy or decision selects them, in no import, until somebody brings
//! them back. Their managed companies and users stay as they are.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{PsaCompanyId, PsaContactId};
use crate::import::Person;
use crate::problem::{Limited, MAX_EXCLUSIONS, Problem};

/// A company or a contact that can be excluded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "id", rename_all = "camelCase")]
pub enum Excludable {
    /// A company of the PSA.
    Company(PsaCompanyId),
    /// A contact of the PSA, with all its addresses.
    Person(PsaContactId),
}

/// Who excluded it, when and why.
#[derive(Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// The administrator.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// The reason, as the administrator wrote it.
    pub why: String,
    /// What lists call it.
    pub name: Option<String>,
}

/// Says neither reason nor name: both are free text about people.
impl fmt::Debug for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exclusion")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// Everything that is excluded of one integration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exclusions {
    /// Companies.
    pub companies: BTreeMap<PsaCompanyId, Exclusion>,
    /// People, by their contact.
    pub people: BTreeMap<PsaContactId, Exclusion>,
}

/// As much is excluded as can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyExclusions;

impl From<TooManyExclusions> for Problem {
    fn from(_: TooManyExclusions) -> Self {
        Self::LimitExceeded {
            of: Limited::Exclusions,
        }
    }
}

impl Exclusion {
    /// Whether it is the very exclusion that the same administrator asks for again, since the first answer was lost.
    pub fn repeats(&self, other: &Self) -> bool {
        self.by.subject == other.by.subject && self.why == other.why && self.name == other.name
    }
}

impl Exclusions {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.companies.len() + self.people.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The exclusion of a company or person.
    pub fn get(&self, what: &Excludable) -> Option<&Exclusion> {
        match what {
            Excludable::Company(company) => self.companies.get(company),
            Excludable::Person(contact) => self.people.get(contact),
        }
    }

    /// The exclusion of the contact with this id.
    pub fn of_contact(&self, contact: &str) -> Option<&Exclusion> {
        // Mostly nobody is excluded.
        if self.people.is_empty() {
            return None;
        }
        self.people.get(&PsaContactId::new(contact))
    }

    /// Excludes, or replaces the reason.
    pub fn exclude(&mut self, what: Excludable, exclusion: Exclusion) -> Result<(), TooManyExclusions> {
        if self.get(&what).is_none() && self.len() >= MAX_EXCLUSIONS {
            return Err(TooManyExclusions);
        }
        match what {
            Excludable::Company(company) => self.companies.insert(company, exclusion),
            Excludable::Person(contact) => self.people.insert(contact, exclusion),
        };
        Ok(())
    }

    /// Brings back; `None` if it was not excluded.
    pub fn bring_back(&mut self, what: &Excludable) -> Option<Exclusion> {
        match what {
            Excludable::Company(company) => self.companies.remove(company),
            Excludable::Person(contact) => self.people.remove(contact),
        }
    }

    /// Those that were made by `then`: an import that ended then knows no later ones.
    pub fn retain_until(&mut self, then: Timestamp) {
        self.companies.retain(|_, exclusion| exclusion.at <= then);
        self.people.retain(|_, exclusion| exclusion.at <= then);
    }
}
