//! What every stage of a fetch works with.

use std::ops::Deref;
use std::sync::Arc;

use directory::Reading;
use domain::ids::PsaCompanyId;
use domain::integration::Integration;
use domain::not_in::FoundAbsent;
use domain::psa::{Cursor, PsaFailure, Totals};
use domain::reading::Connection;
use jiff::Timestamp;
use psa::Psa;
use serde::{Deserialize, Serialize};
use store::snapshot::pages::Saved;
use store::waited::Waited;
use worker::Stop;

/// Where a fetch stands.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Position {
    pub stage: Stage,
    pub totals: Option<Totals>,
    /// Companies of contacts that a read by id has not found, once they were looked for and are few enough to be kept here.
    #[serde(default)]
    pub gone: Option<Vec<PsaCompanyId>>,
    /// The stored pages that are behind this position.
    #[serde(default)]
    pub saved: Saved,
    /// What the complete snapshot has found absent.
    #[serde(default)]
    pub absent: FoundAbsent,
    /// How far the directory is read.
    #[serde(default)]
    pub directory: DirectoryStage,
    /// Whether any contact of the walk hangs on a company.
    #[serde(default)]
    pub contact_has_company: bool,
    /// When a walk began, by our clock.
    #[serde(default)]
    pub began_at: Option<Timestamp>,
    /// When a walk began, by the clock of the PSA.
    #[serde(default)]
    pub as_of: Option<Timestamp>,
}

/// What is done next.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Stage {
    #[default]
    Totals,
    Companies(Option<Cursor>),
    Contacts(Option<Cursor>),
    /// The pages are complete.
    Rows,
    /// The snapshot counts.
    Review,
}

/// How far the directory is read, which is done once the PSA is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum DirectoryStage {
    #[default]
    Unread,
    Reading(Reading),
    Read,
}

/// A run of the worker on an import, and the integration that it reads.
#[derive(Clone)]
pub(crate) struct Run {
    pub worker: worker::Run,
    pub integration: Integration,
}

impl Deref for Run {
    type Target = worker::Run;

    fn deref(&self) -> &worker::Run {
        &self.worker
    }
}

impl Run {
    /// Where and as whom the PSA is read.
    pub fn connection(&self) -> Connection {
        let integration = self.integration.clone();
        Connection {
            address: integration.address,
            company_id: integration.company_id,
            secret: integration.secret,
        }
    }

    /// Decides on a failed call to the PSA whose answer the snapshot can do without. As long as the work may wait for the PSA, returns the
    /// stop that makes it wait. After that, returns the failure, and the caller continues without the answer.
    pub fn tolerate(&self, failure: PsaFailure, waited: Waited) -> Result<PsaFailure, Stop> {
        let stop = Stop::Psa(failure.clone());
        if self.may_wait(&stop, waited) {
            return Err(stop);
        }
        Ok(failure)
    }

    /// The PSA, ready to be read until the run ends, and known to be the integration's tenant.
    pub async fn psa(&self) -> Result<Arc<dyn Psa>, Stop> {
        let (msp, deadline) = (&self.import.msp, self.deadline.0);
        Ok(self.services.psa(msp, &self.integration, deadline).await?)
    }

    /// The PSA, ready to be read until the run ends, at a stage before which its tenant was compared.
    pub async fn compared_psa(&self) -> Result<Arc<dyn Psa>, Stop> {
        let (msp, deadline) = (&self.import.msp, self.deadline.0);
        Ok(self.services.open_psa(msp, &self.integration, deadline).await?)
    }

    /// Stores the tenant's fingerprint with an integration that has none, once the mapped companies are recognised. An integration
    /// that was edited meanwhile, or that has learned it, is left as it is: the next run compares.
    pub async fn learn_tenant(&self, psa: &dyn Psa) -> Result<(), Stop> {
        if self.integration.tenant.is_some() {
            return Ok(());
        }
        let proved = self.services.prove_tenant(&self.import.msp, &self.integration, psa);
        let fingerprint = proved.await?;
        self.tenant.learn_tenant(&self.integration, &fingerprint).await?;
        Ok(())
    }

    /// Stores where the PSA answers now, if that is another place or release than before. It is only shown, so nothing depends on
    /// whether the integration was edited meanwhile.
    pub async fn learn_system(&self, psa: &dyn Psa) -> Result<(), Stop> {
        let system = psa.system().await?;
        if self.integration.system.as_ref() != Some(&system) {
            self.tenant.learn_system(&self.integration, &system).await?;
        }
        Ok(())
    }
}
