//! The journal of an execution: what was intended for each company before anything was done, and how it ended.
//!
//! All chunks of a company are written before the directory is called, the first one last: a company is begun when its first chunk
//! is there. Then mappings and outcomes are written chunk by chunk, or for as many users of a chunk as there was time for. Killed in
//! between, the next run finds the first row without an outcome and repeats the calls from there on with the same keys.

mod chunk;
mod confirmation;
mod digest;
pub(crate) mod outcomes;
mod skipped;

use std::collections::HashSet;
use std::str::FromStr;

use domain::ids::PsaCompanyId;
use domain::import::Import;
use domain::plan::RowOutcome;
use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::OnceCell;

use crate::StoreError;
use crate::keys::{self, Key};
use crate::table::{Consistency, Item, Table, Tenant, packed_body};
use crate::tx::{Action, ActionId, Transaction};

pub use crate::records::plan::PLAN_SCHEMA;
pub use chunk::CompanyChunk;
pub use confirmation::ConfirmedCompany;
pub use digest::{PlanDigest, PlanHasher};
pub use outcomes::{ChunkName, Outcomes};
pub use skipped::{MAX_ROWS_AHEAD, NamedAddress, SkippedCompany, SkippedPack, SkippedRow};

/// How many chunks a caller should read together. Each may have a thousand users.
pub const CHUNKS_AT_ONCE: usize = 32;

/// Chunks that are read at the same moment.
const READ_CONCURRENCY: usize = 16;

/// What the journal holds of one company, or of a chunk of a large one.
#[expect(
    clippy::large_enum_variant,
    reason = "an entry is read and taken apart at once; none is kept"
)]
#[derive(Debug)]
pub enum JournalEntry {
    /// Something was done, or at least intended.
    Chunk(CompanyChunk),
    /// Nothing was done.
    Skipped(SkippedCompany),
}

/// What one item of the journal holds.
#[derive(Debug)]
pub struct JournalItem {
    /// The companies in it, or a chunk of one.
    pub entries: Vec<JournalEntry>,
    /// Where the journal goes on behind it.
    pub position: JournalPosition,
}

/// Where the next page of the journal begins.
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

impl JournalPosition {
    /// Where the companies begin for which nothing was done.
    pub fn of_skipped() -> Self {
        Self(keys::PASSED.to_owned())
    }
}

/// A text that is no position in a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no position in a journal")]
pub struct NoJournalPosition;

impl Tenant {
    /// Adds the chunk of this number to a transaction.
    pub fn journal(
        &self,
        tx: &mut Transaction,
        import: &Import,
        number: usize,
        chunk: &CompanyChunk,
    ) -> Result<ActionId, StoreError> {
        tx.push(self.journal_action(import, number, chunk)?)
    }

    /// The write of the chunk of this number.
    pub fn journal_action(&self, import: &Import, number: usize, chunk: &CompanyChunk) -> Result<Action, StoreError> {
        let key = keys::part(&self.msp, &import.id, &chunk.plan.company, number);
        self.packed_put(import, chunk::CHUNK, &key, chunk)
    }

    /// Adds to a transaction how the next rows of the chunk of this number ended, and gives them to the chunk. Refused with
    /// [`StoreError::TooLarge`] if the transaction has no room; then the chunk is as it was.
    pub fn add_outcomes(
        &self,
        tx: &mut Transaction,
        import: &Import,
        (number, chunk): (usize, &mut CompanyChunk),
        outcomes: Vec<RowOutcome>,
    ) -> Result<(), StoreError> {
        tx.add_outcomes(self.outcomes_of(import, (number, chunk), &outcomes))?;
        chunk.outcomes.extend(outcomes);
        Ok(())
    }

    /// Those of some companies that were begun, and others that lie between them.
    pub async fn begun_among(
        &self,
        import: &Import,
        companies: &[PsaCompanyId],
    ) -> Result<HashSet<PsaCompanyId>, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let prefixes = companies.iter().map(keys::parts_prefix);
        let items = self.query_among(Table::Imports, &pk, prefixes, Consistency::Strong);
        let items = items.await?;
        // Without its first chunk a company was not begun.
        let begun = items
            .iter()
            .filter_map(|item| keys::first_part_of(item.get("sk")?.as_s().ok()?));
        Ok(begun.collect())
    }

    /// The chunks of one company, with the outcomes that they have; none if it was not begun.
    pub async fn chunks(
        &self,
        import: &Import,
        company: &PsaCompanyId,
        outcomes: &Outcomes,
    ) -> Result<Vec<CompanyChunk>, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let items = self.query(Table::Imports, &pk, &keys::parts_prefix(company)).await?;
        let chunks: Vec<CompanyChunk> = items
            .iter()
            .map(|item| read_chunk(item, outcomes))
            .collect::<Result<_, _>>()?;
        // Without the first one the others were written by a run that died before the company was begun.
        let is_begun = chunks.first().is_some_and(|chunk| !chunk.more);
        Ok(if is_begun { chunks } else { Vec::new() })
    }

    /// The journal of an import, to be read.
    pub fn journal_of(&self, import: &Import) -> Journal {
        Journal {
            tenant: self.clone(),
            import: import.clone(),
            outcomes: OnceCell::new(),
        }
    }
}

