//! The tenant of an integration's PSA: compared whenever the PSA is read for it, and proved when its connection changes (R51).

use domain::ids::{MspId, PsaCompanyId, TenantFingerprint};
use domain::integration::Integration;
use domain::psa::PsaFailure;
use domain::tenant::{is_recognised, witnesses};
use psa::{FingerprintSource, Psa};

use crate::services::{OpenError, Services, psa_failed};

impl Services {
    /// Refuses a PSA that answers as another tenant than the integration's. An integration without a fingerprint has none to compare.
    pub(crate) async fn compare_tenant(&self, integration: &Integration, psa: &dyn Psa) -> Result<(), OpenError> {
        let Some(own) = &integration.tenant else {
            return Ok(());
        };
        let found = psa.fingerprint().await.map_err(psa_failed(integration))?;
        if found == *own {
            Ok(())
        } else {
            Err(other_tenant(integration, "its fingerprint differs"))
        }
    }

    /// Proves that a new connection leads to the tenant of the integration, and returns its fingerprint. The mapped companies are
    /// read by id, too: equal fingerprints do not prove that it is the same server, and a login company can be renamed.
    pub async fn prove_tenant(
        &self,
        msp: &MspId,
        integration: &Integration,
        psa: &dyn Psa,
    ) -> Result<TenantFingerprint, OpenError> {
        let found = psa.fingerprint().await.map_err(psa_failed(integration))?;
        let is_equal = integration.tenant.as_ref().map(|own| *own == found);
        let vendor = self.connector.vendor(integration.kind);
        let can_be_renamed = vendor.is_some_and(|vendor| vendor.fingerprint == FingerprintSource::LoginCompany);
        if is_equal == Some(false) && !can_be_renamed {
            return Err(other_tenant(integration, "its fingerprint differs"));
        }
        match self.recognises(msp, integration, psa).await? {
            Some(false) => Err(other_tenant(integration, "the mapped companies are not there")),
            // Nothing is mapped, so nothing can tell that a renamed login company is the same tenant.
            None if is_equal == Some(false) => Err(other_tenant(integration, "the login company differs")),
            Some(true) | None => Ok(found),
        }
    }

    /// Whether the mapped companies are recognised; `None` if there are none.
    async fn recognises(
        &self,
        msp: &MspId,
        integration: &Integration,
        psa: &dyn Psa,
    ) -> Result<Option<bool>, OpenError> {
        let tenant = self.tenant(msp);
        let mappings = tenant.company_mappings(&integration.id).await?;
        if mappings.is_empty() {
            return Ok(None);
        }
        let dates = tenant.dates(&integration.id).await?;
        let witnesses = witnesses(mappings.into_values(), |company| dates.get(company).copied());
        let ids: Vec<PsaCompanyId> = witnesses.iter().map(|mapping| mapping.company.clone()).collect();
        let read = psa.look_up(&ids).await.map_err(psa_failed(integration))?;
        Ok(Some(is_recognised(&witnesses, &read)))
    }
}

fn other_tenant(integration: &Integration, reason: &str) -> OpenError {
    psa_failed(integration)(PsaFailure::other_tenant(reason)).into()
}
