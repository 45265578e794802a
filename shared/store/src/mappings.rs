//! Mappings. A company's is two items, one each way, written together: that is what keeps one PSA company to one managed
//! company in both directions (R24). Addresses are packed: a company's are read and written together.

use std::collections::HashMap;

use domain::ids::{AddressId, IntegrationId, ManagedCompanyId, PsaCompanyId};
use domain::mapping::{AddressMapping, CompanyMapping};

use crate::StoreError;
use crate::keys;
use crate::records::{ADDRESS_MAPPINGS, AddressMappingRecord, COMPANY_MAPPING, CompanyMappingRecord, MANAGED_CLAIM};
use crate::size::{self, ROOM};
use crate::table::{Item, Table, Tenant, bare_item, body, company_in, item, number, packed_body, packed_item, text};
use crate::tx::{Action, Transaction};

/// Address mappings in one item, as far as their texts leave room.
const MAX_MAPPINGS_PER_CHUNK: usize = 1_000;

/// The address mappings of one company, as they are divided among items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressMappings {
    chunks: Vec<Vec<AddressMappingRecord>>,
    /// How many the company's own mapping says that there are.
    counted: u64,
}

impl AddressMappings {
    /// All of them, in the order of their ids.
    pub fn all(&self) -> Vec<AddressMapping> {
        sorted(self.chunks.concat())
    }

    /// In how many items they are.
    pub(crate) const fn chunks(&self) -> usize {
        self.chunks.len()
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.len() as u64).sum()
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
    fn replaced_by(&self, after: &[AddressMappingRecord]) -> Result<Self, StoreError> {
        let mut left: HashMap<&AddressId, &AddressMappingRecord> =
            after.iter().map(|mapping| (&mapping.id, mapping)).collect();
        let mut chunks: Vec<Vec<AddressMappingRecord>> = Vec::new();
        for old in &self.chunks {
            let kept = old.iter().filter_map(|mapping| left.get(&mapping.id).copied());
            let kept: Vec<AddressMappingRecord> = kept.cloned().collect();
            // One that has grown may push others out.
            let fits = cut(&kept)?.first().map_or(0, |chunk| chunk.len());
            for mapping in &kept[..fits] {
                left.remove(&mapping.id);
            }
            chunks.push(kept[..fits].to_vec());
        }
        let last = chunks.pop().unwrap_or_default();
        let new = after.iter().filter(|mapping| left.contains_key(&mapping.id)).cloned();
        let mut last: Vec<AddressMappingRecord> = last.into_iter().chain(new).collect();
        if chunks.is_empty() && cut(&last)?.len() == 1 {
            last.sort_by(|one, other| one.id.cmp(&other.id));
        }
        let tail = cut(&last)?;
        // All of a company's may be gone: its last item stays, empty.
        let is_emptied = last.is_empty() && !self.chunks.is_empty();
        let tail = tail.into_iter().chain(is_emptied.then_some([].as_slice()));
        chunks.extend(tail.map(<[_]>::to_vec));
        Ok(Self {
            chunks,
            counted: after.len() as u64,
        })
    }
}

fn cut(mappings: &[AddressMappingRecord]) -> Result<Vec<&[AddressMappingRecord]>, StoreError> {
    size::cut(mappings, (MAX_MAPPINGS_PER_CHUNK, ROOM), |mapping| {
        size::of_json(ADDRESS_MAPPINGS.name, mapping)
    })
}

/// Mappings in the order of their ids.
fn sorted(records: Vec<AddressMappingRecord>) -> Vec<AddressMapping> {
    let mut mappings: Vec<AddressMapping> = records.into_iter().map(AddressMapping::from).collect();
    mappings.sort_by(|one, other| one.id.cmp(&other.id));
    mappings
}

fn read_company(item: Item) -> Result<CompanyMapping, StoreError> {
    body::<CompanyMappingRecord>(COMPANY_MAPPING, item).map(CompanyMapping::from)
}

