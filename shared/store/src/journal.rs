//! The journal of an execution: what was intended for each company before anything was done, and how it ended.
//!
//! A company at a time: `begin` writes the intent, then the directory is called, then `finish` writes mappings and outcomes
//! in one transaction. Killed in between, the next run finds the intent and repeats the calls with the same tokens.

use std::collections::HashMap;

use domain::ids::PsaCompanyId;
use domain::import::Import;
use domain::outcome::RowOutcome;
use domain::plan::{CompanyPlan, PlanDigest};
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::keys;
use crate::table::{Item, Place, Tenant, packed_body};
use crate::tx::Transaction;

/// What stands in the journal about one company.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Step {
    /// What was intended.
    #[serde(rename = "p")]
    pub plan: CompanyPlan,
    /// How it ended, if it has.
    #[serde(rename = "o")]
    pub outcomes: Option<Vec<RowOutcome>>,
}

/// Companies that needed nothing, many to an item.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unchanged {
    /// The company.
    #[serde(rename = "c")]
    pub company: PsaCompanyId,
    /// Its rows' outcomes.
    #[serde(rename = "o")]
    pub outcomes: Vec<RowOutcome>,
}

/// Digests in one item: 25,000 companies make two items.
const DIGESTS_PER_ITEM: usize = 15_000;

/// The digests that were agreed to, by company.
pub type Digests = HashMap<PsaCompanyId, PlanDigest>;

impl Tenant {
    /// Adds a company's journal entry to a transaction.
    pub fn journal(&self, tx: &mut Transaction, import: &Import, step: &Step) -> Result<(), StoreError> {
        let key = keys::step(&self.msp, &import.id, &step.plan.company);
        self.put_packed(tx, import, "journal", &key, step)
    }

    /// Adds the entry of many companies that needed nothing.
    pub fn journal_unchanged(
        &self,
        tx: &mut Transaction,
        import: &Import,
        number: u64,
        unchanged: &[Unchanged],
    ) -> Result<(), StoreError> {
        let key = keys::unchanged(&self.msp, &import.id, number);
        self.put_packed(tx, import, "unchanged", &key, unchanged)
    }

    /// What stands in the journal about one company.
    pub async fn step(&self, import: &Import, company: &PsaCompanyId) -> Result<Option<Step>, StoreError> {
        let item = self
            .get(Place::Imports, &keys::step(&self.msp, &import.id, company))
            .await?;
        item.map(|item| packed_body("journal", &item)).transpose()
    }

    /// Reads the journal, a page of at most 1 MB at a time.
    pub async fn steps_page(
        &self,
        import: &Import,
        after: Option<&Item>,
    ) -> Result<(Vec<Step>, Option<Item>), StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let (items, next) = self.query_page(Place::Imports, &pk, keys::STEP, after, None).await?;
        let steps = items
            .iter()
            .map(|item| packed_body("journal", item))
            .collect::<Result<_, _>>()?;
        Ok((steps, next))
    }

    /// Reads the companies that needed nothing.
    pub async fn unchanged_page(
        &self,
        import: &Import,
        after: Option<&Item>,
    ) -> Result<(Vec<Unchanged>, Option<Item>), StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let (items, next) = self
            .query_page(Place::Imports, &pk, keys::UNCHANGED, after, None)
            .await?;
        let mut all = Vec::new();
        for item in &items {
            all.extend(packed_body::<Vec<Unchanged>>("unchanged", item)?);
        }
        Ok((all, next))
    }

    /// Adds the digests of the plan that was agreed to.
    pub fn agree(
        &self,
        tx: &mut Transaction,
        import: &Import,
        digests: &[(PsaCompanyId, PlanDigest)],
    ) -> Result<(), StoreError> {
        for (number, chunk) in digests.chunks(DIGESTS_PER_ITEM).enumerate() {
            let packed: Vec<(&str, u64)> = chunk
                .iter()
                .map(|(company, digest)| (company.as_str(), u64::from_be_bytes(digest.to_bytes())))
                .collect();
            let key = keys::digests(&self.msp, &import.id, number);
            self.put_packed(tx, import, "digests", &key, &packed)?;
        }
        Ok(())
    }

    /// The digests of the plan that was agreed to.
    pub async fn agreed(&self, import: &Import) -> Result<Digests, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let mut digests = Digests::new();
        for item in self.query(Place::Imports, &pk, "DIGESTS#").await? {
            let packed: Vec<(String, u64)> = packed_body("digests", &item)?;
            digests.extend(
                packed.into_iter().map(|(company, digest)| {
                    (PsaCompanyId::new(company), PlanDigest::from_bytes(digest.to_be_bytes()))
                }),
            );
        }
        Ok(digests)
    }
}
