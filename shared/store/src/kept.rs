//! What is kept of a plan once it was computed as a whole (R71): its summary, and for each company its digest, how many items it has, and
//! which rows others get. Everything else of a page is computed again.
//!
//! A kept plan counts only as long as what it rests on is the same. It is no more than what could be computed again: one that is missing,
//! damaged, or of another version is as good as none.

use domain::ids::PsaCompanyId;
use domain::import::retention::ROWS_DAYS;
use domain::import::{FencingToken, Import};
use domain::plan::mass_change::{MassChange, MassChangeLimit};
use domain::plan::{CompanyPlan, PlanBreakdown, PlanSummary, Step, steps};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::expiry::expire;
use crate::journal::{ConfirmedCompany, PLAN_SCHEMA};
use crate::keys::{self, Key};
use crate::schema::Kind;
use crate::size::{self, ROOM};
use crate::table::{Item, Table, Tenant, packed_body, packed_item};

pub(crate) const KEPT: Kind = Kind::first("kept plan").kept(ROWS_DAYS);

/// Companies in one item: a page of a plan reads the items that its companies are in.
const MAX_COMPANIES_PER_CHUNK: usize = 250;

/// Items that are written or read at once.
const CHUNK_CONCURRENCY: usize = 8;

/// What a plan rests on. Rows are frozen when review begins. While an import in review has the lock, a mapping of the integration changes
/// only if an administrator drops it by hand, which counts as a decision. Any other change comes only after another import has taken the
/// lock, and then the token has grown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestsOn {
    /// How many decisions were made.
    pub decisions: u64,
    token: FencingToken,
    directory: u64,
    /// The form of plans: their digests are made of it.
    form: u32,
}

impl RestsOn {
    /// Whether a plan of another import rests on the same, if its rows are the same and no import in between has changed a mapping.
    pub(crate) const fn is_same(&self, earlier: &Self) -> bool {
        self.decisions == earlier.decisions && self.directory == earlier.directory && self.form == earlier.form
    }
}

/// A whole plan in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanTotals {
    /// Its hash.
    pub hash: String,
    /// Licences needed (R46).
    pub licences: u64,
    /// Companies and users that would be created or changed (R39).
    pub changes: u64,
    /// The users that were mapped when it was computed (R39).
    pub mapped_users: u64,
    /// How many items of each action.
    pub summary: PlanSummary,
    /// The same by what is known of their rows, and why rows are skipped.
    pub breakdown: PlanBreakdown,
}

impl PlanTotals {
    /// Whether so many changes need to be confirmed as a mass change (R39).
    pub fn mass_change(&self, limit: MassChangeLimit) -> Option<MassChange> {
        limit.exceeded_by(self.changes, self.mapped_users)
    }
}

/// A plan as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptPlan {
    rests_on: RestsOn,
    /// The plan in short.
    #[serde(flatten)]
    pub totals: PlanTotals,
    /// The items that its companies are in.
    pub chunks: Vec<KeptChunk>,
}

/// Some companies of a kept plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptChunk {
    /// The first of them.
    #[serde(rename = "f")]
    pub first: PsaCompanyId,
    /// How many items of each action they have.
    #[serde(rename = "n")]
    pub items: Items,
}

/// How many items of each action.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Items(Vec<(Step, usize)>);

/// One company of a kept plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptCompany {
    /// The company.
    #[serde(rename = "c")]
    pub company: PsaCompanyId,
    /// What is to be confirmed for it.
    #[serde(flatten)]
    pub confirmed: ConfirmedCompany,
    /// Whether applying its plan would change nothing (see [`CompanyPlan::is_unchanged`]); `false` for a company that is skipped.
    #[serde(rename = "u", default, skip_serializing_if = "std::ops::Not::not")]
    is_unchanged: bool,
    /// How many items of each action it has.
    #[serde(rename = "n")]
    pub items: Items,
}

impl Items {
    /// Counts items.
    pub fn of(steps: impl IntoIterator<Item = Step>) -> Self {
        let mut items = Self::default();
        for step in steps {
            items.add(step, 1);
        }
        items
    }

    fn add(&mut self, step: Step, count: usize) {
        match self.0.iter_mut().find(|(known, _)| *known == step) {
            Some((_, sum)) => *sum += count,
            None => self.0.push((step, count)),
        }
    }

    fn sum<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        for (step, count) in all.into_iter().flat_map(|items| &items.0) {
            sum.add(*step, *count);
        }
        sum
    }

    /// How many have an action that is asked for.
    pub fn count(&self, is_asked: impl Fn(Step) -> bool) -> usize {
        let asked = self.0.iter().filter(|(step, _)| is_asked(*step));
        asked.map(|(_, count)| count).sum()
    }
}

impl KeptChunk {
    fn of(companies: &[KeptCompany]) -> Option<Self> {
        Some(Self {
            first: companies.first()?.company.clone(),
            items: Items::sum(companies.iter().map(|company| &company.items)),
        })
    }
}

impl KeptCompany {
    /// What is kept of the plan of a company.
    pub fn of(plan: &CompanyPlan) -> Self {
        Self {
            company: plan.company.clone(),
            confirmed: ConfirmedCompany::new(plan, plan.skipped_conflicting()),
            is_unchanged: plan.is_unchanged(),
            items: Items::of(steps(plan)),
        }
    }

