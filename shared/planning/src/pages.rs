//! Pages of a plan (R71), and the whole plan computed for one.

use std::collections::BTreeSet;
use std::ops::Range;

use domain::ids::PsaCompanyId;
use domain::plan::{CompanyPlan, PlanChange, Step, changes};
use futures::{TryStreamExt, pin_mut};
use store::kept::PlanTotals;

use crate::context::{Planning, PlanningError};
use crate::plans::{Digest, WholePlan};

/// Which items of a plan are asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Those of one of these actions; of any, if there is none.
    pub actions: Vec<Step>,
    /// Those of these companies; of any, if that is left open.
    pub companies: Option<BTreeSet<PsaCompanyId>>,
    /// Which of them.
    pub range: Range<usize>,
}

/// Some items of a plan.
pub struct Page {
    /// The plan in short.
    pub totals: PlanTotals,
    /// The items.
    pub items: Vec<PlanChange>,
    /// Whether there are more behind them.
    pub has_more: bool,
}

impl Wanted {
    pub(crate) fn accepts(&self, step: Step) -> bool {
        self.actions.is_empty() || self.actions.contains(&step)
    }

    pub(crate) fn is_about(&self, company: &PsaCompanyId) -> bool {
        self.companies.as_ref().is_none_or(|wanted| wanted.contains(company))
    }

    /// Whether any of them may be of a company from `first` to before `next`.
    pub(crate) fn may_be_within(&self, first: &PsaCompanyId, next: Option<&PsaCompanyId>) -> bool {
        self.companies.as_ref().is_none_or(|wanted| {
            let from = wanted.range(first..).next();
            from.is_some_and(|company| next.is_none_or(|next| company < next))
        })
    }

    /// Whether any of `count` items is on the page, if `before` other items come before them.
    pub(crate) const fn has_some(&self, before: usize, count: usize) -> bool {
        before < self.range.end && before + count > self.range.start
    }
}

/// Collects the items that are wanted.
pub(crate) struct Reader<'a> {
    wanted: &'a Wanted,
    items: Vec<PlanChange>,
    seen: usize,
}

impl<'a> Reader<'a> {
    pub const fn new(wanted: &'a Wanted, seen: usize) -> Self {
        Self {
            wanted,
            items: Vec::new(),
            seen,
        }
    }

    pub fn read(&mut self, plan: &CompanyPlan) {
        if !self.wanted.is_about(&plan.company) {
            return;
        }
        let changes = changes(plan).into_iter();
        for change in changes.filter(|change| self.wanted.accepts(change.action)) {
            if self.wanted.range.contains(&self.seen) {
                self.items.push(change);
            }
            self.seen += 1;
        }
    }

    /// The page of a plan that has `all` wanted items in all.
    pub fn page_of(self, totals: PlanTotals, all: usize) -> Page {
        Page {
            totals,
            items: self.items,
            has_more: all > self.wanted.range.end,
        }
    }
}

impl Planning {
    /// Computes the whole plan, and reads a page of it.
    pub async fn page(&self, wanted: &Wanted) -> Result<(WholePlan, Page), PlanningError> {
        let (mut digest, mut reader) = (Digest::default(), Reader::new(wanted, 0));
        let plans = self.plans();
        pin_mut!(plans);
        while let Some(plan) = plans.try_next().await? {
            digest.add(&plan);
            reader.read(&plan);
        }
        let whole = self.finish(digest);
        let all = reader.seen;
        let page = reader.page_of(whole.totals.clone(), all);
        Ok((whole, page))
    }
}