impl Tenant {
    /// All company mappings of an integration.
    pub async fn company_mappings(
        &self,
        integration: &IntegrationId,
    ) -> Result<HashMap<PsaCompanyId, CompanyMapping>, StoreError> {
        let pk = keys::integration_partition(&self.msp, integration);
        let items = self.query(Table::Records, &pk, keys::COMPANY_MAPPING).await?;
        items
            .into_iter()
            .map(|item| read_company(item).map(|mapping| (mapping.company.clone(), mapping)))
            .collect()
    }

    /// Up to `limit` company mappings behind that of `after`, in the order of their companies' ids; and the last of them if there are more.
    pub async fn mappings_page(
        &self,
        integration: &IntegrationId,
        after: Option<&PsaCompanyId>,
        limit: usize,
    ) -> Result<(Vec<CompanyMapping>, Option<PsaCompanyId>), StoreError> {
        let pk = keys::integration_partition(&self.msp, integration);
        let mut after = after.map(|after| keys::company_mapping(&self.msp, integration, after).to_item());
        let mut mappings = Vec::new();
        // One more shows whether there are more: the key behind a full page is also given where nothing follows.
        while mappings.len() <= limit {
            let left = i32::try_from(limit + 1 - mappings.len()).unwrap_or(i32::MAX);
            let (items, next) = self
                .query_page(Table::Records, &pk, keys::COMPANY_MAPPING, after.as_ref(), Some(left))
                .await?;
            for item in items {
                mappings.push(read_company(item)?);
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
        let is_more = mappings.len() > limit;
        mappings.truncate(limit);
        let last = mappings.last().filter(|_| is_more);
        let last = last.map(|mapping| mapping.company.clone());
        Ok((mappings, last))
    }

    /// The mappings of the companies from one to another.
    pub async fn company_mappings_among(
        &self,
        integration: &IntegrationId,
        (first, last): (&PsaCompanyId, &PsaCompanyId),
    ) -> Result<HashMap<PsaCompanyId, CompanyMapping>, StoreError> {
        let pk = keys::integration_partition(&self.msp, integration);
        let range = [first, last].map(|company| format!("{}{company}", keys::COMPANY_MAPPING));
        let items = self.query_among(Table::Records, &pk, range.into_iter()).await?;
        let mappings = items.into_iter().map(read_company);
        mappings
            .map(|mapping| mapping.map(|mapping| (mapping.company.clone(), mapping)))
            .collect()
    }

    /// The company that a managed company is mapped to.
    pub async fn mapped_to(
        &self,
        integration: &IntegrationId,
        managed: &ManagedCompanyId,
    ) -> Result<Option<CompanyMapping>, StoreError> {
        let key = keys::managed_claim(&self.msp, integration, managed);
        let claim = self.get(Table::Records, &key).await?;
        let company = claim.as_ref().and_then(|claim| claim.get("company")?.as_s().ok());
        let Some(company) = company else { return Ok(None) };
        let mapping = self.company_mapping(integration, &PsaCompanyId::new(company)).await?;
        // Read after the claim, it may be another one by now.
        Ok(mapping.filter(|mapping| mapping.managed == *managed))
    }

    /// The mapping of one company.
    pub async fn company_mapping(
        &self,
        integration: &IntegrationId,
        company: &PsaCompanyId,
    ) -> Result<Option<CompanyMapping>, StoreError> {
        let key = keys::company_mapping(&self.msp, integration, company);
        let item = self.get(Table::Records, &key).await?;
        item.map(read_company).transpose()
    }

    /// The address mappings of one company.
    pub async fn address_mappings(
        &self,
        integration: &IntegrationId,
        company: &PsaCompanyId,
    ) -> Result<Vec<AddressMapping>, StoreError> {
        Ok(self.address_chunks(integration, company).await?.all())
    }

    /// The address mappings of one company as they are stored, to be changed.
    pub async fn address_chunks(
        &self,
        integration: &IntegrationId,
        company: &PsaCompanyId,
    ) -> Result<AddressMappings, StoreError> {
        let pk = keys::integration_partition(&self.msp, integration);
        let items = self
            .query(Table::Records, &pk, &keys::address_mappings_prefix(company))
            .await?;
        let chunks = items.iter().map(|item| packed_body(ADDRESS_MAPPINGS, item));
        let mappings = AddressMappings {
            chunks: chunks.collect::<Result<_, _>>()?,
            counted: 0,
        };
        let counted = mappings.len();
        Ok(mappings.counted_as(counted))
    }

    /// The address mappings of several companies at once, and of those between them.
    pub async fn address_mappings_among(
        &self,
        integration: &IntegrationId,
        companies: &[PsaCompanyId],
    ) -> Result<HashMap<PsaCompanyId, Vec<AddressMapping>>, StoreError> {
        let pk = keys::integration_partition(&self.msp, integration);
        let prefixes = companies.iter().map(keys::address_mappings_prefix);
        let mut all: HashMap<PsaCompanyId, Vec<AddressMappingRecord>> = HashMap::new();
        for item in self.query_among(Table::Records, &pk, prefixes).await? {
            if let Some(company) = company_in(&item, keys::ADDRESS_MAPPINGS) {
                let records: Vec<AddressMappingRecord> = packed_body(ADDRESS_MAPPINGS, &item)?;
                all.entry(company).or_default().extend(records);
            }
        }
        Ok(all
            .into_iter()
            .map(|(company, records)| (company, sorted(records)))
            .collect())
    }

    /// Adds a company's mapping to a transaction, replacing `before`. Refused if the managed company is claimed by another
    /// PSA company of this integration, or if the mapping is not what was seen.
    pub fn map_company(
        &self,
        tx: &mut Transaction,
        integration: &IntegrationId,
        before: Option<&CompanyMapping>,
        mapping: &CompanyMapping,
    ) -> Result<(), StoreError> {
        let moves = before.is_none_or(|before| before.managed != mapping.managed);
        if let Some(before) = before.filter(|_| moves) {
            let old = keys::managed_claim(&self.msp, integration, &before.managed);
            let values = [(":company", text(mapping.company.as_str()))];
            tx.delete(
                self,
                Table::Records,
                &old,
                "attribute_not_exists(pk) OR company = :company",
                &values,
            )?;
        }
        let claim = keys::managed_claim(&self.msp, integration, &mapping.managed);
        let values = [(":company", text(mapping.company.as_str()))];
        let mut claimed = bare_item(MANAGED_CLAIM, &claim);
        claimed.insert("company".to_owned(), text(mapping.company.as_str()));
        tx.put_if(
            self,
            Table::Records,
            claimed,
            "attribute_not_exists(pk) OR company = :company",
            &values,
        )?;

        let key = keys::company_mapping(&self.msp, integration, &mapping.company);
        let item = item(COMPANY_MAPPING, &key, &CompanyMappingRecord::from(mapping))?;
        let mut values = vec![(":now", text(mapping.managed.as_str()))];
        let condition = match before {
            // A repetition finds what it wrote the first time.
            None => "attribute_not_exists(pk) OR managed = :now",
            Some(before) => {
                values.push((":before", text(before.managed.as_str())));
                "managed = :before OR managed = :now"
            }
        };
        tx.put_if(self, Table::Records, item, condition, &values)?;
        Ok(())
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
        let after: Vec<AddressMappingRecord> = after.iter().map(AddressMappingRecord::from).collect();
        let after = before.replaced_by(&after)?;
        for (number, new) in after.chunks.iter().enumerate().rev() {
            if before.chunks.get(number) != Some(new) {
                let key = keys::address_mappings(&self.msp, integration, company, number);
                let item = packed_item(ADDRESS_MAPPINGS, &key, new)?;
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
        let there = self.address_chunks(integration, company).await?.len();
        if there == mapping.users {
            return Ok(None);
        }
        self.count_mappings(integration, company, there).map(Some)
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

    /// Which PSA company each managed company is mapped to.
    pub fn claims(
        mappings: &HashMap<PsaCompanyId, CompanyMapping>,
    ) -> impl Iterator<Item = (ManagedCompanyId, PsaCompanyId)> {
        mappings
            .values()
            .map(|mapping| (mapping.managed.clone(), mapping.company.clone()))
    }
}
