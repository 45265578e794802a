//! The journal of an execution: what was intended for each company before anything was done, and how it ended.
//!
//! All parts of a company are written before the directory is called; then mappings and outcomes are written in one
//! transaction, part by part, or for as many users of a part as there was time for. Killed in between, the next run finds the
//! first row without an outcome and repeats the calls from there on with the same tokens.

use std::collections::HashMap;
use std::str::FromStr;

use domain::address::NoAddress;
use domain::ids::PsaCompanyId;
use domain::import::Import;
use domain::outcome::{Counts, Outcome, RowOutcome};
use domain::plan::{CompanyPlan, PlanDigest, SkipReason, UserPlan};
use domain::row::AddressId;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::keys::{self, Key};
use crate::table::{Place, Tenant, packed_body};
use crate::tx::Transaction;

/// What stands in the journal about a company, or about some of the users of a large one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Part {
    /// What was intended, for these users.
    #[serde(rename = "p")]
    pub plan: CompanyPlan,
    /// How it ended, as far as it has: the company itself, unless this is more of one, then its users.
    #[serde(rename = "o")]
    pub outcomes: Vec<RowOutcome>,
    /// Whether this is more of a company: the first part has the outcome of the company itself.
    #[serde(rename = "m", default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// Users of one part; when a worker dies, so much is done again at most.
const USERS_PER_PART: usize = 1_000;

impl Part {
    /// A plan that is about to be carried out, cut into what fits into an item.
    pub fn of(plan: &CompanyPlan) -> Vec<Self> {
        let users = plan.users.chunks(USERS_PER_PART);
        let users = users.chain(plan.users.is_empty().then_some([].as_slice()));
        users
            .enumerate()
            .map(|(number, users)| Self {
                plan: plan.with_users(users),
                outcomes: Vec::new(),
                more: number > 0,
            })
            .collect()
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

    /// Whether every row has its outcome.
    pub fn is_done(&self) -> bool {
        !self.is_company_left() && self.users_left().is_empty()
    }
}

/// A company for which nothing was done; many are in one item. Rows that needed nothing are counted and not named, so
/// that an unchanged import of everything writes little.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Passed {
    /// The company.
    #[serde(rename = "c")]
    pub company: PsaCompanyId,
    /// Its name, kept where there is a row to be named with it.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Users that needed nothing.
    #[serde(rename = "u")]
    pub unchanged_users: u64,
    /// The rows that were passed over or failed.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub rest: Vec<PassedRow>,
    /// Whether this is more of a company that did not fit into the item before; that one has its own outcome.
    #[serde(rename = "m", default, skip_serializing_if = "std::ops::Not::not")]
    more: bool,
}

/// A row that was passed over or failed, with what an administrator knows it by.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PassedRow {
    /// How it ended.
    #[serde(flatten)]
    pub row: RowOutcome,
    /// The address row; `None` for the company itself.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub address: Option<NamedAddress>,
}

/// What an address row is known by.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct NamedAddress {
    /// The address, if it is one.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The contact's name.
    #[serde(rename = "c")]
    pub contact: String,
    /// The text that is no address, and why.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub no_address: Option<NoAddress>,
}

impl From<&UserPlan> for NamedAddress {
    fn from(user: &UserPlan) -> Self {
        Self {
            text: user.address.as_ref().map(|address| address.original().to_owned()),
            contact: user.name.clone(),
            no_address: user.no_address.clone(),
        }
    }
}

/// Rows named in one item: some 60 KB, and less than 2 MB as they are shown.
const ROWS_PER_PACK: usize = 2_000;

impl Passed {
    /// A company with the outcomes of all its rows, its own first.
    pub fn new(plan: &CompanyPlan, outcomes: Vec<RowOutcome>) -> Self {
        let users = plan.users.iter().map(|user| Some(NamedAddress::from(user)));
        let rows = std::iter::once(None).chain(users).zip(outcomes);
        let (unchanged, rest): (Vec<_>, Vec<_>) = rows
            .map(|(address, row)| PassedRow { row, address })
            .partition(|row| row.row.outcome == Outcome::Unchanged);
        Self {
            company: plan.company.clone(),
            name: (!rest.is_empty()).then(|| plan.name.clone()),
            unchanged_users: unchanged.iter().filter(|row| row.address.is_some()).count() as u64,
            rest,
            more: false,
        }
    }

    /// The company cut into what fits into a pack.
    fn parts(&self) -> impl Iterator<Item = Self> {
        let rest = self.rest.chunks(ROWS_PER_PACK);
        let rest = rest.chain(self.rest.is_empty().then_some([].as_slice()));
        rest.enumerate().map(|(number, rest)| Self {
            company: self.company.clone(),
            name: self.name.clone(),
            unchanged_users: if number == 0 { self.unchanged_users } else { 0 },
            rest: rest.to_vec(),
            more: number > 0,
        })
    }

    /// Whether the company itself was as it should be.
    pub fn is_unchanged(&self) -> bool {
        !self.more && self.rest.iter().all(|row| row.address.is_some())
    }

    /// The outcomes of its rows, counted.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        counts.companies.unchanged = u64::from(self.is_unchanged());
        counts.users.unchanged = self.unchanged_users;
        for row in &self.rest {
            counts.add(&row.row);
        }
        counts
    }
}

/// What stands in the journal about one company, or about the part of a large one that is in one item.
#[derive(Debug)]
pub enum Entry {
    /// Something was done, or at least intended.
    Part(Part),
    /// Nothing was done.
    Passed(Passed),
}

