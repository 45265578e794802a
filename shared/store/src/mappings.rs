//! Mappings of companies: two items, one each way, written together: that is what keeps one PSA company to one managed company in both
//! directions (R24). Those of addresses are in `address_mappings.rs`.

use std::collections::HashMap;

use domain::ids::{IntegrationId, ManagedCompanyId, PsaCompanyId};
use domain::mapping::CompanyMapping;

pub use crate::address_mappings::AddressMappings;

use crate::StoreError;
use crate::keys;
use crate::records::{COMPANY_MAPPING, CompanyMappingRecord, MANAGED_CLAIM};
use crate::table::{Consistency, Item, Table, Tenant, bare_item, body, item, text};
use crate::tx::Transaction;

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
        let mut all = HashMap::new();
        let take = |item| {
            let mapping = read_company(item)?;
            all.insert(mapping.company.clone(), mapping);
            Ok::<(), StoreError>(())
        };
        self.query_each(Table::Records, (&pk, keys::COMPANY_MAPPING), take)
            .await?;
        Ok(all)
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
        let items = self.query_among(Table::Records, &pk, range.into_iter(), Consistency::Strong);
        let items = items.await?;
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

    /// Which PSA company each managed company is mapped to.
    pub fn claims(
        mappings: &HashMap<PsaCompanyId, CompanyMapping>,
    ) -> impl Iterator<Item = (ManagedCompanyId, PsaCompanyId)> {
        mappings
            .values()
            .map(|mapping| (mapping.managed.clone(), mapping.company.clone()))
    }
}
