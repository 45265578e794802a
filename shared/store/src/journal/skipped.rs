//! Companies for which nothing was done: many in one item.

use std::collections::HashSet;

use domain::address::NoAddress;
use domain::directory::ReservationId;
use domain::ids::PsaCompanyId;
use domain::import::Import;
use domain::import::retention::RESULT_DAYS;
use domain::plan::{CompanyPlan, Counts, Outcome, RowOutcome, UserPlan};
use serde::{Deserialize, Serialize};

use super::confirmation::confirmation_of;
use crate::StoreError;
use crate::answers::packed_of_import;
use crate::keys::{self, Key};
use crate::records::{IdsRecord, RowOutcomeRecord};
use crate::schema::Kind;
use crate::size::{self, ROOM};
use crate::table::{Item, Table, Tenant, packed_body};
use crate::tx::Action;

pub(crate) const SKIPPED: Kind = Kind::first("passed").kept(RESULT_DAYS);

/// A company for which nothing was done; many are in one item. Rows that needed nothing are counted and not named, so
/// that an unchanged import of everything writes little.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SkippedCompany {
    /// The company.
    #[serde(rename = "c")]
    pub company: PsaCompanyId,
    /// Its name, kept where there is a row to be named with it.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Users that needed nothing.
    #[serde(rename = "u")]
    pub unchanged_users: u64,
    /// The rows that were skipped or failed.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub rest: Vec<SkippedRow>,
    /// Whether this is more of a company that did not fit into the item before; that one has its own outcome.
    #[serde(rename = "m", default, skip_serializing_if = "std::ops::Not::not")]
    more: bool,
    /// How many rows of the plan it covers, the company itself included.
    #[serde(skip)]
    pub(super) rows: usize,
}

/// A row that was skipped or failed, with what an administrator knows it by.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SkippedRow {
    /// How it ended.
    #[serde(flatten, with = "RowOutcomeRecord")]
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
pub(super) const MAX_ROWS_PER_PACK: usize = 2_000;

/// Items of companies that a confirmation has found to need nothing.
const MAX_PACKS_AHEAD: usize = 4;

/// Rows that are named in as many items.
pub const MAX_ROWS_AHEAD: usize = MAX_PACKS_AHEAD * MAX_ROWS_PER_PACK;

/// The bytes of an entry without its rows: the company's id, its name, and the names of the fields.
const LARGEST_ENTRY: usize = 2 * 1024;

impl SkippedCompany {
    /// A company with the outcomes of all its rows, its own first, from row `from` on; cut into what fits into a pack.
    pub fn of(plan: &CompanyPlan, outcomes: Vec<RowOutcome>, from: usize) -> Result<Vec<Self>, StoreError> {
        let users = plan.users.iter().map(|user| Some(NamedAddress::from(user)));
        let rows = std::iter::once(None).chain(users).zip(outcomes);
        let rows: Vec<SkippedRow> = rows
            .map(|(address, row)| SkippedRow { row, address })
            .skip(from)
            .collect();
        let is_named = |row: &SkippedRow| row.row.outcome != Outcome::Unchanged;
        let size = |row: &SkippedRow| {
            if is_named(row) {
                size::of_json(SKIPPED.name, row)
            } else {
                Ok(0)
            }
        };
        // Rows that need no name are no reason to cut.
        let mut pieces: Vec<Self> = Vec::new();
        let (mut named, mut bytes) = (0, 0);
        for row in rows {
            let row_size = size(&row)? + 1;
            let is_full = named == MAX_ROWS_PER_PACK || bytes + row_size > ROOM - LARGEST_ENTRY;
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

/// Entries of a pack as they are stored. Mostly nothing was to be done: such companies are stored in columns.
#[derive(Debug, Serialize, Deserialize)]
enum EntriesRecord<Other> {
    /// Companies of which all rows needed nothing, and how many users each has.
    #[serde(rename = "u")]
    Unchanged(IdsRecord, Vec<u64>),
    #[serde(rename = "o")]
    Other(Other),
}

fn columns<'a>(pack: &[&'a SkippedCompany]) -> Vec<EntriesRecord<&'a SkippedCompany>> {
    let has_other = |entry: &SkippedCompany| entry.more || entry.name.is_some() || !entry.rest.is_empty();
    let mut entries = Vec::new();
    for group in pack.chunk_by(|one, other| !has_other(one) && !has_other(other)) {
        match group {
            [entry] if has_other(entry) => entries.push(EntriesRecord::Other(*entry)),
            _ => entries.push(EntriesRecord::Unchanged(
                IdsRecord::of(group.iter().map(|entry| &entry.company)),
                group.iter().map(|entry| entry.unchanged_users).collect(),
            )),
        }
    }
    entries
}

