//! Dropping a mapping by hand, outside of any import (R96). The managed company and its users stay (R50).
//!
//! It is refused as long as an import holds the integration. The transaction proves that no import has taken the integration since. An
//! import in review whose lock has run out may come back; it finds its plan changed.

use domain::audit::AuditAction;
use domain::ids::{AddressId, IntegrationId, PsaCompanyId};
use domain::import::Holder;
use domain::mapping::{CompanyMapping, MAX_DROPPED};
use domain::plan::PlanCompany;

use crate::StoreError;
use crate::keys;
use crate::lock::LockItem;
use crate::retry::Attempts;
use crate::standing::By;
use crate::table::{Table, Tenant, text};
use crate::tx::Transaction;

/// Items of address mappings that one transaction deletes, next to the proofs and the company's own mapping.
pub(crate) const MAX_DELETED_PER_TRANSACTION: usize = 80;

/// How dropping a mapping ended.
#[derive(Debug)]
#[must_use]
pub enum Dropped {
    /// It is dropped. This is the mapping that the company had; or, if the mapping of one address was dropped, the one that it still has.
    Dropped(Box<CompanyMapping>),
    /// Nothing is dropped: an import holds the integration.
    Locked(Holder),
    /// Nothing is dropped: there is no such mapping.
    NotMapped,
    /// Nothing is dropped. For each company whose mapping was dropped by hand, the integration stores the generation of its next managed
    /// company, and there is no room for one more ([`MAX_DROPPED`]).
    Full,
}

impl Tenant {
    /// Drops the mapping of a company with those of its addresses. Killed in between, the same call drops the rest.
    pub async fn drop_mapping(
        &self,
        integration: &IntegrationId,
        company: &PsaCompanyId,
        by: By<'_>,
    ) -> Result<Dropped, StoreError> {
        let mut attempts = Attempts::at("mapping");
        loop {
            let lock = self.lock(integration).await?;
            if let Some(holder) = self.under_way(lock.as_ref(), by.at).await? {
                return Ok(Dropped::Locked(holder));
            }
            let Some(mapping) = self.company_mapping(integration, company).await? else {
                return Ok(Dropped::NotMapped);
            };
            let mut standing = self.standing(integration).await?;
            if standing.generations.len() >= MAX_DROPPED && !standing.generations.contains_key(company) {
                return Ok(Dropped::Full);
            }
            standing.generations.insert(company.clone(), mapping.generation + 1);
            let mut tx = self.while_nothing_executes(integration, lock.as_ref())?;
            let stored = self.stored_address_mappings(integration, company).await?;
            let mut places = stored.places();
            for place in places.by_ref().take(MAX_DELETED_PER_TRANSACTION) {
                tx.push(self.delete_address_mappings(integration, company, &place)?)?;
            }
            // The company's own mapping goes last: what is left of its addresses is found by it.
            let is_last = places.next().is_none();
            if is_last {
                tx.push(match self.standing_action(integration, &standing) {
                    Err(StoreError::TooLarge { .. }) => return Ok(Dropped::Full),
                    action => action?,
                })?;
                self.delete_mapping(&mut tx, integration, &mapping)?;
                let entry = by.entry(dropped(&mapping, None));
                self.audit(&mut tx, integration, &entry, by.entry)?;
            }
            match (tx.commit(self).await?.committed(), is_last) {
                (true, true) => return Ok(Dropped::Dropped(Box::new(mapping))),
                (true, false) => {}
                (false, _) => attempts.again().await?,
            }
        }
    }

    fn delete_mapping(
        &self,
        tx: &mut Transaction,
        integration: &IntegrationId,
        mapping: &CompanyMapping,
    ) -> Result<(), StoreError> {
        let claim = keys::managed_claim(&self.msp, integration, &mapping.managed);
        let mine = [(":company", text(mapping.company.as_str()))];
        let condition = "attribute_not_exists(pk) OR company = :company";
        tx.delete(self, Table::Records, &claim, condition, &mine)?;
        let key = keys::company_mapping(&self.msp, integration, &mapping.company);
        let seen = [(":managed", text(mapping.managed.as_str()))];
        tx.delete(self, Table::Records, &key, "managed = :managed", &seen)?;
        Ok(())
    }

    /// Drops the mapping of one address of a company, which stays mapped.
    pub async fn drop_address_mapping(
        &self,
        integration: &IntegrationId,
        (company, address): (&PsaCompanyId, &AddressId),
        by: By<'_>,
    ) -> Result<Dropped, StoreError> {
        let mut attempts = Attempts::at("mapping");
        loop {
            let lock: Option<LockItem> = self.lock(integration).await?;
            if let Some(holder) = self.under_way(lock.as_ref(), by.at).await? {
                return Ok(Dropped::Locked(holder));
            }
            let Some(mapping) = self.company_mapping(integration, company).await? else {
                return Ok(Dropped::NotMapped);
            };
            let before = self
                .stored_address_mappings(integration, company)
                .await?
                .counted_as(mapping.users);
            let (gone, after): (Vec<_>, Vec<_>) = before.all().into_iter().partition(|of| of.id == *address);
            if gone.is_empty() {
                return Ok(Dropped::NotMapped);
            }
            let mut tx = self.while_nothing_executes(integration, lock.as_ref())?;
            let (actions, _) = self.map_addresses(integration, company, &before, &after)?;
            for action in actions {
                tx.push(action)?;
            }
            let entry = by.entry(dropped(&mapping, Some(address)));
            self.audit(&mut tx, integration, &entry, by.entry)?;
            if tx.commit(self).await?.committed() {
                return Ok(Dropped::Dropped(Box::new(mapping)));
            }
            attempts.again().await?;
        }
    }
}

fn dropped(mapping: &CompanyMapping, address: Option<&AddressId>) -> AuditAction {
    AuditAction::MappingDropped {
        company: PlanCompany {
            id: mapping.company.clone(),
            name: mapping.name.clone(),
        },
        managed_company: mapping.managed.clone(),
        address: address.cloned(),
    }
}
