//! Managed companies that can be handed over to another PSA company, since the one they are mapped to is gone (R58).

use domain::facts::HandOver;
use domain::ids::{ManagedCompanyId, PsaCompanyId};
use domain::import::Import;
use domain::mapping::CompanyMapping;
use domain::row::{CompanyRow, Target};
use store::decided::Decisions;
use store::{StoreError, Tenant};

use crate::context::{Context, PlanningError};

/// Whether this import has proved that a company is gone from the PSA.
pub async fn is_gone(tenant: &Tenant, import: &Import, company: &PsaCompanyId) -> Result<bool, StoreError> {
    let row = tenant.row(import, company, &Decisions::default()).await?;
    let reason = row.and_then(|row| row.reason);
    Ok(reason.is_some_and(domain::row::Absence::is_gone))
}

impl Context {
    /// What the decision on a row takes from a company that is gone.
    pub(crate) async fn hand_over(&self, row: &CompanyRow) -> Result<Option<HandOver>, PlanningError> {
        let Target::Existing(chosen) = &row.decision.target else {
            return Ok(None);
        };
        let Some(from) = self.mapping_of(chosen).filter(|from| from.company != row.id) else {
            return Ok(None);
        };
        if !is_gone(&self.tenant, &self.import, &from.company).await? {
            return Ok(None);
        }
        let addresses = self
            .tenant
            .address_mappings(&self.import.integration, &from.company)
            .await?;
        Ok(Some(HandOver {
            from: from.clone(),
            addresses,
            own: Vec::new(),
        }))
    }

    /// The mapping that a managed company has.
    fn mapping_of(&self, managed: &ManagedCompanyId) -> Option<&CompanyMapping> {
        self.mappings.get(self.companies.mapped_to(managed)?)
    }
}
