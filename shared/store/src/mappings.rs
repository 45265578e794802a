//! Mappings. A company's is two items, one each way, written together: that is what keeps one PSA company to one managed
//! company in both directions (R24). Addresses are packed: a company's are read and written together.

use std::collections::HashMap;

use domain::ids::{IntegrationId, ManagedCompanyId, PsaCompanyId};
use domain::mapping::{AddressMapping, CompanyMapping};

use crate::StoreError;
use crate::keys;
use crate::table::{Place, Tenant, body, company_in, item, number, packed_body, packed_item, text};
use crate::tx::Transaction;

/// Address mappings in one item.
const PER_CHUNK: usize = 1_000;

impl Tenant {
    /// All company mappings of an integration.
    pub async fn company_mappings(
        &self,
        integration: &IntegrationId,
    ) -> Result<HashMap<PsaCompanyId, CompanyMapping>, StoreError> {
        let pk = keys::integration_partition(&self.msp, integration);
        let items = self.query(Place::Records, &pk, keys::COMPANY_MAPPING).await?;
        items
            .into_iter()
            .map(|item| {
                body::<CompanyMapping>("company mapping", item).map(|mapping| (mapping.company.clone(), mapping))
            })
            .collect()
    }

    /// The mapping of one company.
    pub async fn company_mapping(
        &self,
        integration: &IntegrationId,
        company: &PsaCompanyId,
    ) -> Result<Option<CompanyMapping>, StoreError> {
        let key = keys::company_mapping(&self.msp, integration, company);
        let item = self.get(Place::Records, &key).await?;
        item.map(|item| body("company mapping", item)).transpose()
    }

    /// The address mappings of one company.
    pub async fn address_mappings(
        &self,
        integration: &IntegrationId,
        company: &PsaCompanyId,
    ) -> Result<Vec<AddressMapping>, StoreError> {
        let pk = keys::integration_partition(&self.msp, integration);
        let items = self
            .query(Place::Records, &pk, &keys::address_mappings_prefix(company))
            .await?;
        let mut all = Vec::new();
        for item in items {
            all.extend(packed_body::<Vec<AddressMapping>>("address mappings", &item)?);
        }
        Ok(all)
    }

    /// The address mappings of several companies at once, and of those between them.
    pub async fn address_mappings_among(
        &self,
        integration: &IntegrationId,
        companies: &[PsaCompanyId],
    ) -> Result<HashMap<PsaCompanyId, Vec<AddressMapping>>, StoreError> {
        let pk = keys::integration_partition(&self.msp, integration);
        let prefixes = companies.iter().map(keys::address_mappings_prefix);
        let mut all: HashMap<PsaCompanyId, Vec<AddressMapping>> = HashMap::new();
        for item in self.query_among(Place::Records, &pk, prefixes).await? {
            if let Some(company) = company_in(&item, keys::ADDRESS_MAPPINGS) {
                let mappings: Vec<AddressMapping> = packed_body("address mappings", &item)?;
                all.entry(company).or_default().extend(mappings);
            }
        }
        Ok(all)
    }

    /// Adds a company's mapping to a transaction, replacing `before`. Refused if the managed company is claimed by another
    /// PSA company of this integration, or if the mapping is not what was seen. Returns the number of the claim's action.
    pub fn map_company(
        &self,
        tx: &mut Transaction,
        integration: &IntegrationId,
        before: Option<&CompanyMapping>,
        mapping: &CompanyMapping,
    ) -> Result<usize, StoreError> {
        let moves = before.is_none_or(|before| before.managed != mapping.managed);
        if let Some(before) = before.filter(|_| moves) {
            let old = keys::managed_claim(&self.msp, integration, &before.managed);
            let values = [(":company", text(mapping.company.as_str()))];
            tx.delete(
                self,
                Place::Records,
                &old,
                "attribute_not_exists(pk) OR company = :company",
                &values,
            )?;
        }
        let claim = keys::managed_claim(&self.msp, integration, &mapping.managed);
        let claim_action = tx.len();
        let values = [(":company", text(mapping.company.as_str()))];
        let mut claimed = claim.to_item();
        claimed.insert("company".to_owned(), text(mapping.company.as_str()));
        tx.put_if(
            self,
            Place::Records,
            claimed,
            "attribute_not_exists(pk) OR company = :company",
            &values,
        )?;

        let key = keys::company_mapping(&self.msp, integration, &mapping.company);
        let item = item("company mapping", &key, mapping)?;
        let mut values = vec![(":now", text(mapping.managed.as_str()))];
        let condition = match before {
            // A repetition finds what it wrote the first time.
            None => "attribute_not_exists(pk) OR managed = :now",
            Some(before) => {
                values.push((":before", text(before.managed.as_str())));
                "managed = :before OR managed = :now"
            }
        };
        tx.put_if(self, Place::Records, item, condition, &values)?;
        Ok(claim_action)
    }

    /// Adds a company's address mappings to a transaction, replacing those `before`, which are all that there are, and counts
    /// them on the company's own mapping. Items that would stay the same are not written.
    pub fn map_addresses(
        &self,
        tx: &mut Transaction,
        integration: &IntegrationId,
        company: &PsaCompanyId,
        before: &[AddressMapping],
        after: &[AddressMapping],
    ) -> Result<(), StoreError> {
        if after.len() != before.len() {
            tx.update(
                self,
                Place::Records,
                &keys::company_mapping(&self.msp, integration, company),
                "SET #users = :users",
                "attribute_exists(pk)",
                &[(":users", number(after.len()))],
            )?;
        }
        let (mut old, mut new) = (before.chunks(PER_CHUNK), after.chunks(PER_CHUNK));
        for number in 0.. {
            let (old, new) = match (old.next(), new.next()) {
                (None, None) => break,
                (old, new) => (old.unwrap_or_default(), new.unwrap_or_default()),
            };
            if old != new {
                let key = keys::address_mappings(&self.msp, integration, company, number);
                let item = packed_item("address mappings", &key, new)?;
                tx.put(self, Place::Records, item)?;
            }
        }
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