    /// The plan of the company, as it is planned by itself, with what others get; `None` if it is not the plan that is kept.
    pub fn among_others(&self, mut plan: CompanyPlan) -> Option<CompanyPlan> {
        plan.skip_conflicting(&self.confirmed.skipped_conflicting);
        if let Some(skip) = &self.confirmed.skipped {
            plan.skip(skip.clone());
        }
        (Self::of(&plan) == *self).then_some(plan)
    }

    /// Whether it has to be confirmed. All others come to the same when they are planned again.
    pub const fn is_to_be_confirmed(&self) -> bool {
        !self.is_unchanged || self.confirmed.depends_on_others()
    }
}

impl Tenant {
    /// What a plan of an import in review rests on, besides the `directory`; `None` if the import does not have the lock, so that others
    /// may change mappings.
    pub async fn rests_on(&self, import: &Import, directory: u64) -> Result<Option<RestsOn>, StoreError> {
        let lock = self.lock(&import.integration).await?;
        let own = lock.filter(|lock| lock.import.as_ref() == Some(&import.id));
        Ok(own.map(|lock| RestsOn {
            decisions: lock.decisions,
            token: lock.token,
            directory,
            form: PLAN_SCHEMA,
        }))
    }

    /// Keeps a plan. Its companies are written first, so that a plan that is found has all of its companies.
    pub async fn keep_plan(
        &self,
        import: &Import,
        rests_on: RestsOn,
        totals: PlanTotals,
        companies: &[KeptCompany],
    ) -> Result<(), StoreError> {
        let size = |company: &KeptCompany| size::of_json(KEPT.name, company);
        let slices = size::cut(companies, (MAX_COMPANIES_PER_CHUNK, ROOM), size)?;
        let chunks = slices.iter().filter_map(|slice| KeptChunk::of(slice));
        let plan = KeptPlan {
            rests_on,
            chunks: chunks.collect(),
            totals,
        };
        let writes = slices.into_iter().enumerate().map(|(number, slice)| {
            let key = keys::kept_companies(&self.msp, &import.id, &plan.totals.hash, number);
            self.put_kept(import, key, slice).boxed()
        });
        let writes: Vec<_> = writes.collect();
        let written = stream::iter(writes).buffer_unordered(CHUNK_CONCURRENCY);
        written.try_collect::<()>().await?;
        self.put_kept(import, keys::kept_plan(&self.msp, &import.id), &plan)
            .await
    }

    async fn put_kept<T: Serialize + Sync + ?Sized>(
        &self,
        import: &Import,
        key: Key,
        body: &T,
    ) -> Result<(), StoreError> {
        let mut item = packed_item(KEPT, &key, body)?;
        expire(&mut item, KEPT, import.started_at);
        self.replace_alone(Table::Imports, item).await
    }

    /// The kept plan of an import, if it rests on this.
    pub async fn kept_plan(&self, import: &Import, rests_on: RestsOn) -> Result<Option<KeptPlan>, StoreError> {
        let kept: Option<KeptPlan> = self.kept(keys::kept_plan(&self.msp, &import.id)).await?;
        Ok(kept.filter(|kept| kept.rests_on == rests_on))
    }

    /// The companies of a chunk of a kept plan.
    pub async fn kept_companies(
        &self,
        import: &Import,
        plan: &KeptPlan,
        chunk: usize,
    ) -> Result<Option<Vec<KeptCompany>>, StoreError> {
        let companies: Option<Vec<KeptCompany>> = self
            .kept(keys::kept_companies(&self.msp, &import.id, &plan.totals.hash, chunk))
            .await?;
        // Another plan of this hash may drop other mappings, which its digest does not have.
        Ok(companies.filter(|companies| KeptChunk::of(companies).as_ref() == plan.chunks.get(chunk)))
    }

    /// All companies of a kept plan.
    pub async fn all_kept_companies(
        &self,
        import: &Import,
        plan: &KeptPlan,
    ) -> Result<Option<Vec<KeptCompany>>, StoreError> {
        let reads = (0..plan.chunks.len()).map(|chunk| self.kept_companies(import, plan, chunk).boxed());
        let reads: Vec<_> = reads.collect();
        let chunks: Vec<Option<_>> = stream::iter(reads).buffered(CHUNK_CONCURRENCY).try_collect().await?;
        let chunks: Option<Vec<Vec<KeptCompany>>> = chunks.into_iter().collect();
        Ok(chunks.map(|chunks| chunks.concat()))
    }

    /// The companies of a plan that was kept before, by its hash; some of them may have expired.
    pub async fn kept_companies_of(&self, import: &Import, hash: &str) -> Result<Option<Vec<KeptCompany>>, StoreError> {
        let (pk, prefix) = (
            keys::import_partition(&self.msp, &import.id),
            keys::kept_companies_prefix(hash),
        );
        let items = self.query(Table::Imports, &pk, &prefix).await?;
        let chunks: Option<Vec<Vec<KeptCompany>>> = items.iter().map(readable).collect();
        Ok(chunks.map(|chunks| chunks.concat()))
    }

    /// What is kept under a key, unless it cannot be read.
    async fn kept<T: DeserializeOwned>(&self, key: Key) -> Result<Option<T>, StoreError> {
        let item = self.get(Table::Imports, &key).await?;
        Ok(item.as_ref().and_then(readable))
    }
}

fn readable<T: DeserializeOwned>(item: &Item) -> Option<T> {
    let body = packed_body(KEPT, item);
    body.inspect_err(|error| tracing::warn!(%error, "a kept plan cannot be read, and is computed again"))
        .ok()
}
