//! Plans of all selected companies, and the whole plan in short.

use domain::facts::CompanyFacts;
use domain::ids::PsaCompanyId;
use domain::plan::{ClaimedInPlan, CompanyPlan, mass_change, planner};
use domain::row::CompanyRow;
use futures::{Stream, StreamExt, TryStreamExt};
use store::Item;
use store::journal::{ConfirmedCompany, PlanHasher};

use crate::context::{Planning, PlanningError};
use crate::facts::{self, Asked, Group};

/// Groups of companies whose facts are gathered at once.
const GROUP_CONCURRENCY: usize = 8;

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
