//! Handing a managed company over to another PSA company (R58): one transaction drops the mapping of the company that is gone and makes
//! the new one, so that no reader ever finds both, or neither (R24).

use domain::ids::{IntegrationId, PsaCompanyId};
use domain::mapping::CompanyMapping;

use crate::StoreError;
use crate::keys;
use crate::records::{COMPANY_MAPPING, CompanyMappingRecord, MANAGED_CLAIM};
use crate::table::{Table, Tenant, bare_item, item, text};
use crate::tx::Transaction;

impl Tenant {
    /// Adds to a transaction that `mapping` replaces the one of `from`, and the one that the company had `before`. Refused if
    /// another company has the managed one by now. A repetition finds what it wrote the first time, and changes nothing.
    ///
    /// The address mappings of `from` go as well: those that follow are written with the outcomes of the company's users.
    pub async fn hand_over(
        &self,
        tx: &mut Transaction,
        integration: &IntegrationId,
        from: &PsaCompanyId,
        (before, mapping): (Option<&CompanyMapping>, &CompanyMapping),
    ) -> Result<(), StoreError> {
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
        for chunk in 0..self.address_chunks(integration, from).await?.chunks() {
            let key = keys::address_mappings(&self.msp, integration, from, chunk);
            tx.delete(self, Table::Records, &key, "attribute_exists(pk)", &[])?;
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
        Ok(())
    }
}
