//! The plan of an unattended import: computed, or known, since all that it rests on is as it was when the last import found nothing to do.
//! Then nobody has to read all mappings and users to find that out again.

use std::sync::Arc;

use directory::Directory;
use domain::ids::PsaCompanyId;
use domain::plan::CompanyPlan;
use domain::plan::mass_change::{MassChange, MassChangeLimit};
use domain::reading::Reading;
use planning::{Planning, rests_on};
use store::StoreError;
use store::journal::{ConfirmedCompany, MAX_ROWS_AHEAD, SkippedCompany};
use store::kept::RestsOn;
use store::nothing_to_do::NothingToDo;
use store::standing::Standing;
use store::tx::Action;
use worker::{Run, Stop};

use crate::apply::as_planned;

/// A plan, as far as confirming it takes.
pub(crate) struct Plan {
    pub hash: String,
    pub licences: u64,
    pub mass_change: Option<MassChange>,
    /// How many companies it has.
    pub companies: usize,
    /// What is to be confirmed for those for which something is done.
    pub confirmed: Vec<(PsaCompanyId, ConfirmedCompany)>,
    /// Companies that need nothing: their outcomes are written with the confirmation, so that nobody has to look at them again.
    pub unchanged: Vec<SkippedCompany>,
}

/// A plan, and what it rests on.
pub(crate) struct Found {
    pub plan: Plan,
    /// What was decided for good before it was computed.
    pub standing: Standing,
    rests_on: Option<RestsOn>,
    /// Whether the last import found nothing to do, and this one rests on the same.
    is_as_before: bool,
}

impl Found {
    /// The plan as it is now.
    pub(crate) async fn now(run: &Run, limit: MassChangeLimit) -> Result<Self, Stop> {
        // Before anything that is planned with: what comes later is not in the plan.
        let standing = run.tenant.standing(&run.import.integration).await?;
        let directory = run.services.remembered_directory(&run.import.msp).await?;
        let rests_on = rests_on(&run.tenant, &*directory, &run.import, run.services.clock.now()).await?;
        let last = match rests_on {
            Some(rests_on) => run.tenant.nothing_to_do(&run.import, rests_on).await?,
            None => None,
        };
        let is_as_before = last.is_some();
        let plan = match last {
            Some(last) if counts_again(run, &last).await? => last.into(),
            _ => Plan::computed(run, directory, limit).await?,
        };
        Ok(Self {
            plan,
            standing,
            rests_on,
            is_as_before,
        })
    }

    /// The write that says, with the confirmation, what the next import need not find out again.
    pub(crate) fn kept(&self, run: &Run) -> Result<Action, StoreError> {
        match self.rests_on.filter(|_| self.plan.has_nothing_to_do()) {
            Some(rests_on) => {
                let found = (self.plan.companies, self.is_as_before);
                run.tenant.keep_nothing_to_do(&run.import, rests_on, found)
            }
            None => run.tenant.forget_nothing_to_do(&run.import),
        }
    }
}

/// Whether what the last import found need not be computed again. Two imports must have found it: one alone, which reads at half the price,
/// may have missed a change of the moment before. And an import that has read everything computes its plan in any case, so that a mistake
/// does not outlast the next full read, whatever it was.
async fn counts_again(run: &Run, last: &NothingToDo) -> Result<bool, StoreError> {
    if !last.found_again {
        return Ok(false);
    }
    let (progress, _) = run.tenant.progress(&run.import).await?;
    Ok(progress.reading == Some(Reading::CHANGES))
}

impl From<NothingToDo> for Plan {
    fn from(last: NothingToDo) -> Self {
        Self {
            hash: last.hash,
            licences: 0,
            mass_change: None,
            companies: last.companies.len(),
            confirmed: Vec::new(),
            unchanged: last.companies,
        }
    }
}

impl Plan {
    async fn computed(run: &Run, directory: Arc<dyn Directory>, limit: MassChangeLimit) -> Result<Self, Stop> {
        let planning = Planning::open(run.tenant.clone(), directory, run.import.clone()).await?;
        let (planning, mut unchanged) = (planning.at_half_the_price(), Unchanged::default());
        let plan = planning.whole_seen_by(|plan| unchanged.add(plan)).await?;
        let companies = plan.companies.len();
        Ok(Self {
            mass_change: plan.totals.mass_change(limit),
            companies,
            confirmed: plan.confirmed(),
            unchanged: unchanged.of(companies),
            licences: plan.totals.licences,
            hash: plan.totals.hash,
        })
    }

    /// Whether all companies need nothing.
    fn has_nothing_to_do(&self) -> bool {
        self.unchanged.len() == self.companies
    }
}

/// Companies that need nothing. Each comes with whether one of its rows is skipped because somebody else has the
/// address, or gets it first.
#[derive(Default)]
struct Unchanged {
    companies: Vec<(SkippedCompany, bool)>,
    /// How many of their rows are named.
    named: usize,
}

impl Unchanged {
    /// Adds a company if it is one. Those of which very many rows are named are left to the execution, which plans them again.
    fn add(&mut self, plan: &CompanyPlan) -> Result<(), StoreError> {
        if !plan.is_unchanged() {
            return Ok(());
        }
        let entries = SkippedCompany::of(plan, as_planned(plan), 0)?;
        let named: usize = entries.iter().map(|entry| entry.rest.len()).sum();
        if entries.len() == 1 && self.named + named <= MAX_ROWS_AHEAD {
            self.named += named;
            let entries = entries.into_iter().map(|entry| (entry, plan.has_conflicts()));
            self.companies.extend(entries);
        }
        Ok(())
    }

    /// Those that need nothing, whatever is done for other companies of the plan. A company with a row that is skipped for its address is
    /// left out, because another company may set the address free; it is kept if all companies of the plan need nothing.
    fn of(self, companies: usize) -> Vec<SkippedCompany> {
        let are_all = self.companies.len() == companies;
        let certain = self.companies.into_iter();
        let certain = certain.filter(|(_, has_conflicts)| are_all || !has_conflicts);
        certain.map(|(company, _)| company).collect()
    }
}
