//! What a plan is computed from.

use std::collections::{HashMap, HashSet};

use crate::address::AddressKey;
use crate::directory::{AddressHolder, Capabilities, ManagedCompany, User};
use crate::ids::{ManagedCompanyId, PsaCompanyId, UserId};
use crate::mapping::{AddressMapping, CompanyMapping};
use crate::name::NameKey;
use crate::quick;
use crate::row::{AddressDecision, CompanyRow, ImportStatus, SnapshotAddress};
use crate::rules::PeopleRules;

/// The managed companies of the MSP, by id and by name, and which of them this integration has mapped.
#[derive(Debug, Default)]
pub struct ManagedCompanies {
    by_id: HashMap<ManagedCompanyId, String>,
    by_name: HashMap<NameKey, Vec<ManagedCompanyId>>,
    mapped: HashMap<ManagedCompanyId, PsaCompanyId>,
    suspended: HashSet<ManagedCompanyId>,
}

impl ManagedCompanies {
    /// Indexes what the directory and the mappings hold.
    pub fn new(
        companies: impl IntoIterator<Item = ManagedCompany>,
        mappings: impl IntoIterator<Item = (ManagedCompanyId, PsaCompanyId)>,
    ) -> Self {
        let mut index = Self {
            mapped: mappings.into_iter().collect(),
            ..Self::default()
        };
        for company in companies {
            index.add(company);
        }
        index
    }

    /// Adds a managed company.
    pub fn add(&mut self, mut company: ManagedCompany) {
        // Share the text of the id with its mapping, and make room for one namesake: mostly there is no other.
        if let Some((id, _)) = self.mapped.get_key_value(&company.id) {
            company.id = id.clone();
        }
        let namesakes = self.by_name.entry(NameKey::of(&company.name));
        let namesakes = namesakes.or_insert_with(|| Vec::with_capacity(1));
        if let Err(place) = namesakes.binary_search(&company.id) {
            namesakes.insert(place, company.id.clone());
        }
        if company.suspended {
            self.suspended.insert(company.id.clone());
        }
        self.by_id.insert(company.id, company.name);
    }

    /// The managed company, if it exists.
    pub fn get(&self, id: &ManagedCompanyId) -> Option<ManagedCompany> {
        self.by_id.get(id).map(|name| ManagedCompany {
            suspended: self.suspended.contains(id),
            ..ManagedCompany::new(id.clone(), name.clone())
        })
    }

    /// Managed companies of the same name, in the order of their ids.
    pub fn namesakes(&self, name: &str) -> Vec<ManagedCompany> {
        let ids = self
            .by_name
            .get(&NameKey::of(name))
            .map(Vec::as_slice)
            .unwrap_or_default();
        ids.iter().filter_map(|id| self.get(id)).collect()
    }

    /// The PSA company of this integration that a managed company is mapped to.
    pub fn mapped_to(&self, id: &ManagedCompanyId) -> Option<&PsaCompanyId> {
        self.mapped.get(id)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.by_id.len()
    }

    /// The managed companies that this integration has not mapped.
    pub fn not_mapped(&self) -> impl Iterator<Item = ManagedCompany> {
        let ids = self.by_id.keys().filter(|id| !self.mapped.contains_key(id));
        ids.filter_map(|id| self.get(id))
    }

    /// What an import knows of a PSA company, and the candidates that lead to it (R15, R19–R22).
    pub fn status(
        &self,
        name: &str,
        namesake_in_psa: bool,
        mapping: Option<&CompanyMapping>,
    ) -> (ImportStatus, Vec<ManagedCompany>) {
        if let Some(mapping) = mapping {
            return if self.by_id.contains_key(&mapping.managed) {
                (ImportStatus::Mapped, Vec::new())
            } else {
                (ImportStatus::Dangling, self.namesakes(name))
            };
        }
        let candidates = self.namesakes(name);
        let status = match candidates.as_slice() {
            _ if namesake_in_psa => ImportStatus::Ambiguous,
            [] => ImportStatus::Unmapped,
            [only] if self.mapped_to(&only.id).is_none() => ImportStatus::UnmappedPossibleDuplicate,
            _ => ImportStatus::Ambiguous,
        };
        (status, candidates)
    }
}

/// Everything known of one selected company.
#[derive(Debug)]
pub struct CompanyFacts {
    /// Its row with the decision.
    pub row: CompanyRow,
    /// Its mapping, if there is one.
    pub mapping: Option<CompanyMapping>,
    /// The generation in the idempotency key of a creation, if the company has no mapping. It is above 0 if a mapping was dropped by hand.
    pub generation: u32,
    /// Its addresses in the snapshot, with the decisions on them.
    pub addresses: Vec<(SnapshotAddress, AddressDecision)>,
    /// The rules on them.
    pub rules: PeopleRules,
    /// Whether the snapshot may lack contacts of the company, so that the absence of one says nothing.
    pub hides_contacts: bool,
    /// Its addresses imported before.
    pub mapped_addresses: Vec<AddressMapping>,
    /// The users of the managed company it is, or would be, mapped to.
    pub users: quick::HashMap<UserId, User>,
    /// Who holds the addresses that are not imported yet, MSP-wide.
    pub holders: quick::HashMap<AddressKey, AddressHolder>,
    /// What the directory can do.
    pub capabilities: Capabilities,
    /// The mapping that the chosen managed company has so far, if its PSA company is gone.
    pub hand_over: Option<HandOver>,
}

/// A mapping that a decision gives to another PSA company, since the PSA does not have its own any more (R58).
#[derive(Debug, Clone)]
pub struct HandOver {
    /// The mapping of the company that is gone.
    pub from: CompanyMapping,
    /// Its address mappings.
    pub addresses: Vec<AddressMapping>,
    /// The address mappings that the company which takes over had before.
    pub own: Vec<AddressMapping>,
}