/// The journal of an import.
pub struct Journal {
    tenant: Tenant,
    import: Import,
    outcomes: OnceCell<Outcomes>,
}

impl Journal {
    /// Reads the journal from its beginning or from where the page before it ended: first the companies for which something
    /// was done, then the others. At most `items` items a page, or 1 MB.
    pub async fn page(
        &self,
        after: Option<&JournalPosition>,
        items: Option<i32>,
    ) -> Result<(Vec<JournalEntry>, Option<JournalPosition>), StoreError> {
        let (items, next) = self.items(after, items).await?;
        Ok((items.into_iter().flat_map(|item| item.entries).collect(), next))
    }

    /// Reads a page item by item, so that a caller who has no room for all of them can go on behind the last one that it took.
    pub async fn items(
        &self,
        after: Option<&JournalPosition>,
        items: Option<i32>,
    ) -> Result<(Vec<JournalItem>, Option<JournalPosition>), StoreError> {
        let (tenant, import) = (&self.tenant, &self.import);
        let pk = keys::import_partition(&tenant.msp, &import.id);
        let after = after.map_or(keys::PART, JournalPosition::as_str);
        let prefix = if after.starts_with(keys::PASSED) {
            keys::PASSED
        } else {
            keys::PART
        };
        // A bare prefix is where its items begin.
        let start = (after != prefix).then(|| Key::in_import(&pk, after).to_item());
        let (found, last) = tenant
            .query_page(Table::Imports, &pk, prefix, start.as_ref(), items)
            .await?;
        let mut items = Vec::new();
        for item in &found {
            let position = position_of(item).ok_or_else(|| StoreError::shape("journal", "an item has no key"))?;
            let entries = if prefix == keys::PART {
                // Read after the chunks, and once: no chunk that is found has lost any since.
                let outcomes = self.outcomes().await?;
                vec![JournalEntry::Chunk(read_chunk(item, outcomes)?)]
            } else if keys::is_passed_by(position.as_str(), confirmation::confirmation_of(import)) {
                let pack = skipped::read_pack(item)?;
                pack.into_iter().map(JournalEntry::Skipped).collect()
            } else {
                Vec::new()
            };
            items.push(JournalItem { entries, position });
        }
        let next = match last.as_ref().and_then(position_of) {
            Some(last) => Some(last),
            None if prefix == keys::PART => Some(JournalPosition::of_skipped()),
            None => None,
        };
        Ok((items, next))
    }

    /// How the rows of all companies ended, read once.
    pub async fn outcomes(&self) -> Result<&Outcomes, StoreError> {
        let read = || self.tenant.outcomes(&self.import);
        self.outcomes.get_or_try_init(read).await
    }

    /// Reads some chunks, in this order, [`CHUNKS_AT_ONCE`] at most. A chunk that has expired is left out.
    pub async fn chunks(&self, names: &[&ChunkName]) -> Result<Vec<CompanyChunk>, StoreError> {
        let outcomes = self.outcomes().await?;
        let (tenant, import) = (&self.tenant, &self.import);
        let reads = names.iter().map(|name| async move {
            let key = keys::part(&tenant.msp, &import.id, &name.company, name.number);
            let item = tenant.get(Table::Imports, &key).await?;
            item.map(|item| read_chunk(&item, outcomes)).transpose()
        });
        // Collected first: a stream of borrowing futures cannot be sent to another thread.
        let reads: Vec<_> = reads.collect();
        let chunks: Vec<_> = stream::iter(reads).buffered(READ_CONCURRENCY).try_collect().await?;
        Ok(chunks.into_iter().flatten().collect())
    }
}

fn position_of(item: &Item) -> Option<JournalPosition> {
    Some(JournalPosition(item.get("sk")?.as_s().ok()?.clone()))
}

/// A chunk with the outcomes that it has.
fn read_chunk(item: &Item, outcomes: &Outcomes) -> Result<CompanyChunk, StoreError> {
    let mut chunk: CompanyChunk = packed_body(chunk::CHUNK, item)?;
    let sk = item.get("sk").and_then(|sk| sk.as_s().ok());
    let number = sk.and_then(|sk| keys::number_of_part(sk));
    let number = number.ok_or_else(|| StoreError::shape(chunk::CHUNK.name, "the sort key has no number"))?;
    outcomes.fill(number, &mut chunk);
    Ok(chunk)
}
