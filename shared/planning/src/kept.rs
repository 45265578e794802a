//! Pages of a kept plan (R71). For a page, only its own companies are planned again, and each plan must match what is kept of it. If one
//! does not match, or if nothing is kept, the whole plan is computed again.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use directory::Directory;
use domain::facts::CompanyFacts;
use domain::ids::PsaCompanyId;
use domain::import::{Import, ImportState};
use domain::plan::{CompanyPlan, planner};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use store::Tenant;
use store::decided::Decisions;
use store::journal::{PlanDigest, PlanHasher};
use store::kept::{KeptCompany, KeptPlan, RestsOn};
use store::rows::Row;

use crate::context::{Context, PlanningError};
use crate::facts::{Asked, Group};
use crate::pages::{Page, Reader, Wanted};
use crate::plans::WholePlan;

/// Companies of a page that are planned at once.
const COMPANY_CONCURRENCY: usize = 8;

/// The rows from the first to the last company of a page are read together if at least one row in this many is on the page.
const MIN_DENSITY: usize = 3;

/// What the plan of an import rests on at this moment; `None` if that cannot be told.
pub async fn rests_on(
    tenant: &Tenant,
    directory: &dyn Directory,
    import: &Import,
    now: Timestamp,
) -> Result<Option<RestsOn>, PlanningError> {
    if import.state != ImportState::Review {
        return Ok(None);
    }
    let Some(version) = directory.version(now).await? else {
        return Ok(None);
    };
    Ok(tenant.rests_on(import, version).await?)
}

/// What differs between two plans of an import.
pub struct Difference {
    /// Companies whose part of the plan is another one, or new.
    pub changed: BTreeSet<PsaCompanyId>,
    /// Companies that only the earlier plan has.
    pub gone: BTreeSet<PsaCompanyId>,
}

impl Difference {
    fn between(earlier: Vec<KeptCompany>, now: Vec<KeptCompany>) -> Self {
        let mut earlier: BTreeMap<PsaCompanyId, PlanDigest> = earlier
            .into_iter()
            .map(|kept| (kept.company, kept.confirmed.digest))
            .collect();
        let changed = now.into_iter().filter_map(|kept| {
            let before = earlier.remove(&kept.company);
            (before != Some(kept.confirmed.digest)).then_some(kept.company)
        });
        Self {
            changed: changed.collect(),
            gone: earlier.into_keys().collect(),
        }
    }
}

/// The hash of a plan of these companies.
fn hash_of(companies: &[KeptCompany]) -> String {
    let mut hasher = PlanHasher::default();
    for company in companies {
        hasher.add(&company.company, company.confirmed.digest);
    }
    hasher.finish()
}

/// What is kept of the plan of an import.
pub struct KeptPlanReader {
    tenant: Tenant,
    directory: Arc<dyn Directory>,
    import: Import,
    plan: KeptPlan,
}

impl KeptPlanReader {
    /// The kept plan, if it rests on this.
    pub async fn read(
        tenant: &Tenant,
        directory: &Arc<dyn Directory>,
        import: &Import,
        rests_on: RestsOn,
    ) -> Result<Option<Self>, PlanningError> {
        let plan = tenant.kept_plan(import, rests_on).await?;
        Ok(plan.map(|plan| Self {
            tenant: tenant.clone(),
            directory: Arc::clone(directory),
            import: import.clone(),
            plan,
        }))
    }

    /// The whole plan; `None` if it is not there any more.
    pub async fn whole(&self) -> Result<Option<WholePlan>, PlanningError> {
        let companies = self.tenant.all_kept_companies(&self.import, &self.plan).await?;
        let whole = companies.map(|companies| WholePlan {
            totals: self.plan.totals.clone(),
            companies,
        });
        Ok(whole.filter(|whole| hash_of(&whole.companies) == whole.totals.hash))
    }

    /// What differs from a plan that was computed before, by its hash; `None` if either is not there any more.
    pub async fn since(&self, hash: &str) -> Result<Option<Difference>, PlanningError> {
        let earlier = self.tenant.kept_companies_of(&self.import, hash).await?;
        let earlier = earlier.filter(|companies| hash_of(companies) == hash);
        let (Some(earlier), Some(now)) = (earlier, self.whole().await?) else {
            return Ok(None);
        };
        Ok(Some(Difference::between(earlier, now.companies)))
    }

    /// A page of the plan; `None` if it has become another.
    pub async fn page(&self, wanted: &Wanted) -> Result<Option<Page>, PlanningError> {
        let Some((companies, before, total)) = self.companies_of(wanted).await? else {
            return Ok(None);
        };
        let Some(plans) = self.plans_of(&companies).await? else {
            return Ok(None);
        };
        let mut reader = Reader::new(wanted, before);
        for plan in &plans {
            reader.read(plan);
        }
        Ok(Some(reader.page_of(self.plan.totals.clone(), total)))
    }

