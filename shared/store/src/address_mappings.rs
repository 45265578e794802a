//! Mappings of addresses, packed: those of a company are written together with the outcomes of its users.

use std::collections::{BTreeSet, HashMap};

use domain::ids::{IntegrationId, PsaCompanyId, PsaContactId};
use domain::mapping::AddressMapping;

use crate::StoreError;
use crate::address_leaves::{self as leaves, ALONE, Leaf, SHARED};
use crate::keys;
use crate::records::{ADDRESS_MAPPINGS, AddressMappingRecord};
use crate::table::{Consistency, Item, Table, Tenant, number, packed_item};
use crate::tx::Action;

/// The address mappings of one company, as they are divided among items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressMappings {
    /// In the order of their keys.
    leaves: Vec<Leaf>,
    /// How many the company's own mapping says that there are.
    counted: u64,
}

impl AddressMappings {
    fn read(items: &[Item], company: &PsaCompanyId) -> Result<Self, StoreError> {
        let leaves = items.iter().map(|item| leaf_of(item, company));
        let mappings = Self {
            leaves: leaves.collect::<Result<_, _>>()?,
            counted: 0,
        };
        let counted = mappings.len();
        Ok(mappings.counted_as(counted))
    }

    /// All of them, in the order of their ids.
    pub fn all(&self) -> Vec<AddressMapping> {
        sorted(leaves::records(&self.leaves).cloned())
    }

    /// The ends of the keys of their items.
    pub(crate) fn places(&self) -> impl Iterator<Item = String> {
        self.leaves.iter().map(Leaf::place)
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        leaves::records(&self.leaves).count() as u64
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same, of which the company's own mapping says that there are so many.
    #[must_use]
    pub fn counted_as(self, counted: u64) -> Self {
        Self { counted, ..self }
    }

    /// Divides other mappings so that each one that was there stays where it was: one that comes or goes in the middle would otherwise
    /// move all behind it, and a large company would not fit into a transaction.
    fn replaced_by(&self, after: &[AddressMapping]) -> Result<Self, StoreError> {
        let records = after.iter().map(AddressMappingRecord::from).collect();
        Ok(Self {
            leaves: leaves::replaced(&self.leaves, records)?,
            counted: after.len() as u64,
        })
    }
}

/// All address mappings of a company with ids from one to another, but for the shared ones.
pub(crate) struct Neighbours {
    first: String,
    last: String,
    pub mappings: Vec<AddressMapping>,
}

impl Neighbours {
    /// Whether those of a contact would be among them.
    pub fn include(&self, contact: &PsaContactId) -> bool {
        let first = first_of(contact);
        self.first <= first && first < self.last
    }
}

/// No id of a contact's addresses comes before it.
fn first_of(contact: &PsaContactId) -> String {
    format!("{contact}~")
}

fn leaf_of(item: &Item, company: &PsaCompanyId) -> Result<Leaf, StoreError> {
    let own = |of: &str| (of == company.as_str()).then_some(());
    let place = leaves::place_in(item, own).map(|((), place)| place);
    Leaf::read(item, place.unwrap_or_default())
}

/// The mappings of leaves in the order of their ids.
fn of_leaves(mut leaves: Vec<Leaf>) -> Vec<AddressMapping> {
    match leaves.as_mut_slice() {
        // As most companies have them.
        [leaf] => sorted(std::mem::take(&mut leaf.records)),
        leaves => sorted(leaves::records(leaves).cloned()),
    }
}

fn sorted(records: impl IntoIterator<Item = AddressMappingRecord>) -> Vec<AddressMapping> {
    let mut mappings: Vec<AddressMapping> = records.into_iter().map(AddressMapping::from).collect();
    mappings.sort_by(|one, other| one.id.cmp(&other.id));
    mappings
}

impl Tenant {
    /// The address mappings of one company.
    pub async fn address_mappings(
        &self,
        integration: &IntegrationId,
        company: &PsaCompanyId,
    ) -> Result<Vec<AddressMapping>, StoreError> {
        Ok(self.stored_address_mappings(integration, company).await?.all())
    }

    /// The address mappings of one company as they are stored, to be changed.
    pub async fn stored_address_mappings(
        &self,
        integration: &IntegrationId,
        company: &PsaCompanyId,
    ) -> Result<AddressMappings, StoreError> {
        self.stored_address_mappings_with(integration, company, Consistency::Strong)
            .await
    }

    /// The address mappings of one company as they are stored, to be looked at.
    pub async fn stored_address_mappings_with(
        &self,
        integration: &IntegrationId,
        company: &PsaCompanyId,
        consistency: Consistency,
    ) -> Result<AddressMappings, StoreError> {
        let pk = keys::integration_partition(&self.msp, integration);
        let prefix = keys::address_mappings_prefix(company);
        let items = self.query_with(Table::Records, &pk, &prefix, consistency).await?;
        AddressMappings::read(&items, company)
    }

    /// The address mappings of a company that remember sharers, and others that are stored with them.
    pub async fn shared_address_mappings(
        &self,
        integration: &IntegrationId,
        company: &PsaCompanyId,
    ) -> Result<Vec<AddressMapping>, StoreError> {
        let pk = keys::integration_partition(&self.msp, integration);
        let prefix = format!("{}{SHARED}", keys::address_mappings_prefix(company));
        let items = self.query(Table::Records, &pk, &prefix).await?;
        Ok(AddressMappings::read(&items, company)?.all())
    }

