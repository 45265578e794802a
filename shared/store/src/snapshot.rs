//! Snapshots of an integration, which all of its imports share.
//!
//! A snapshot is written in full only once: rows and the lists of its companies are items of their own, and the next
//! snapshot writes those that differ. They are written under the name of the new snapshot, where nobody sees them. One transaction under
//! the lease then makes them count: the head of the integration's last snapshot, the index of the import's rows, and the list of what they
//! supersede, which is deleted when no import shows it any more (R67).
//!
//! Before the first item is written, a draft says under which name (`drafts.rs`). The transaction ends the draft.

mod chunks;
mod contents;
mod drafts;
pub(crate) mod index;
mod last;
mod leftovers;
pub mod mirror;
mod new_rows;
pub mod pages;
pub mod retention;
mod row;
mod state;
mod superseded;

use std::iter;

use domain::ids::{AddressId, PsaCompanyId};
use domain::import::{Assignment, Import};
use domain::not_in::PersonNotIn;
use domain::plan::related::sharers_of;
use domain::policy::Policy;
use domain::row::SnapshotAddress;
use jiff::Timestamp;
use serde::Serialize;

pub use self::row::Row;

use self::chunks::Chunk;
pub(crate) use self::contents::{ADDRESSES_OF, Content, PEOPLE_OF, missing};
use self::contents::{ListOf, Prepared, contact_order};
use self::drafts::Begun;
use self::index::{Defaults, Index};
use self::last::Last;
use self::mirror::{Mirror, NewMirror};
use self::new_rows::NewRows;
use self::retention::Retention;
use crate::StoreError;
use crate::checkpoint::Checkpoint;
use crate::fenced::{FencedOutcome, FencedTransaction};
use crate::keys;
use crate::lease::Lease;
use crate::many::write_each;
use crate::records::{PersonRecord, SnapshotAddressRecord};
use crate::size;
use crate::table::{Item, Table, Tenant};
use crate::tx::Action;

/// Write units behind one proof of the lease, which is of 30 seconds: a partition takes 1,000 a second.
const MAX_UNITS_PER_PROOF: usize = 10_000;

/// Rows and lists that are written together: so much is kept in memory meanwhile.
const MIN_BYTES_PER_PROOF: usize = 256 * 1_024;

/// Bytes that a write unit pays for.
const UNIT_BYTES: usize = 1_024;

/// A snapshot that is being written.
#[derive(Debug)]
pub struct Draft {
    partition: String,
    version: String,
    /// What the store knows of it.
    begun: Begun,
    before: Last,
    rows: NewRows,
    /// Sort keys of the lists of the last snapshot that these rows do not have.
    superseded: Vec<String>,
    /// Until when the last snapshot is kept, as this one knows it.
    retention: Option<Retention>,
    /// Rows and lists that are to be written.
    waiting: Vec<Item>,
    /// What is to be written of what the import knows of the PSA.
    mirror: Option<mirror::Prepared>,
    /// What is stored of it.
    mirror_before: Option<Mirror>,
}

impl Draft {
    /// Adds the addresses of a company, and says on its row where they are.
    pub fn add_addresses(&mut self, row: &mut Row, addresses: Vec<SnapshotAddress>) -> Result<(), StoreError> {
        let sharers = sharers_of(&addresses);
        let records = addresses.into_iter().zip(sharers);
        let records = records.map(|(address, sharers)| SnapshotAddressRecord::of(address, &sharers));
        let mut records: Vec<SnapshotAddressRecord> = records.collect();
        // So that those of one contact are found. They come in this order, and stay as they are.
        records.sort_by(|one, other| contact_order(one.id.contact()).cmp(&contact_order(other.id.contact())));
        let before = self.before.lists.get(&row.id).and_then(|lists| lists.addresses.clone());
        row.addresses = self.add(ADDRESSES_OF, &row.id, (&records, |record| &record.id), before.as_ref())?;
        Ok(())
    }

    /// Adds the people of a company who are not in, and says on its row where they are and how many.
    pub fn add_people(&mut self, row: &mut Row, people: &[PersonNotIn]) -> Result<(), StoreError> {
        let records: Vec<PersonRecord> = people.iter().map(PersonRecord::from).collect();
        let lists = self.before.lists.get(&row.id);
        let before = lists.and_then(|lists| lists.people.as_deref().cloned());
        row.people = self.add(PEOPLE_OF, &row.id, (&records, |record| &record.id), before.as_ref())?;
        row.company.people_not_in = u32::try_from(people.len()).unwrap_or(u32::MAX);
        Ok(())
    }

