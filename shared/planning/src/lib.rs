//! From what is stored to a plan: gathers the facts of each company from the store and the directory and applies the rules
//! of `domain` to them. The same code shows the plan, checks its hash, and carries it out.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use directory::{Directory, DirectoryError};
use domain::address::{Address, AddressKey};
use domain::facts::{CompanyFacts, ManagedCompanies};
use domain::ids::PsaCompanyId;
use domain::import::Import;
use domain::mapping::CompanyMapping;
use domain::plan::{CompanyPlan, PlanHasher, Wanted};
use domain::planner;
use domain::policy::{MassChange, MassChangeLimit};
use domain::row::{CompanyRow, Tab};
use futures::{Stream, TryStreamExt};
use store::journal::Agreed;
use store::{Item, StoreError, Tenant};

/// Companies whose facts are gathered at once: nearly all of it is waiting for the tables.
const AT_ONCE: usize = 32;

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
    agreed: Vec<(PsaCompanyId, Agreed)>,
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
    /// What is to be agreed to for each company for which something is done.
    pub agreed: Vec<(PsaCompanyId, Agreed)>,
}

impl Digest {
    /// Adds the next company.
    pub fn add(&mut self, plan: &CompanyPlan) {
        let digest = plan.digest();
        self.hasher.add(&plan.company, digest);
        let yields_to = plan.yields_to().cloned();
        if plan.changes_nothing() && yields_to.is_none() {
            return;
        }
        self.licences += plan.licences_needed();
        self.changes += plan.changes();
        let given_way = plan.given_way();
        let agreed = Agreed {
            digest,
            yields_to,
            given_way,
        };
        self.agreed.push((plan.company.clone(), agreed));
    }

    /// The plan that was added up.
    pub fn finish(self) -> WholePlan {
        WholePlan {
            hash: self.hasher.finish(),
            licences: self.licences,
            changes: self.changes,
            agreed: self.agreed,
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
        let mapped_users = self.mappings.values().map(|mapping| mapping.users).sum();
        limit.exceeded_by(changes, mapped_users)
    }

    /// Gathers the facts of one company.
    pub async fn facts(&self, row: CompanyRow) -> Result<CompanyFacts, PlanningError> {
        let mut addresses = Vec::new();
        for chunk in self.tenant.addresses(&self.import, &row.id).await? {
            let mut decisions = chunk.decisions;
            addresses.extend(chunk.addresses.into_iter().map(|address| {
                let decision = decisions.remove(&address.id).unwrap_or_default();
                (address, decision)
            }));
        }
        let mapping = self.mappings.get(&row.id).cloned();
        let mapped_addresses = match mapping {
            Some(_) => self.tenant.address_mappings(&self.import.integration, &row.id).await?,
            None => Vec::new(),
        };
        let mut facts = CompanyFacts {
            row,
            mapping,
            addresses,
            mapped_addresses,
            users: HashMap::new(),
            holders: HashMap::new(),
        };
        if let Some(managed) = planner::managed_company(&facts, &self.companies) {
            let users = self.directory.users(&managed).await?;
            facts.users = users.into_iter().map(|user| (user.id.clone(), user)).collect();
        }
        let unknown = unknown_addresses(&facts);
        if !unknown.is_empty() {
            let holders = self.directory.holders(&unknown).await?;
            facts.holders = holders
                .into_iter()
                .map(|holder| (holder.address.clone(), holder))
                .collect();
        }
        Ok(facts)
    }

    /// Plans one company.
    pub async fn plan(&self, row: CompanyRow) -> Result<CompanyPlan, PlanningError> {
        Ok(planner::plan_company(&self.facts(row).await?, &self.companies))
    }

    /// The selected rows behind `after`, in the order of their keys.
    pub fn selected<'a>(
        &'a self,
        after: Option<&PsaCompanyId>,
    ) -> impl Stream<Item = Result<CompanyRow, PlanningError>> + 'a {
        let start = after.map(|company| self.tenant.rows_after(&self.import, company));
        futures::stream::try_unfold(Some(start), move |from: Option<Option<Item>>| async move {
            let Some(from) = from else { return Ok(None) };
            let (rows, next) = self.tenant.rows_page(&self.import, from.as_ref()).await?;
            let selected = rows
                .into_iter()
                .filter(|row| row.tab == Tab::In && row.decision.selected)
                .map(Ok);
            Ok::<_, PlanningError>(Some((futures::stream::iter(selected), next.map(Some))))
        })
        .try_flatten()
    }

    /// Plans all selected companies, in the order of their rows.
    pub fn plans(&self) -> impl Stream<Item = Result<CompanyPlan, PlanningError>> + '_ {
        let mut wanted = Wanted::default();
        let plans = self.selected(None).map_ok(|row| self.plan(row)).try_buffered(AT_ONCE);
        plans.map_ok(move |mut plan| {
            wanted.settle(&mut plan);
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

/// Addresses that no user of the managed company has: somebody else may.
fn unknown_addresses(facts: &CompanyFacts) -> Vec<AddressKey> {
    let known: HashSet<&AddressKey> = facts.users.values().map(|user| user.address.key()).collect();
    let addresses = facts
        .addresses
        .iter()
        .filter_map(|(row, _)| row.text.parse::<Address>().ok());
    addresses
        .map(|address| address.key().clone())
        .filter(|key| !known.contains(key))
        .collect()
}