    /// The address mappings that are stored with those of one contact of a company, but for the shared ones.
    pub(crate) async fn address_mappings_near(
        &self,
        integration: &IntegrationId,
        company: &PsaCompanyId,
        contact: &PsaContactId,
    ) -> Result<Neighbours, StoreError> {
        let pk = keys::integration_partition(&self.msp, integration);
        let (first, last) = (first_of(contact), format!("{}\u{10ffff}", first_of(contact)));
        let from = format!("{}{ALONE}", keys::address_mappings_prefix(company));
        let to = format!("{from}{last}");
        let is_enough = |item: &Item| leaf_of(item, company).is_ok_and(|leaf| leaf.begins_before(&first));
        let read = self.query_back(Table::Records, &pk, (&from, &to), is_enough);
        let mut items = read.await?;
        items.reverse();
        let stored = AddressMappings::read(&items, company)?;
        Ok(Neighbours {
            first: stored
                .leaves
                .first()
                .map_or_else(|| first.clone(), |leaf| leaf.first.clone()),
            last,
            mappings: stored.all(),
        })
    }

    /// The address mappings of several companies at once; those between them are read as well.
    pub async fn address_mappings_among(
        &self,
        integration: &IntegrationId,
        companies: &[PsaCompanyId],
        consistency: Consistency,
    ) -> Result<HashMap<PsaCompanyId, Vec<AddressMapping>>, StoreError> {
        let pk = keys::integration_partition(&self.msp, integration);
        let prefixes = companies.iter().map(keys::address_mappings_prefix);
        let wanted: BTreeSet<&str> = companies.iter().map(PsaCompanyId::as_str).collect();
        let mut all: HashMap<PsaCompanyId, Vec<Leaf>> = HashMap::new();
        let items = self.query_among(Table::Records, &pk, prefixes, consistency);
        for item in items.await? {
            let of = |company: &str| wanted.contains(company).then(|| PsaCompanyId::new(company));
            if let Some((company, place)) = leaves::place_in(&item, of) {
                all.entry(company).or_default().push(Leaf::read(&item, place)?);
            }
        }
        Ok(all
            .into_iter()
            .map(|(company, leaves)| (company, of_leaves(leaves)))
            .collect())
    }

    /// The writes that replace a company's address mappings, and count them on the company's own mapping; with the mappings as they
    /// are stored then. Items that would stay the same are not written. Each mapping stays in its item, so that the writes need not
    /// happen together: whatever was written first, the same call makes the rest of them. The last item is the first to be written,
    /// since it takes what no longer fits into another: stopped in between, such a mapping is in both, and not in none.
    pub fn map_addresses(
        &self,
        integration: &IntegrationId,
        company: &PsaCompanyId,
        before: &AddressMappings,
        after: &[AddressMapping],
    ) -> Result<(Vec<Action>, AddressMappings), StoreError> {
        let mut actions = Vec::new();
        if after.len() as u64 != before.counted {
            // The count comes first: after a crash between the writes, the next call would find all mappings and not fix it.
            actions.push(self.count_mappings(integration, company, after.len() as u64)?);
        }
        let after = before.replaced_by(after)?;
        let written: HashMap<String, &Leaf> = before.leaves.iter().map(|leaf| (leaf.place(), leaf)).collect();
        for leaf in after.leaves.iter().rev() {
            let place = leaf.place();
            if written.get(&place) != Some(&leaf) {
                let key = keys::address_mappings(&self.msp, integration, company, &place);
                let item = packed_item(ADDRESS_MAPPINGS, &key, &leaf.records)?;
                actions.push(Action::put(self, Table::Records, item)?);
            }
        }
        Ok((actions, after))
    }

    /// The write that corrects how many address mappings a company's own mapping counts, if it is wrong.
    pub async fn recount_mappings(
        &self,
        integration: &IntegrationId,
        company: &PsaCompanyId,
    ) -> Result<Option<Action>, StoreError> {
        let Some(mapping) = self.company_mapping(integration, company).await? else {
            return Ok(None);
        };
        let there = self.stored_address_mappings(integration, company).await?.len();
        if there == mapping.users {
            return Ok(None);
        }
        self.count_mappings(integration, company, there).map(Some)
    }

    /// The write that deletes an item of address mappings.
    pub(crate) fn delete_address_mappings(
        &self,
        integration: &IntegrationId,
        company: &PsaCompanyId,
        place: &str,
    ) -> Result<Action, StoreError> {
        let key = keys::address_mappings(&self.msp, integration, company, place);
        Action::delete(self, Table::Records, &key, "attribute_exists(pk)", &[])
    }

    fn count_mappings(
        &self,
        integration: &IntegrationId,
        company: &PsaCompanyId,
        count: u64,
    ) -> Result<Action, StoreError> {
        let key = keys::company_mapping(&self.msp, integration, company);
        let values = [(":users", number(count))];
        Action::update(
            self,
            Table::Records,
            &key,
            "SET #users = :users",
            "attribute_exists(pk)",
            &values,
        )
    }
}
