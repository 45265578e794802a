//! What all companies of a plan have in common, and how reading it fails.

use std::collections::HashMap;
use std::sync::Arc;

use directory::{Directory, DirectoryError};
use domain::facts::ManagedCompanies;
use domain::ids::PsaCompanyId;
use domain::import::Import;
use domain::mapping::CompanyMapping;
use domain::plan::mass_change::{self, MassChange, MassChangeLimit};
use store::decided::Decisions;
use store::rows::Row;
use store::{StoreError, Tenant};
use tokio::sync::OnceCell;

use crate::people::People;

/// Why planning failed.
#[derive(Debug, thiserror::Error)]
pub enum PlanningError {
    /// Reading the store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Reading the directory failed.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

impl PlanningError {
    /// What failed, for whatever can hold either.
    pub fn cause<E: From<StoreError> + From<DirectoryError>>(self) -> E {
        match self {
            Self::Store(error) => error.into(),
            Self::Directory(error) => error.into(),
        }
    }
}

/// Plans the companies of one import.
pub struct Planning {
    pub(crate) tenant: Tenant,
    pub(crate) people: People,
    pub(crate) import: Import,
    /// The managed companies there are.
    pub companies: ManagedCompanies,
    pub(crate) mappings: HashMap<PsaCompanyId, CompanyMapping>,
    /// What is decided.
    pub decisions: Decisions,
    rows: OnceCell<Vec<Row>>,
}

impl Planning {
    /// Reads what all companies have in common.
    pub async fn open(tenant: Tenant, directory: Arc<dyn Directory>, import: Import) -> Result<Self, PlanningError> {
        // Before any row is read: a decision that comes later is not in the plan.
        let decisions = tenant.decided(&import).await?;
        let mappings = tenant.company_mappings(&import.integration).await?;
        let managed = directory.companies().await?;
        let people = People::new(directory, managed.len());
        let companies = ManagedCompanies::new(managed, Tenant::claims(&mappings));
        Ok(Self {
            tenant,
            people,
            import,
            companies,
            mappings,
            decisions,
            rows: OnceCell::new(),
        })
    }

    /// All rows, in the order of their ids.
    pub(crate) async fn rows(&self) -> Result<&[Row], PlanningError> {
        let read = || self.tenant.rows(&self.import, &self.decisions);
        Ok(self.rows.get_or_try_init(read).await?)
    }

    /// One row.
    pub async fn row(&self, company: &PsaCompanyId) -> Result<Option<Row>, PlanningError> {
        Ok(match self.rows.get() {
            Some(rows) => rows.iter().find(|row| row.id == *company).cloned(),
            None => self.tenant.row(&self.import, company, &self.decisions).await?,
        })
    }

    /// The mapping of a company as it was when planning began.
    pub fn mapping(&self, company: &PsaCompanyId) -> Option<&CompanyMapping> {
        self.mappings.get(company)
    }

    /// Whether so many changes need to be confirmed as a mass change (R39).
    pub fn mass_change(&self, limit: MassChangeLimit, changes: u64) -> Option<MassChange> {
        limit.exceeded_by(changes, mass_change::mapped_users(self.mappings.values()))
    }
}