/// The entries of a pack.
pub(super) fn read_pack(item: &Item) -> Result<Vec<SkippedCompany>, StoreError> {
    let mut all = Vec::new();
    for entries in packed_body::<Vec<EntriesRecord<SkippedCompany>>>(SKIPPED, item)? {
        match entries {
            EntriesRecord::Other(entry) => all.push(entry),
            EntriesRecord::Unchanged(ids, users) => {
                let unchanged = ids.into_ids().into_iter().zip(users);
                all.extend(unchanged.map(|(company, unchanged_users)| SkippedCompany {
                    company,
                    name: None,
                    unchanged_users,
                    rest: Vec::new(),
                    more: false,
                    rows: 0,
                }));
            }
        }
    }
    Ok(all)
}

/// Skipped companies, in one item.
#[derive(Debug)]
pub struct SkippedPack {
    /// Its write.
    pub action: Action,
    /// How many companies are complete with it and the packs before it.
    pub companies: usize,
    /// How many rows of the company behind those they have.
    pub rows: usize,
    /// The outcomes of its rows, counted.
    pub counts: Counts,
}

impl Tenant {
    /// The items of companies that a confirmation has found to need nothing, which count if it is the one that the import names; how many
    /// companies that are, and the outcomes of their rows. As many as fit into a few items: the others are planned again when the plan is
    /// applied.
    pub fn skipped_ahead(
        &self,
        import: &Import,
        reservation: &ReservationId,
        companies: &[SkippedCompany],
    ) -> Result<(Vec<Item>, usize, Counts), StoreError> {
        let key = |number| keys::passed_ahead(&self.msp, &import.id, reservation.as_str(), number);
        let mut packs = packs(import, key, companies.chunks(1))?;
        packs.truncate(MAX_PACKS_AHEAD);
        let count = packs.last().map_or(0, |last| last.companies);
        let mut counts = Counts::default();
        for pack in &packs {
            counts += pack.counts;
        }
        Ok((packs.into_iter().map(|pack| pack.item).collect(), count, counts))
    }

    /// The companies that were found to need nothing when the plan was confirmed.
    pub async fn skipped_when_confirmed(&self, import: &Import) -> Result<HashSet<PsaCompanyId>, StoreError> {
        let skipped = self.skipped_ahead_of(import).await?;
        Ok(skipped.into_iter().map(|entry| entry.company).collect())
    }

    /// The companies that were found to need nothing when the plan was confirmed, with what is known of their rows.
    pub(crate) async fn skipped_ahead_of(&self, import: &Import) -> Result<Vec<SkippedCompany>, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let prefix = keys::passed_ahead_prefix(confirmation_of(import));
        let mut companies = Vec::new();
        for item in self.query(Table::Imports, &pk, &prefix).await? {
            companies.append(&mut read_pack(&item)?);
        }
        Ok(companies)
    }

    /// The entries of companies for which nothing was done, each cut by [`SkippedCompany::of`], in packs numbered from `first`. A company
    /// without entries is complete with those before it.
    pub fn skipped_packs<'a>(
        &self,
        import: &Import,
        first: u64,
        companies: impl IntoIterator<Item = &'a [SkippedCompany]>,
    ) -> Result<Vec<SkippedPack>, StoreError> {
        let key = |number| keys::passed(&self.msp, &import.id, first + number as u64);
        let packs = packs(import, key, companies)?.into_iter();
        let packs = packs.map(|pack| {
            Ok(SkippedPack {
                action: Action::put(self, Table::Imports, pack.item)?,
                companies: pack.companies,
                rows: pack.rows,
                counts: pack.counts,
            })
        });
        packs.collect()
    }
}

/// See [`SkippedPack`].
struct Pack {
    item: Item,
    companies: usize,
    rows: usize,
    counts: Counts,
}

fn packs<'a>(
    import: &Import,
    key_of: impl Fn(usize) -> Key,
    companies: impl IntoIterator<Item = &'a [SkippedCompany]>,
) -> Result<Vec<Pack>, StoreError> {
    let (mut packs, mut pack) = (Vec::new(), Vec::new());
    let (mut named, mut bytes) = (0, 0);
    let (mut complete, mut rows) = (0, 0);
    let mut write = |pack: &mut Vec<&SkippedCompany>, companies, rows| {
        let key = key_of(packs.len());
        let item = packed_of_import(import, SKIPPED, &key, &columns(pack))?;
        let mut counts = Counts::default();
        for entry in pack.drain(..) {
            counts += entry.counts();
        }
        packs.push(Pack {
            item,
            companies,
            rows,
            counts,
        });
        Ok::<(), StoreError>(())
    };
    for entries in companies {
        for entry in entries {
            let size = size::of_json(SKIPPED.name, entry)? + 1;
            if !pack.is_empty() && (named + entry.rest.len() > MAX_ROWS_PER_PACK || bytes + size > ROOM) {
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
