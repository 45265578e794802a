//! What every stage of a fetch works with.

use std::ops::Deref;
use std::sync::Arc;

use domain::ids::PsaCompanyId;
use domain::integration::Integration;
use domain::psa::{Cursor, Totals};
use psa::Psa;
use serde::{Deserialize, Serialize};
use worker::Stop;

/// Where a fetch stands.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Position {
    pub stage: Stage,
    pub totals: Option<Totals>,
    pub buckets: usize,
    /// The last absent company that was read back; they are in the order of their ids.
    #[serde(default)]
    pub read_back: Option<PsaCompanyId>,
}

/// What is done next.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Stage {
    #[default]
    Totals,
    Companies(Option<Cursor>),
    Contacts(Option<Cursor>),
    Rows(usize),
    Missing,
    Review,
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
    /// The PSA, ready to be read until the run ends.
    pub async fn psa(&self) -> Result<Arc<dyn Psa>, Stop> {
        let psa = self
            .services
            .psa(&self.import.msp, &self.integration, self.deadline.0)
            .await?;
        Ok(psa)
    }
}
