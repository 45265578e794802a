//! Plans of all selected companies, and the whole plan in short.

use domain::ids::PsaCompanyId;
use domain::plan::{ClaimedInPlan, CompanyPlan, PlanBreakdown, PlanSummary, mass_change, planner, steps};
use futures::{Stream, StreamExt, TryStreamExt, pin_mut};
use store::StoreError;
use store::journal::{ConfirmedCompany, PlanHasher};
use store::kept::{KeptCompany, PlanTotals};
use store::rows::Row;

use crate::context::{Context, Planning, PlanningError};
use crate::facts::{self, Asked, Group};
use crate::people::People;

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
    /// What is to be confirmed: an entry for each company that the plan changes or skips, or of which it skips a row because of a conflict.
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
    /// Plans one company with its users as the directory has them now, whatever was read of it before.
    pub async fn plan_again(&self, row: Row) -> Result<CompanyPlan, PlanningError> {
        let people = self.people.afresh();
        let mut facts = [self.facts_without_people(row).await?];
        self.add_people(&mut facts, Asked::Ticked, &people).await?;
        let [facts] = facts;
        Ok(planner::plan_company(&facts, &self.companies))
    }

    /// The selected rows behind `after`, in the order of their ids.
    pub async fn selected(
        &self,
        after: Option<&PsaCompanyId>,
    ) -> Result<impl Iterator<Item = Result<Row, StoreError>>, PlanningError> {
        let rows = self.rows().await?.behind(after, &self.decisions);
        Ok(rows.filter(|row| row.as_ref().map_or(true, |row| facts::is_selected(row))))
    }

    /// Plans companies that are next to each other, each by itself, in as few reads as it takes.
    pub async fn plan_neighbours(&self, rows: Vec<Row>) -> Result<Vec<CompanyPlan>, PlanningError> {
        self.plan_group(Group::dense(rows)).await
    }

    /// Says that about so many mapped companies are going to be planned.
    pub fn expect(&self, companies: usize) {
        self.of_late.as_ref().unwrap_or(&self.people).expect(companies);
    }

    async fn plan_group(&self, group: Group) -> Result<Vec<CompanyPlan>, PlanningError> {
        let Some(of_late) = &self.of_late else {
            return self.plan_among(group, &self.people).await;
        };
        let mut plans = self.plan_among(group.clone(), of_late).await?;
        let is_open = |plan: &CompanyPlan| !plan.is_unchanged() || plan.has_conflicts();
        let open: Vec<bool> = plans.iter().map(is_open).collect();
        // The first look may miss the last changes. So a plan that changes something, or that shows a conflict over an address, is made
        // again from strongly consistent reads.
        let again = group.some(|place| open.get(place) == Some(&true));
        let again = self.plan_among(again, &self.people).await?;
        let open = plans.iter_mut().zip(open).filter(|(_, is_open)| *is_open);
        for ((plan, _), now) in open.zip(again) {
            *plan = now;
        }
        Ok(plans)
    }

    async fn plan_among(&self, group: Group, people: &People) -> Result<Vec<CompanyPlan>, PlanningError> {
        let facts = self.facts_of(group, Asked::Ticked, people).await?;
        let plans = facts.into_iter();
        // What a company is planned from goes with it: of 20,000 people it is megabytes.
        let plans = plans.map(|facts| planner::plan_company(&facts, &self.companies));
        Ok(plans.collect())
    }

    /// Plans all selected companies, in the order of their rows.
    pub fn plans(&self) -> impl Stream<Item = Result<CompanyPlan, PlanningError>> + '_ {
        let mut claimed = ClaimedInPlan::default();
        let groups = futures::stream::once(self.rows())
            .map_ok(|rows| futures::stream::iter(Group::of(rows.iter(&self.decisions))).map_err(PlanningError::from))
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
        self.whole_seen_by(|_| Ok(())).await
    }

    /// The whole plan in short, while somebody looks at that of each company.
    pub async fn whole_seen_by(
        &self,
        mut look: impl FnMut(&CompanyPlan) -> Result<(), StoreError>,
    ) -> Result<WholePlan, PlanningError> {
        let is_read = |row: &Row| facts::is_selected(row) && self.mappings.contains_key(&row.id);
        self.expect(self.rows().await?.about(&self.decisions, is_read)?);
        let (plans, mut digest) = (self.plans(), Digest::default());
        pin_mut!(plans);
        while let Some(plan) = plans.try_next().await? {
            digest.add(&plan);
            look(&plan)?;
        }
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
