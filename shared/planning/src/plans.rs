//! Plans of all selected companies, and the whole plan in short.

use domain::ids::PsaCompanyId;
use domain::plan::{ClaimedInPlan, CompanyPlan, mass_change, planner};
use futures::{Stream, StreamExt, TryStreamExt};
use store::journal::{ConfirmedCompany, PlanHasher};
use store::rows::Row;

use crate::context::{Context, Planning, PlanningError};
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

    async fn plan_group(&self, group: Group) -> Result<Vec<CompanyPlan>, PlanningError> {
        let facts = self.facts_of(group).await?;
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
