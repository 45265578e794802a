//! Plans of all selected companies, and the whole plan in short.

use domain::ids::PsaCompanyId;
use domain::plan::{ClaimedInPlan, CompanyPlan, PlanBreakdown, PlanSummary, mass_change, planner, steps};
use futures::{Stream, StreamExt, TryStreamExt};
use store::journal::{ConfirmedCompany, PlanHasher};
use store::kept::{KeptCompany, PlanTotals};
use store::rows::Row;

use crate::context::{Context, Planning, PlanningError};
use crate::facts::{self, Asked, Group};

/// Groups of companies whose facts are gathered at once.
const GROUP_CONCURRENCY: usize = 8;

/// A whole plan, while it is being computed.
#[derive(Default)]
pub struct Digest {
    companies: Vec<KeptCompany>,
    licences: u64,
    changes: u64,
    summary: PlanSummary,
    breakdown: PlanBreakdown,
    hasher: PlanHasher,
}

/// A whole plan in short.
pub struct WholePlan {
    /// The sums.
    pub totals: PlanTotals,
    /// Its companies, in the order of their ids.
    pub companies: Vec<KeptCompany>,
}

impl Digest {
    /// Adds the next company.
    pub fn add(&mut self, plan: &CompanyPlan) {
        let company = KeptCompany::of(plan);
        self.hasher.add(&plan.company, company.confirmed.digest);
        self.licences += plan.licences_needed();
        self.changes += mass_change::changes(plan);
        self.summary.add(steps(plan));
        self.breakdown.add(plan);
        self.companies.push(company);
    }
}

impl WholePlan {
    /// What is to be confirmed for each company for which something is done.
    pub fn confirmed(&self) -> Vec<(PsaCompanyId, ConfirmedCompany)> {
        let done = self.companies.iter().filter(|company| company.is_to_be_confirmed());
        let confirmed = done.map(|company| (company.company.clone(), company.confirmed.clone()));
        confirmed.collect()
    }
}

impl Context {
    /// Plans one company.
    pub async fn plan(&self, row: Row) -> Result<CompanyPlan, PlanningError> {
        let facts = self.facts(row, Asked::Ticked).await?;
        Ok(planner::plan_company(&facts, &self.companies))
    }
}

impl Planning {
    /// The selected rows behind `after`, in the order of their ids.
    pub async fn selected(&self, after: Option<&PsaCompanyId>) -> Result<Vec<Row>, PlanningError> {
        let behind = |row: &&Row| after.is_none_or(|after| row.id > *after);
        let rows = self.rows().await?.iter().filter(behind);
        Ok(rows.filter(|row| facts::is_selected(row)).cloned().collect())
    }

    /// Plans companies that are next to each other, each by itself, in as few reads as it takes.
    pub async fn plan_neighbours(&self, rows: Vec<Row>) -> Result<Vec<CompanyPlan>, PlanningError> {
        self.plan_group(Group::dense(rows)).await
    }

    /// Says that these companies are going to be planned.
    pub fn expect<'a>(&self, companies: impl IntoIterator<Item = &'a PsaCompanyId>) {
        let mapped = companies
            .into_iter()
            .filter(|company| self.mappings.contains_key(*company));
        self.people.expect(mapped.count());
    }

    async fn plan_group(&self, group: Group) -> Result<Vec<CompanyPlan>, PlanningError> {
        let facts = self.facts_of(group, Asked::Ticked).await?;
        let plans = facts.iter().map(|facts| planner::plan_company(facts, &self.companies));
        Ok(plans.collect())
    }

    /// Plans all selected companies, in the order of their rows.
    pub fn plans(&self) -> impl Stream<Item = Result<CompanyPlan, PlanningError>> + '_ {
        let mut claimed = ClaimedInPlan::default();
        let groups = futures::stream::once(self.rows())
            .map_ok(|rows| futures::stream::iter(Group::of(rows)).map(Ok))
            .try_flatten()
            .map_ok(|group| self.plan_group(group));
        let plans = groups.try_buffered(GROUP_CONCURRENCY);
        let plans = plans.map_ok(|plans| futures::stream::iter(plans).map(Ok)).try_flatten();
        plans.map_ok(move |mut plan| {
            claimed.skip_conflicts(&mut plan);
            plan
        })
    }

    /// The whole plan in short.
    pub async fn whole(&self) -> Result<WholePlan, PlanningError> {
        let selected = self.rows().await?.iter().filter(|row| facts::is_selected(row));
        self.expect(selected.map(|row| &row.id));
        let digest = self
            .plans()
            .try_fold(Digest::default(), |mut digest, plan| async move {
                digest.add(&plan);
                Ok(digest)
            })
            .await?;
        Ok(self.finish(digest))
    }

    /// The plan of all companies that were added up.
    pub fn finish(&self, digest: Digest) -> WholePlan {
        WholePlan {
            totals: PlanTotals {
                hash: digest.hasher.finish(),
                licences: digest.licences,
                changes: digest.changes,
                mapped_users: mass_change::mapped_users(self.mappings.values()),
                summary: digest.summary,
                breakdown: digest.breakdown,
            },
            companies: digest.companies,
        }
    }
}