    /// Adds rows, which come behind all others by their ids.
    pub fn add_rows(&mut self, mut rows: Vec<Row>) -> Result<(), StoreError> {
        rows.sort_by(|one, other| one.id.cmp(&other.id));
        for row in rows {
            self.superseded
                .extend(self.before.take_superseded_lists(&self.partition, &row));
            self.rows.add(row);
        }
        let items = self.rows.chunk((&self.partition, &self.version), false)?;
        self.waiting.extend(items);
        Ok(())
    }

    /// Adds what the import knows of the PSA.
    pub fn add_mirror<K: Serialize>(&mut self, new: NewMirror<'_, K>) -> Result<(), StoreError> {
        let (prepared, items) = new.prepare(&self.partition, &self.version)?;
        self.waiting.extend(items);
        self.mirror = Some(prepared);
        Ok(())
    }

    fn is_mirror_as_before(&self) -> bool {
        let stored = self.mirror_before.as_ref();
        self.mirror.as_ref().is_none_or(|new| new.rests_on(stored))
    }

    /// Sort keys of what the new mirror does not have of the stored one.
    fn superseded_mirror(&self) -> Vec<String> {
        match (&self.mirror_before, &self.mirror) {
            (Some(stored), Some(new)) => new.supersedes(stored, &self.partition),
            _ => Vec::new(),
        }
    }

    fn add<T: Serialize>(
        &mut self,
        list: ListOf,
        company: &PsaCompanyId,
        records: (&[T], fn(&T) -> &AddressId),
        before: Option<&Content>,
    ) -> Result<Option<Content>, StoreError> {
        if records.0.is_empty() {
            return Ok(None);
        }
        let Prepared { content, items } = list.prepare(&self.partition, (company, &self.version), records, before)?;
        self.waiting.extend(items);
        Ok(Some(content))
    }
}

/// What makes a snapshot count whose rows are all there.
pub struct Complete<'a> {
    /// What decides on the rows of an unattended import.
    pub policy: Option<&'a Policy>,
    /// What else is written with it.
    pub more: Vec<Action>,
}

impl Tenant {
    /// Begins a snapshot, and ends what the one before it has left to do; nothing if the lease is lost.
    pub async fn draft(&self, lease: &Lease, import: &Import, now: Timestamp) -> Result<Option<Draft>, StoreError> {
        let integration = &import.integration;
        // Before the snapshot: what expires in between is noticed when this one is completed.
        let mut retention = self.retention(integration).await?;
        let state = self.snapshot_state(integration).await?;
        let cleared = self.clear_drafts(lease, import, state.draft, &mut retention, now);
        let Some(begun) = cleared.await? else {
            return Ok(None);
        };
        self.expire_superseded(integration, state.superseded).await?;
        let before = self.last_snapshot(integration, state.head.as_ref()).await?;
        Ok(Some(Draft {
            partition: keys::snapshot_partition(&self.msp, integration),
            version: lease.version(import),
            begun,
            rows: NewRows::following(&before),
            superseded: Vec::new(),
            before,
            retention,
            waiting: Vec::new(),
            mirror: None,
            mirror_before: mirror::readable(state.mirror.as_ref())?,
        }))
    }

    /// Writes the rows and lists that were added so far, once they are so many that they are worth a proof of the lease.
    pub async fn write_lists(
        &self,
        lease: &Lease,
        import: &Import,
        draft: &mut Draft,
        now: impl Fn() -> Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        let bytes: usize = draft.waiting.iter().map(size::of_item).sum();
        if bytes < MIN_BYTES_PER_PROOF {
            return Ok(FencedOutcome::Committed);
        }
        let items = std::mem::take(&mut draft.waiting);
        self.write_of_draft(lease, import, draft, items.into_iter(), now).await
    }

    async fn write_of_draft(
        &self,
        lease: &Lease,
        import: &Import,
        draft: &mut Draft,
        items: impl Iterator<Item = Item>,
        now: impl Fn() -> Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        let mut items = items.peekable();
        loop {
            let mut units = 0;
            let next = iter::from_fn(|| {
                let item = items.next_if(|_| units < MAX_UNITS_PER_PROOF)?;
                units += size::of_item(&item).div_ceil(UNIT_BYTES);
                Some(item)
            });
            let next: Vec<Item> = next.collect();
            if next.is_empty() {
                return Ok(FencedOutcome::Committed);
            }
            let outcome = self
                .begin_draft(lease, import, (&mut draft.begun, &mut draft.retention), now())
                .await?;
            if !outcome.committed() {
                return Ok(outcome);
            }
            write_each(next, |item| self.replace_alone(Table::Imports, item)).await?;
        }
    }

