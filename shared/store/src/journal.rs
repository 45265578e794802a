//! The journal of an execution: what was intended for each company before anything was done, and how it ended.
//!
//! All parts of a company are written before the directory is called, the first one last: a company is begun when its first part is
//! there. Then mappings and outcomes are written part by part, or for as many users of a part as there was time for. Killed in
//! between, the next run finds the first row without an outcome and repeats the calls from there on with the same tokens.

use std::collections::HashMap;
use std::str::FromStr;

use domain::address::{AddressKey, NoAddress};
use domain::directory::ReservationId;
use domain::ids::{AddressId, PsaCompanyId};
use domain::import::Import;
use domain::outcome::{Counts, Outcome, RowCode, RowOutcome};
use domain::plan::{CompanyPlan, PLAN_SCHEMA, PlanDigest, SkipReason, UserPlan};
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::keys::{self, Key};
use crate::schema::Kind;
use crate::size::{self, ROOM};
use crate::table::{Item, Table, Tenant, packed_body};
use crate::tx::{Action, Transaction};

const JOURNAL: Kind = Kind::first("journal");
const PASSED: Kind = Kind::first("passed");
const DIGESTS: Kind = Kind::first("digests");

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

/// Users of one part, as far as their texts leave room; when a worker dies, so much is done again at most.
const USERS_PER_PART: usize = 1_000;

/// The bytes of an outcome, beside the id of its row.
const LARGEST_OUTCOME: usize = 64;

/// The bytes of a part beside its users and what is gone: names and ids of the company.
const LARGEST_COMPANY: usize = 8 * 1024;