/// Where reading the journal goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalPosition(String);

impl JournalPosition {
    /// The position as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for JournalPosition {
    type Err = NoJournalPosition;

    fn from_str(text: &str) -> Result<Self, NoJournalPosition> {
        let known = text.starts_with(keys::PART) || text.starts_with(keys::PASSED);
        known.then(|| Self(text.to_owned())).ok_or(NoJournalPosition)
    }
}

/// A text that is no position in a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no position in a journal")]
pub struct NoJournalPosition;

/// Cuts a list where its parts would get larger than `most` together.
fn packs<T>(list: &[T], most: usize, size: impl Fn(&T) -> usize) -> impl Iterator<Item = &[T]> {
    let mut sum = 0;
    list.chunk_by(move |one, next| {
        sum += size(one);
        let fits = sum + size(next) <= most;
        if !fits {
            sum = 0;
        }
        fits
    })
}

/// Digests in one item, or rows beside them: 25,000 companies make two items, of some 250 KB.
const DIGESTS_PER_ITEM: usize = 15_000;

/// What was agreed to for one company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// The digest of its plan.
    #[serde(rename = "d")]
    pub digest: PlanDigest,
    /// Why it is passed over, if it is.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub passed_over: Option<SkipReason>,
    /// Its rows that are passed over for somebody else's sake.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub passed_for_others: Vec<(AddressId, SkipReason)>,
}

impl Agreed {
    /// Whether the plan might look different once other companies of it have been carried out.
    pub const fn rests_on_others(&self) -> bool {
        self.passed_over.is_some() || !self.passed_for_others.is_empty()
    }
}

impl Tenant {
    /// Adds a part of a company, of that number, to a transaction.
    pub fn journal(&self, tx: &mut Transaction, import: &Import, number: usize, part: &Part) -> Result<(), StoreError> {
        let key = keys::part(&self.msp, &import.id, &part.plan.company, number);
        self.put_packed(tx, import, "journal", &key, part)
    }

    /// Adds the entries of companies for which nothing was done, in packs numbered from `first`; gives the next number.
    pub fn journal_passed(
        &self,
        tx: &mut Transaction,
        import: &Import,
        first: u64,
        passed: &[Passed],
    ) -> Result<u64, StoreError> {
        let parts: Vec<Passed> = passed.iter().flat_map(Passed::parts).collect();
        let mut number = first;
        for pack in packs(&parts, ROWS_PER_PACK, |part| part.rest.len()) {
            let key = keys::passed(&self.msp, &import.id, number);
            self.put_packed(tx, import, "passed", &key, pack)?;
            number += 1;
        }
        Ok(number)
    }

    /// What stands in the journal about one company; nothing if it was not begun.
    pub async fn parts(&self, import: &Import, company: &PsaCompanyId) -> Result<Vec<Part>, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let items = self.query(Place::Imports, &pk, &keys::parts_prefix(company)).await?;
        items.iter().map(|item| packed_body("journal", item)).collect()
    }

    /// Reads the journal from its beginning or from where the page before it ended: first the companies for which something
    /// was done, then the others. At most `items` items a page, or 1 MB.
    pub async fn journal_page(
        &self,
        import: &Import,
        after: Option<&JournalPosition>,
        items: Option<i32>,
    ) -> Result<(Vec<Entry>, Option<JournalPosition>), StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let after = after.map_or(keys::PART, JournalPosition::as_str);
        let prefix = if after.starts_with(keys::PASSED) {
            keys::PASSED
        } else {
            keys::PART
        };
        // A bare prefix is where its items begin.
        let start = (after != prefix).then(|| Key::in_import(&pk, after).to_item());
        let (found, last) = self
            .query_page(Place::Imports, &pk, prefix, start.as_ref(), items)
            .await?;
        let mut entries = Vec::new();
        for item in &found {
            if prefix == keys::PART {
                entries.push(Entry::Part(packed_body("journal", item)?));
            } else {
                let passed: Vec<Passed> = packed_body("passed", item)?;
                entries.extend(passed.into_iter().map(Entry::Passed));
            }
        }
        let next = match last.as_ref().and_then(|key| key.get("sk")?.as_s().ok()) {
            Some(last) => Some(JournalPosition(last.clone())),
            None if prefix == keys::PART => Some(JournalPosition(keys::PASSED.to_owned())),
            None => None,
        };
        Ok((entries, next))
    }

    /// Adds what was agreed to.
    pub fn agree(
        &self,
        tx: &mut Transaction,
        import: &Import,
        agreed: &[(PsaCompanyId, Agreed)],
    ) -> Result<(), StoreError> {
        let size = |(_, agreed): &(_, Agreed)| 1 + agreed.passed_for_others.len();
        for (number, chunk) in packs(agreed, DIGESTS_PER_ITEM, size).enumerate() {
            let key = keys::digests(&self.msp, &import.id, number);
            self.put_packed(tx, import, "digests", &key, chunk)?;
        }
        Ok(())
    }

    /// What was agreed to, by company.
    pub async fn agreed(&self, import: &Import) -> Result<HashMap<PsaCompanyId, Agreed>, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let mut all = HashMap::new();
        for item in self.query(Place::Imports, &pk, keys::DIGESTS).await? {
            all.extend(packed_body::<Vec<(PsaCompanyId, Agreed)>>("digests", &item)?);
        }
        Ok(all)
    }
}
