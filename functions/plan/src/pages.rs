//! A page of the plan: of the one that is kept, or else of one that is computed as a whole and kept (R71).

use std::sync::Arc;

use api::Api;
use directory::Directory;
use domain::import::Import;
use domain::problem::{Mistake, Problem};
use lambda::Services;
use planning::{Difference, KeptPlanReader, Page, Wanted, WholePlan, rests_on};
use store::Tenant;
use store::kept::RestsOn;
use tracing::warn;

use crate::review;

/// The plan of an import.
pub struct Pages<'a> {
    services: &'a Services,
    import: &'a Import,
    tenant: Tenant,
    directory: Arc<dyn Directory>,
    rests_on: Option<RestsOn>,
}

impl<'a> Pages<'a> {
    /// Reads what the plan rests on from now on. No plan is read or computed yet.
    pub async fn open(services: &'a Services, import: &'a Import) -> Api<Self> {
        let (tenant, directory) = (
            services.tenant(&import.msp),
            services.remembered_directory(&import.msp).await?,
        );
        // Before anything of the plan is read: what changes later makes it another plan.
        let rests_on = rests_on(&tenant, &*directory, import, services.clock.now()).await?;
        Ok(Self {
            services,
            import,
            tenant,
            directory,
            rests_on,
        })
    }

    /// Some of its items.
    pub async fn page(&self, wanted: &Wanted) -> Api<Page> {
        if let Some(kept) = self.kept().await?
            && let Some(page) = kept.page(wanted).await?
        {
            return Ok(page);
        }
        self.compute(wanted).await
    }

    /// What differs from the plan of a hash, which an earlier call has shown.
    pub async fn since(&self, hash: &str) -> Api<Difference> {
        if self.kept().await?.is_none() {
            let nothing = Wanted {
                actions: Vec::new(),
                companies: None,
                range: 0..0,
            };
            self.compute(&nothing).await?;
        }
        let difference = match self.kept().await? {
            Some(kept) => kept.since(hash).await?,
            None => None,
        };
        difference.ok_or_else(|| Problem::invalid("since", Mistake::NoKeptPlan).into())
    }

    async fn kept(&self) -> Api<Option<KeptPlanReader>> {
        Ok(match self.rests_on {
            Some(rests_on) => KeptPlanReader::read(&self.tenant, &self.directory, self.import, rests_on).await?,
            None => None,
        })
    }

    async fn compute(&self, wanted: &Wanted) -> Api<Page> {
        let planning = review::planning_of_all(self.services, self.import.clone()).await?;
        let (WholePlan { totals, companies }, page) = planning.page(wanted).await?;
        if let Some(rests_on) = self.rests_on {
            let kept = self.tenant.keep_plan(self.import, rests_on, totals, &companies);
            // If that fails, the next page computes it again.
            if let Err(error) = kept.await {
                warn!(import = %self.import.id, %error, "a plan could not be kept");
            }
        }
        Ok(page)
    }
}