    /// Makes a snapshot count, and moves the checkpoint behind it.
    pub async fn complete_snapshot<P: Serialize>(
        &self,
        lease: &Lease,
        import: &Import,
        draft: &mut Draft,
        Complete { policy, more }: Complete<'_>,
        checkpoint: &Checkpoint<P>,
        now: impl Fn() -> Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        if !draft.is_mirror_as_before() {
            return Err(StoreError::Contention {
                what: "the last snapshot",
            });
        }
        let rows = draft.rows.chunk((&draft.partition, &draft.version), true)?;
        let items = std::mem::take(&mut draft.waiting).into_iter().chain(rows);
        let pages = draft.mirror.as_mut().map(mirror::Prepared::take_page_items);
        let items = items.chain(pages.into_iter().flatten());
        let outcome = self.write_of_draft(lease, import, draft, items, &now).await?;
        if !outcome.committed() {
            return Ok(outcome);
        }
        let mut writes = more;
        writes.extend(self.people_index_actions(import, &draft.rows.people)?);
        writes.extend(self.empty_leftovers(import, &writes).await?);
        let index = Index {
            chunks: std::mem::take(&mut draft.rows.chunks),
            dates: std::mem::take(&mut draft.rows.dates),
            defaults: policy.map(Defaults::of),
            counts: std::mem::take(&mut draft.rows.counts),
        };
        writes.push(Action::put(self, Table::Imports, self.index_item(import, &index)?)?);
        let retention = Retention::from(now());
        let retain = self.retain_action(&import.integration, draft.retention, retention)?;
        let last = self.advance_action(import, Assignment::Fetch, checkpoint)?;
        let is_unchanged = index.chunks == draft.before.head.chunks && !draft.begun.is_known();
        let flip = if is_unchanged && draft.superseded_mirror().is_empty() {
            Vec::new()
        } else {
            self.flip(import, draft, index.chunks, now())?
        };
        let mirror = draft.mirror.as_ref();
        let mirror = mirror.map(|new| self.mirror_action(&import.integration, new));
        let mirror = mirror.transpose()?;
        let mut tx = lease.transaction(self, now())?;
        for action in flip.into_iter().chain(mirror).chain([retain, last]) {
            tx.push(action)?;
        }
        self.commit_with(lease, tx, writes, now).await
    }

    /// Commits a transaction with these writes, of which those are made before that do not fit.
    async fn commit_with(
        &self,
        lease: &Lease,
        mut tx: FencedTransaction,
        writes: Vec<Action>,
        now: impl Fn() -> Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        // What does not fit is seen only once the import shows its rows.
        let mut before = Vec::new();
        for write in writes {
            if tx.has_room_for([&write]) {
                tx.push(write)?;
            } else {
                before.push(write);
            }
        }
        if let Some(write) = before.pop() {
            let outcome = self.write_all(lease, before, write, &now).await?;
            if !outcome.committed() {
                return Ok(outcome);
            }
        }
        tx.commit(self).await
    }

    /// The writes that make a draft the last complete snapshot.
    fn flip(
        &self,
        import: &Import,
        draft: &Draft,
        chunks: Vec<Chunk>,
        now: Timestamp,
    ) -> Result<Vec<Action>, StoreError> {
        let integration = &import.integration;
        let mut actions = Vec::new();
        actions.extend(self.end_draft(integration, &draft.begun, &draft.version)?);
        let mut superseded = draft.before.superseded_by(&draft.partition, &chunks);
        superseded.extend(draft.superseded.iter().cloned());
        // What is alike packs well.
        superseded.sort_unstable();
        superseded.extend(draft.superseded_mirror());
        let mut items = self.superseded_items(integration, &superseded, now)?;
        items.push(self.head_item(integration, chunks)?);
        for item in items {
            actions.push(Action::put(self, Table::Imports, item)?);
        }
        Ok(actions)
    }

    /// Makes these writes in as few transactions as they fit in, the `last` one in the last of them.
    pub async fn write_all(
        &self,
        lease: &Lease,
        writes: Vec<Action>,
        last: Action,
        now: impl Fn() -> Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        let mut tx = lease.transaction(self, now())?;
        for write in writes {
            if !tx.has_room_for([&write, &last]) {
                let full = std::mem::replace(&mut tx, lease.transaction(self, now())?);
                let outcome = full.commit(self).await?;
                if !outcome.committed() {
                    return Ok(outcome);
                }
            }
            tx.push(write)?;
        }
        tx.push(last)?;
        tx.commit(self).await
    }
}