    /// The companies that have wanted items, how many such items come before theirs, and how many there are in all.
    async fn companies_of(&self, wanted: &Wanted) -> Result<Option<(Vec<KeptCompany>, usize, usize)>, PlanningError> {
        let (mut found, mut before, mut seen) = (Vec::new(), None, 0);
        for (number, chunk) in self.plan.chunks.iter().enumerate() {
            let next = self.plan.chunks.get(number + 1).map(|next| &next.first);
            if !wanted.may_be_within(&chunk.first, next) {
                continue;
            }
            let count = chunk.items.count(|step| wanted.accepts(step));
            if wanted.companies.is_none() && !wanted.has_some(seen, count) {
                seen += count;
                continue;
            }
            let Some(companies) = self.tenant.kept_companies(&self.import, &self.plan, number).await? else {
                return Ok(None);
            };
            for company in companies.into_iter().filter(|kept| wanted.is_about(&kept.company)) {
                let count = company.items.count(|step| wanted.accepts(step));
                if wanted.has_some(seen, count) {
                    before = before.or(Some(seen));
                    found.push(company);
                }
                seen += count;
            }
        }
        Ok(Some((found, before.unwrap_or(seen), seen)))
    }

    /// The plans of some companies; `None` if one is not what is kept of it.
    async fn plans_of(&self, companies: &[KeptCompany]) -> Result<Option<Vec<CompanyPlan>>, PlanningError> {
        let ids: Vec<PsaCompanyId> = companies.iter().map(|kept| kept.company.clone()).collect();
        let (mut rows, among) = self.tenant.undecided_rows_of(&self.import, &ids).await?;
        if rows.len() != companies.len() {
            return Ok(None);
        }
        let is_dense = rows.len() * MIN_DENSITY >= among;
        let decisions = match (ids.first(), ids.last()) {
            (Some(first), Some(last)) if is_dense => self.tenant.decided_among(&self.import, (first, last)).await?,
            _ => self.tenant.decided_on_each(&self.import, &ids).await?,
        };
        for row in &mut rows {
            decisions.apply(&mut row.company);
        }
        let mut plans = if is_dense {
            self.dense(&rows, companies, &decisions).await?
        } else {
            vec![None; rows.len()]
        };
        let left = rows.into_iter().zip(companies).zip(&mut plans);
        let left = left.filter(|(_, plan)| plan.is_none());
        let left: Vec<_> = left
            .map(|((row, kept), plan)| {
                let decisions = decisions.clone();
                async move { self.plan_of(row, kept, decisions).await.map(|found| *plan = found) }.boxed()
            })
            .collect();
        let left = stream::iter(left).buffer_unordered(COMPANY_CONCURRENCY);
        left.try_collect::<()>().await?;
        Ok(plans.into_iter().collect())
    }

    /// The plans of companies most of which follow each other, from reads that are cheap but may lack the last changes. `None` for a
    /// company whose plan does not match what is kept of it: `plan_of` plans it again.
    async fn dense(
        &self,
        rows: &[Row],
        companies: &[KeptCompany],
        decisions: &Decisions,
    ) -> Result<Vec<Option<CompanyPlan>>, PlanningError> {
        let (tenant, directory) = (self.tenant.clone(), Arc::clone(&self.directory));
        let context = Context::of_rows(tenant, directory, self.import.clone(), rows, decisions.clone()).await?;
        let nobody = HashSet::new();
        // If the last changes of the people are missing, the plan does not match what is kept of it.
        let people = context.people.of_late();
        let facts = context
            .facts_of(Group::dense(rows.to_vec()), Asked::Of(&nobody), &people)
            .await?;
        let plans = facts.iter().zip(companies);
        let plans = plans.map(|(facts, kept)| kept.among_others(planner::plan_company(facts, &context.companies)));
        Ok(plans.collect())
    }

    /// The plan of one company; `None` if it is not what is kept of it.
    async fn plan_of(
        &self,
        row: Row,
        kept: &KeptCompany,
        decisions: Decisions,
    ) -> Result<Option<CompanyPlan>, PlanningError> {
        let (tenant, directory) = (self.tenant.clone(), Arc::clone(&self.directory));
        let context = Context::of_row(tenant, directory, self.import.clone(), &row, decisions).await?;
        // Which addresses somebody else has is kept, so nobody is asked unless the plan comes out differently.
        let nobody = HashSet::new();
        let mut facts = context.facts(row, Asked::Of(&nobody)).await?;
        let plan_of = |facts: &CompanyFacts| kept.among_others(planner::plan_company(facts, &context.companies));
        if let Some(plan) = plan_of(&facts) {
            return Ok(Some(plan));
        }
        context.add_holders(&mut facts, Asked::Ticked).await?;
        Ok(plan_of(&facts))
    }
}