impl Part {
    /// A plan that is about to be carried out, cut into what fits into an item with all of its outcomes.
    pub fn of(plan: &CompanyPlan) -> Result<Vec<Self>, StoreError> {
        let of_user =
            |user: &UserPlan| Ok(size::of_json(JOURNAL.name, user)? + user.id.as_str().len() + LARGEST_OUTCOME);
        let of_gone = |gone: &(AddressId, Vec<AddressKey>)| size::of_json(JOURNAL.name, gone);
        // What is gone is divided as well, since each part that names it would write it.
        let room = ROOM - LARGEST_COMPANY;
        let mut gone = size::cut(&plan.gone, (usize::MAX, room / 4), of_gone)?.into_iter();
        let users = size::cut(&plan.users, (USERS_PER_PART, room - room / 4), of_user)?;
        let users = users.into_iter().chain(plan.users.is_empty().then_some([].as_slice()));
        let parts = users.enumerate().map(|(number, users)| Self {
            plan: CompanyPlan {
                gone: gone.next().unwrap_or_default().to_vec(),
                ..plan.with_users(users)
            },
            outcomes: Vec::new(),
            more: number > 0,
        });
        let parts = parts.collect();
        // A part without users would count as done at once, so the orphaned mappings that do not fit are left to the next import.
        let left: usize = gone.map(<[_]>::len).sum();
        if left > 0 {
            tracing::warn!(company = %plan.company, left, "some orphaned mappings are left for the next import to rewrite");
        }
        Ok(parts)
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

    /// Why the company itself failed, if it has.
    pub fn company_failure(&self) -> Option<RowCode> {
        match self.outcomes.first() {
            Some(RowOutcome {
                address: None,
                outcome: Outcome::Failed(code),
            }) => Some(*code),
            _ => None,
        }
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
    /// How many rows of the plan it stands for, the company itself included.
    #[serde(skip)]
    rows: usize,
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

/// Rows named in one item, as far as their texts leave room: some 60 KB, and less than 2 MB as they are shown.
const ROWS_PER_PACK: usize = 2_000;

/// The bytes of a pack's entry beside its rows: the company's id, its name, and the names of the fields.
const LARGEST_ENTRY: usize = 2 * 1024;

impl Passed {
    /// A company with the outcomes of all its rows, its own first, from row `from` on; cut into what fits into a pack.
    pub fn of(plan: &CompanyPlan, outcomes: Vec<RowOutcome>, from: usize) -> Result<Vec<Self>, StoreError> {
        let users = plan.users.iter().map(|user| Some(NamedAddress::from(user)));
        let rows = std::iter::once(None).chain(users).zip(outcomes);
        let rows: Vec<PassedRow> = rows
            .map(|(address, row)| PassedRow { row, address })
            .skip(from)
            .collect();
        let is_named = |row: &PassedRow| row.row.outcome != Outcome::Unchanged;
        let size = |row: &PassedRow| {
            if is_named(row) {
                size::of_json(PASSED.name, row)
            } else {
                Ok(0)
            }
        };
        // Rows that need no name are no reason to cut.
        let mut pieces: Vec<Self> = Vec::new();
        let (mut named, mut bytes) = (0, 0);
        for row in rows {
            let row_size = size(&row)? + 1;
            let is_full = named == ROWS_PER_PACK || bytes + row_size > ROOM - LARGEST_ENTRY;
            let piece = match pieces.last_mut() {
                Some(piece) if !(is_full && is_named(&row)) => piece,
                _ => {
                    (named, bytes) = (0, 0);
                    let more = from > 0 || !pieces.is_empty();
                    pieces.push(Self {
                        company: plan.company.clone(),
                        name: None,
                        unchanged_users: 0,
                        rest: Vec::new(),
                        more,
                        rows: 0,
                    });
                    let last = pieces.len() - 1;
                    &mut pieces[last]
                }
            };
            piece.rows += 1;
            if is_named(&row) {
                piece.name.get_or_insert_with(|| plan.name.clone());
                named += 1;
                bytes += row_size;
                piece.rest.push(row);
            } else if row.address.is_some() {
                piece.unchanged_users += 1;
            }
        }
        Ok(pieces)
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

/// Companies passed over, in one item.
#[derive(Debug)]
pub struct Pack {
    /// Its write.
    pub action: Action,
    /// How many companies are complete with it and the packs before it.
    pub companies: usize,
    /// How many rows of the company behind those they have.
    pub rows: usize,
}

/// Digests of the companies in one item, as far as the rows beside them leave room.
const DIGESTS_PER_ITEM: usize = 15_000;

/// Items of an agreement that are written along with its confirmation.
const MOST_ALONG: usize = 40;

/// What was agreed to for one company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// The digest of its plan.
    #[serde(rename = "d")]
    pub digest: PlanDigest,
    /// The number of the form that the plan had; 0 before there were numbers.
    #[serde(rename = "v", default)]
    plan_schema: u32,
    /// Why it is passed over, if it is.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub passed_over: Option<SkipReason>,
    /// Its rows that are passed over for somebody else's sake.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub passed_for_others: Vec<(AddressId, SkipReason)>,
}

impl Agreed {
    /// What is agreed to by agreeing to a plan, of which these rows are passed over for somebody else's sake.
    pub fn new(plan: &CompanyPlan, passed_for_others: Vec<(AddressId, SkipReason)>) -> Self {
        Self {
            digest: plan.digest(),
            plan_schema: PLAN_SCHEMA,
            passed_over: plan.passed_over().cloned(),
            passed_for_others,
        }
    }

    /// The number of the form that the plan had, if it is not today's: then its digest cannot be compared.
    pub fn other_schema(&self) -> Option<u32> {
        (self.plan_schema != PLAN_SCHEMA).then_some(self.plan_schema)
    }

    /// Whether the plan might look different once other companies of it have been carried out.
    pub const fn rests_on_others(&self) -> bool {
        self.passed_over.is_some() || !self.passed_for_others.is_empty()
    }
}

impl Tenant {
    /// Adds a part of a company, of that number, to a transaction.
    pub fn journal(&self, tx: &mut Transaction, import: &Import, number: usize, part: &Part) -> Result<(), StoreError> {
        tx.push(self.journal_action(import, number, part)?)
    }

    /// The write of a part of a company, of that number.
    pub fn journal_action(&self, import: &Import, number: usize, part: &Part) -> Result<Action, StoreError> {
        let key = keys::part(&self.msp, &import.id, &part.plan.company, number);
        self.packed_put(import, JOURNAL, &key, part)
    }

    /// The entries of companies for which nothing was done, each cut by [`Passed::of`], in packs numbered from `first`. A company
    /// without entries is complete with those before it.
    pub fn passed_packs<'a>(
        &self,
        import: &Import,
        first: u64,
        companies: impl IntoIterator<Item = &'a [Passed]>,
    ) -> Result<Vec<Pack>, StoreError> {
        let (mut packs, mut pack) = (Vec::new(), Vec::new());
        let (mut named, mut bytes) = (0, 0);
        let (mut complete, mut rows) = (0, 0);
        let mut write = |pack: &mut Vec<&Passed>, companies, rows| {
            let key = keys::passed(&self.msp, &import.id, first + packs.len() as u64);
            let action = self.packed_put(import, PASSED, &key, &*pack)?;
            pack.clear();
            packs.push(Pack {
                action,
                companies,
                rows,
            });
            Ok::<(), StoreError>(())
        };
        for entries in companies {
            for entry in entries {
                let size = size::of_json(PASSED.name, entry)? + 1;
                if !pack.is_empty() && (named + entry.rest.len() > ROWS_PER_PACK || bytes + size > ROOM) {
                    write(&mut pack, complete, rows)?;
                    (named, bytes) = (0, 0);
                }
                pack.push(entry);
                named += entry.rest.len();
                bytes += size;
                rows += entry.rows;
            }
            complete += 1;
            rows = 0;
        }
        if !pack.is_empty() {
            write(&mut pack, complete, rows)?;
        }
        Ok(packs)
    }

    /// What stands in the journal about one company; nothing if it was not begun.
    pub async fn parts(&self, import: &Import, company: &PsaCompanyId) -> Result<Vec<Part>, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let items = self.query(Table::Imports, &pk, &keys::parts_prefix(company)).await?;
        let parts: Vec<Part> = items
            .iter()
            .map(|item| packed_body(JOURNAL, item))
            .collect::<Result<_, _>>()?;
        // Without the first one the others were written by a run that died before the company was begun.
        let is_begun = parts.first().is_some_and(|part| !part.more);
        Ok(if is_begun { parts } else { Vec::new() })
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
            .query_page(Table::Imports, &pk, prefix, start.as_ref(), items)
            .await?;
        let mut entries = Vec::new();
        for item in &found {
            if prefix == keys::PART {
                entries.push(Entry::Part(packed_body(JOURNAL, item)?));
            } else {
                let passed: Vec<Passed> = packed_body(PASSED, item)?;
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

    /// The writes of what was agreed to by the confirmation that the import names. They mean nothing before that confirmation
    /// succeeds.
    pub fn agreement(&self, import: &Import, agreed: &[(PsaCompanyId, Agreed)]) -> Result<Vec<Action>, StoreError> {
        let size = |entry: &(PsaCompanyId, Agreed)| size::of_json(DIGESTS.name, entry);
        let slices = size::cut(agreed, (DIGESTS_PER_ITEM, ROOM), size)?;
        let writes = slices.into_iter().enumerate().map(|(number, slice)| {
            let key = keys::digests(&self.msp, &import.id, reservation(import), number);
            self.packed_put(import, DIGESTS, &key, slice)
        });
        writes.collect()
    }

    /// Writes of an agreement what does not fit into the transaction that confirms it, and gives the rest.
    pub async fn write_ahead(&self, mut agreement: Vec<Action>) -> Result<Vec<Action>, StoreError> {
        let mut most = Transaction::new();
        let fit = agreement.iter().take(MOST_ALONG).take_while(|action| {
            let fits = most.has_room_for([*action, *action]);
            // Twice, so that half of the transaction is left for what confirms it.
            fits && most.push((*action).clone()).is_ok() && most.push((*action).clone()).is_ok()
        });
        let ahead = agreement.split_off(fit.count());
        let mut tx = Transaction::new();
        for action in ahead {
            if !tx.has_room_for([&action]) {
                let _ = std::mem::take(&mut tx).commit(self).await?;
            }
            tx.push(action)?;
        }
        if !tx.is_empty() {
            let _ = tx.commit(self).await?;
        }
        Ok(agreement)
    }

    /// What was agreed to, by company.
    pub async fn agreed(&self, import: &Import) -> Result<HashMap<PsaCompanyId, Agreed>, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let own = keys::digests_prefix(reservation(import));
        let mut items = self.query(Table::Imports, &pk, &own).await?;
        if items.is_empty() {
            // As it was written before confirmations had digests of their own: two digits behind the prefix.
            let is_common = |item: &Item| {
                let sk = item.get("sk").and_then(|sk| sk.as_s().ok());
                sk.is_some_and(|sk| sk.len() == keys::DIGESTS.len() + 2)
            };
            items = self.query(Table::Imports, &pk, keys::DIGESTS).await?;
            items.retain(is_common);
        }
        let mut all = HashMap::new();
        for item in items {
            all.extend(packed_body::<Vec<(PsaCompanyId, Agreed)>>(DIGESTS, &item)?);
        }
        Ok(all)
    }
}

/// The confirmation that an import names.
fn reservation(import: &Import) -> &str {
    import.reservation.as_ref().map_or("", ReservationId::as_str)
}
