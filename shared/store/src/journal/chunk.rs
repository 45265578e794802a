//! A chunk of a company's plan: one item. Its outcomes are stored apart.

use std::mem;

use domain::address::AddressKey;
use domain::ids::AddressId;
use domain::import::retention::RESULT_DAYS;
use domain::plan::{CompanyPlan, Counts, Outcome, Reason, RowOutcome, UserPlan};
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::records::{UserPlanRecord, plan};
use crate::schema::Kind;
use crate::size::{self, ROOM};

/// Since schema 2 the outcomes are in items of their own.
pub(crate) const CHUNK: Kind = Kind {
    schema: 2,
    ..Kind::first("journal").kept(RESULT_DAYS)
};

/// A chunk of a company's plan with its outcomes: all of a company, or some of the users of a large one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompanyChunk {
    /// What was intended, for these users.
    #[serde(rename = "p", with = "plan")]
    pub plan: CompanyPlan,
    /// The outcomes so far: that of the company itself, unless this is a later chunk, then those of its users.
    #[serde(skip)]
    pub outcomes: Vec<RowOutcome>,
    /// If the company itself needs nothing: how many of its users need nothing either, and so are not in the plan. The first chunk counts
    /// all of them.
    #[serde(rename = "u", default, skip_serializing_if = "is_zero")]
    pub unchanged: u64,
    /// Whether this is a later chunk: the first has the outcome of the company itself.
    #[serde(rename = "m", default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The most users in one chunk. A chunk is one item, so it has fewer users if their names and addresses are long. After a worker has died,
/// the next one repeats at most one chunk of each company that was under way.
const MAX_USERS_PER_CHUNK: usize = 1_000;

/// The bytes of a chunk without its users and orphaned mappings: names and ids of the company.
const LARGEST_COMPANY: usize = 8 * 1024;

impl CompanyChunk {
    /// A plan that is about to be applied, cut into what fits into an item. The plan is taken apart: a second copy of the largest companies
    /// would take much of a worker's memory.
    pub fn of(mut plan: CompanyPlan) -> Result<Vec<Self>, StoreError> {
        // If the company failed, its users would end otherwise than planned; a company that needs nothing cannot fail.
        let (is_passive, all) = (plan.step.is_passive(), plan.users.len());
        plan.users.retain(|user| !(is_passive && user.is_unchanged()));
        let unchanged = (all - plan.users.len()) as u64;
        let of_user = |user: &UserPlan| size::of_json(CHUNK.name, &UserPlanRecord::from(user));
        let of_orphaned = |orphaned: &(AddressId, Vec<AddressKey>)| size::of_json(CHUNK.name, orphaned);
        // Each orphaned mapping is named in one chunk only, since every chunk that names it writes it.
        let room = ROOM - LARGEST_COMPANY;
        let mut orphaned = size::cut(&plan.orphaned, (usize::MAX, room / 4), of_orphaned)?.into_iter();
        let cut = size::cut(&plan.users, (MAX_USERS_PER_CHUNK, room - room / 4), of_user)?;
        let counts: Vec<usize> = cut.into_iter().map(<[_]>::len).collect();
        let counts = counts.into_iter().chain(plan.users.is_empty().then_some(0));
        let mut users = mem::take(&mut plan.users).into_iter();
        let chunks = counts.enumerate().map(|(number, count)| Self {
            plan: CompanyPlan {
                orphaned: orphaned.next().unwrap_or_default().to_vec(),
                users: users.by_ref().take(count).collect(),
                ..plan.with_users(&[])
            },
            outcomes: Vec::new(),
            unchanged: if number == 0 { unchanged } else { 0 },
            more: number > 0,
        });
        let chunks = chunks.collect();
        // A chunk without users would count as done at once, so the orphaned mappings that do not fit are left to the next import.
        let left: usize = orphaned.map(<[_]>::len).sum();
        if left > 0 {
            tracing::warn!(company = %plan.company, left, "some orphaned mappings are left for the next import to rewrite");
        }
        Ok(chunks)
    }

    /// The users that have no outcome yet.
    pub fn users_left(&self) -> &[UserPlan] {
        let company = usize::from(!self.more);
        let done = self.outcomes.len().saturating_sub(company);
        self.plan.users.get(done..).unwrap_or_default()
    }

    /// Whether the outcome of the company itself is yet to come.
    pub const fn is_company_left(&self) -> bool {
        !self.more && self.outcomes.is_empty()
    }

    /// Why the company itself failed, or was skipped at last, if it was.
    pub fn company_failure(&self) -> Option<Reason> {
        match self.outcomes.first() {
            Some(RowOutcome {
                address: None,
                outcome: Outcome::Failed(code) | Outcome::Skipped(code),
                ..
            }) => Some(*code),
            _ => None,
        }
    }

    /// The outcomes of its rows so far, counted, with the users that need nothing.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        counts.users.unchanged = self.unchanged;
        for row in &self.outcomes {
            counts.add(row);
        }
        counts
    }

    /// Whether every row has its outcome.
    pub fn is_done(&self) -> bool {
        !self.is_company_left() && self.users_left().is_empty()
    }
}
