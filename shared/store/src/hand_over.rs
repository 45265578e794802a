//! Handing a managed company over to another PSA company (R58): one transaction drops the mapping of the company that is gone and makes
//! the new one, so that no reader ever finds both, or neither (R24).

use domain::ids::{IntegrationId, PsaCompanyId};
use domain::mapping::CompanyMapping;

use crate::StoreError;
use crate::dropping::MAX_DELETED_PER_TRANSACTION;
use crate::keys;
use crate::records::{COMPANY_MAPPING, CompanyMappingRecord, MANAGED_CLAIM};
use crate::table::{Table, Tenant, bare_item, item, text};
use crate::tx::{Action, Transaction};

impl Tenant {
    /// Adds to a transaction the writes that hand the managed company over: they delete the mapping of `from`, and store `mapping`, in
    /// place of the one that the company had `before`. The transaction is refused if another company has the managed one by now. If it
    /// was applied before, it changes nothing.
    ///
    /// The address mappings of `from` are deleted as well; those that follow are written with the outcomes of the company's users. A
    /// transaction has no room for very many deletions. The others are returned, to be made once the transaction is committed; a
    /// repeated call returns them again.
    pub async fn hand_over(
        &self,
        tx: &mut Transaction,
        integration: &IntegrationId,
        from: &PsaCompanyId,
        (before, mapping): (Option<&CompanyMapping>, &CompanyMapping),
    ) -> Result<Vec<Action>, StoreError> {
        let (company, managed) = (text(mapping.company.as_str()), text(mapping.managed.as_str()));
        if let Some(before) = before.filter(|before| before.managed != mapping.managed) {
            let left = keys::managed_claim(&self.msp, integration, &before.managed);
            let mine = [(":company", company.clone())];
            let condition = "attribute_not_exists(pk) OR company = :company";
            tx.delete(self, Table::Records, &left, condition, &mine)?;
        }
        let claim = keys::managed_claim(&self.msp, integration, &mapping.managed);
        let mut claimed = bare_item(MANAGED_CLAIM, &claim);
        claimed.insert("company".to_owned(), company.clone());
        let either = [(":from", text(from.as_str())), (":company", company)];
        tx.put_if(
            self,
            Table::Records,
            claimed,
            "company = :from OR company = :company",
            &either,
        )?;

        let gone = keys::company_mapping(&self.msp, integration, from);
        let condition = "attribute_not_exists(pk) OR managed = :managed";
        tx.delete(self, Table::Records, &gone, condition, &[(":managed", managed.clone())])?;
        let stored = self.stored_address_mappings(integration, from).await?;
        let deletions = stored.places();
        let deletions = deletions.map(|place| self.delete_address_mappings(integration, from, &place));
        let mut deletions: Vec<Action> = deletions.collect::<Result<_, _>>()?;
        let rest = deletions.split_off(deletions.len().min(MAX_DELETED_PER_TRANSACTION));
        for deletion in deletions {
            tx.push(deletion)?;
        }

        let key = keys::company_mapping(&self.msp, integration, &mapping.company);
        let item = item(COMPANY_MAPPING, &key, &CompanyMappingRecord::from(mapping))?;
        let mut values = vec![(":managed", managed)];
        let condition = match before {
            None => "attribute_not_exists(pk) OR managed = :managed",
            Some(before) => {
                values.push((":before", text(before.managed.as_str())));
                "managed = :before OR managed = :managed"
            }
        };
        tx.put_if(self, Table::Records, item, condition, &values)?;
        Ok(rest)
    }

    /// The write that stores the next generation of a company that is about to lose its mapping; `None` if it is stored already.
    ///
    /// The generation is a part of the idempotency key with which a managed company is created. If the company comes back, the stored
    /// generation makes that key a new one. With the former key the directory would answer with the managed company that was handed over.
    /// While the company has its mapping, nothing reads the stored generation: the mapping has its own.
    pub async fn keep_generation(
        &self,
        integration: &IntegrationId,
        company: &PsaCompanyId,
    ) -> Result<Option<Action>, StoreError> {
        let Some(mapping) = self.company_mapping(integration, company).await? else {
            return Ok(None);
        };
        let mut standing = self.standing(integration).await?;
        let next = mapping.generation + 1;
        if standing.generation(company) >= next {
            return Ok(None);
        }
        standing.generations.insert(company.clone(), next);
        self.standing_action(integration, &standing).map(Some)
    }
}
