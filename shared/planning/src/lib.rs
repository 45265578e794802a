//! From what is stored to a plan: gathers the facts of each company from the store and the directory and applies the rules
//! of `domain` to them. The same code shows the plan, checks its hash, and applies it.

use std::collections::HashMap;
use std::sync::Arc;

use directory::{Directory, DirectoryError};
use domain::facts::{CompanyFacts, ManagedCompanies};
use domain::ids::PsaCompanyId;
use domain::import::Import;
use domain::mapping::CompanyMapping;
use domain::plan::mass_change::{self, MassChange, MassChangeLimit};
use domain::plan::{ClaimedInPlan, CompanyPlan, planner};
use domain::row::CompanyRow;
use futures::{Stream, StreamExt, TryStreamExt};
use store::journal::{ConfirmedCompany, PlanHasher};
use store::{Item, StoreError, Tenant};

mod facts;

use facts::{Asked, Group};

/// Groups of companies whose facts are gathered at once.
const GROUP_CONCURRENCY: usize = 8;

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
    tenant: Tenant,
    directory: Arc<dyn Directory>,
    import: Import,
    /// The managed companies there are.
    pub companies: ManagedCompanies,
    mappings: HashMap<PsaCompanyId, CompanyMapping>,
}

/// A whole plan in short, while it is being computed.
#[derive(Default)]
pub struct Digest {
    confirmed: Vec<(PsaCompanyId, ConfirmedCompany)>,
    licences: u64,
    changes: u64,
    hasher: PlanHasher,
}

/// A whole plan in short.
pub struct WholePlan {
    /// Its hash.
    pub hash: String,
    /// Licences needed (R46).
    pub licences: u64,
    /// Companies and users that would be created or changed (R39).
    pub changes: u64,
    /// What is to be confirmed for each company for which something is done.
    pub confirmed: Vec<(PsaCompanyId, ConfirmedCompany)>,
}

impl Digest {
    /// Adds the next company.
    pub fn add(&mut self, plan: &CompanyPlan) {
        let confirmed = ConfirmedCompany::new(plan, plan.skipped_conflicting());
        self.hasher.add(&plan.company, confirmed.digest);
        self.licences += plan.licences_needed();
        self.changes += mass_change::changes(plan);
        // The rest comes to the same when it is planned again.
        if plan.is_unchanged() && !confirmed.depends_on_others() {
            return;
        }
        self.confirmed.push((plan.company.clone(), confirmed));
    }

    /// The plan that was added up.
    pub fn finish(self) -> WholePlan {
        WholePlan {
            hash: self.hasher.finish(),
            licences: self.licences,
            changes: self.changes,
            confirmed: self.confirmed,
        }
    }
}

impl Planning {
    /// Reads what all companies have in common.
    pub async fn open(tenant: Tenant, directory: Arc<dyn Directory>, import: Import) -> Result<Self, PlanningError> {
        let mappings = tenant.company_mappings(&import.integration).await?;
        let companies = ManagedCompanies::new(directory.companies().await?, Tenant::claims(&mappings));
        Ok(Self {
            tenant,
            directory,
            import,
            companies,
            mappings,
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

    /// Gathers the facts of one company, those of addresses that are not ticked included.
    pub async fn facts(&self, row: CompanyRow) -> Result<CompanyFacts, PlanningError> {
        self.facts_of_one(row, Asked::All).await
    }

    /// Plans one company.
    pub async fn plan(&self, row: CompanyRow) -> Result<CompanyPlan, PlanningError> {
        let facts = self.facts_of_one(row, Asked::Ticked).await?;
        Ok(planner::plan_company(&facts, &self.companies))
    }

    /// All rows behind `after`, in the order of their keys, a page at a time.
    fn pages<'a>(
        &'a self,
        after: Option<&PsaCompanyId>,
    ) -> impl Stream<Item = Result<Vec<CompanyRow>, PlanningError>> + 'a {
        let start = after.map(|company| self.tenant.rows_after(&self.import, company));
        futures::stream::try_unfold(Some(start), move |from: Option<Option<Item>>| async move {
            let Some(from) = from else { return Ok(None) };
            let (rows, next) = self.tenant.rows_page(&self.import, from.as_ref()).await?;
            Ok(Some((rows, next.map(Some))))
        })
    }

    /// The selected rows behind `after`, in the order of their keys.
    pub fn selected<'a>(
        &'a self,
        after: Option<&PsaCompanyId>,
    ) -> impl Stream<Item = Result<CompanyRow, PlanningError>> + 'a {
        self.pages(after)
            .map_ok(|rows| futures::stream::iter(rows.into_iter().filter(facts::is_selected)).map(Ok))
            .try_flatten()
    }

    /// The selected rows, in the order of their keys, in groups.
    fn groups(&self) -> impl Stream<Item = Result<Group, PlanningError>> + '_ {
        self.pages(None)
            .map_ok(|rows| futures::stream::iter(Group::of(rows)).map(Ok))
            .try_flatten()
    }

    async fn plan_group(&self, group: Group) -> Result<Vec<CompanyPlan>, PlanningError> {
        let facts = self.facts_of(group).await?;
        let plans = facts.iter().map(|facts| planner::plan_company(facts, &self.companies));
        Ok(plans.collect())
    }

    /// Plans all selected companies, in the order of their rows.
    pub fn plans(&self) -> impl Stream<Item = Result<CompanyPlan, PlanningError>> + '_ {
        let mut claimed = ClaimedInPlan::default();
        let groups = self.groups().map_ok(|group| self.plan_group(group));
        let plans = groups.try_buffered(GROUP_CONCURRENCY);
        let plans = plans.map_ok(|plans| futures::stream::iter(plans).map(Ok)).try_flatten();
        plans.map_ok(move |mut plan| {
            claimed.skip_conflicts(&mut plan);
            plan
        })
    }

    /// The whole plan in short.
    pub async fn whole(&self) -> Result<WholePlan, PlanningError> {
        let digest = self
            .plans()
            .try_fold(Digest::default(), |mut digest, plan| async move {
                digest.add(&plan);
                Ok(digest)
            })
            .await?;
        Ok(digest.finish())
    }
}
