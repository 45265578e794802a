//! What is known before the facts of a company are gathered: of all companies of an import, or of one; and how reading it fails.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use directory::{Directory, DirectoryError};
use domain::facts::ManagedCompanies;
use domain::ids::PsaCompanyId;
use domain::import::Import;
use domain::mapping::CompanyMapping;
use store::decided::Decisions;
use store::rows::PackedRows;
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

/// What companies of an import are planned with: those of [`Planning`] are all, those of [`Context::of_company`] are one.
pub struct Context {
    pub(crate) tenant: Tenant,
    pub(crate) people: People,
    pub(crate) import: Import,
    /// The managed companies that the companies may have to do with.
    pub companies: ManagedCompanies,
    pub(crate) mappings: HashMap<PsaCompanyId, CompanyMapping>,
    /// What is decided on the companies.
    pub decisions: Decisions,
}

/// Plans the companies of one import.
pub struct Planning {
    context: Context,
    rows: OnceCell<PackedRows>,
    /// People as eventually consistent reads show them, for a first look; `None` if there is no such look.
    pub(crate) of_late: Option<People>,
}

impl Deref for Planning {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.context
    }
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
        let context = Context {
            tenant,
            people,
            import,
            companies,
            mappings,
            decisions,
        };
        Ok(Self {
            context,
            rows: OnceCell::new(),
            of_late: None,
        })
    }

    /// Plans each company from eventually consistent reads first, at half the price. If something is to be done for the company, it is
    /// planned again from strongly consistent reads. So a change of the last moment may be missed, as if it came a moment later, but
    /// nothing is done because of outdated data. Do not use this for a person who expects to see her own change.
    #[must_use]
    pub fn at_half_the_price(self) -> Self {
        Self {
            of_late: Some(self.context.people.of_late()),
            ..self
        }
    }

    /// All rows, packed.
    pub(crate) async fn rows(&self) -> Result<&PackedRows, PlanningError> {
        let read = || self.tenant.packed_rows(&self.import);
        Ok(self.rows.get_or_try_init(read).await?)
    }

    /// The mapping of a company as it was when planning began.
    pub fn mapping(&self, company: &PsaCompanyId) -> Option<&CompanyMapping> {
        self.mappings.get(company)
    }
}
