//! Snapshots of an integration, which all of its imports share.
//!
//! A snapshot is written in full only once: rows and the lists of its companies are items of their own, and the next
//! snapshot writes those that differ. They are written under the name of the new snapshot, where nobody sees them. One transaction under
//! the lease then makes them count: the head of the integration's last snapshot, the index of the import's rows, and the list of what they
//! supersede, which is deleted when no import shows it any more (R67).
//!
//! Before the first item is written, a draft says under which name (`drafts.rs`). The transaction ends the draft.

mod contents;
mod drafts;
mod index;
pub mod pages;

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::ids::PsaCompanyId;
use domain::import::retention::{RESULT_DAYS, ROWS_DAYS, days_after};
use domain::import::{Assignment, Import};
use domain::not_in::PersonNotIn;
use domain::policy::Policy;
use domain::row::SnapshotAddress;
use domain::row_counts::RowCounts;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::index::Row;

pub(crate) use self::contents::{ADDRESSES_OF, Content, PEOPLE_OF, missing};
use self::contents::{ListOf, Prepared};
use self::drafts::Begun;
use self::index::{Chunk, Defaults, Index};
use crate::StoreError;
use crate::checkpoint::Checkpoint;
use crate::fenced::FencedOutcome;
use crate::keys::{self, Key};
use crate::lease::Lease;
use crate::records::{PersonRecord, RowRecord, SnapshotAddressRecord};
use crate::schema::Kind;
use crate::table::{Item, PACKED, Table, Tenant, number, packed_body, packed_item};
use crate::tx::Action;

/// The last complete snapshot of an integration, kept until the next one.
const HEAD: Kind = Kind::first("snapshot");

/// What the last complete snapshot has superseded, until it is seen to that it is deleted.
const SUPERSEDED: Kind = Kind::first("superseded items");

/// Sort keys in one item, so that it never comes near 400 KB.
const MAX_SUPERSEDED_PER_ITEM: usize = 10_000;

/// Items that are written at once.
const WRITE_CONCURRENCY: usize = 16;

/// Items that are written behind one proof of the lease: fewer than a throttled table takes in the time of a lease.
const MAX_WRITES_PER_PROOF: usize = 1_000;

/// The last complete snapshot.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Head {
    chunks: Vec<Chunk>,
}

/// Sort keys in the partition of the snapshots.
#[derive(Debug, Serialize, Deserialize)]
struct Superseded {
    at: Timestamp,
    keys: Vec<String>,
}

/// The lists of a company.
#[derive(Debug, Default)]
struct Lists {
    addresses: Option<Content>,
    people: Option<Content>,
}

/// A snapshot that is being written.
#[derive(Debug)]
pub struct Draft {
    partition: String,
    version: String,
    /// What the store knows of it.
    begun: Begun,
    before: Head,
    lists: HashMap<PsaCompanyId, Lists>,
    /// Lists that are to be written.
    waiting: Vec<Item>,
}

impl Draft {
    /// Adds the addresses of a company, and says on its row where they are.
    pub fn add_addresses(&mut self, row: &mut Row, addresses: &[SnapshotAddress]) -> Result<(), StoreError> {
        let records: Vec<SnapshotAddressRecord> = addresses.iter().map(SnapshotAddressRecord::from).collect();
        let before = self.lists.get(&row.id).and_then(|lists| lists.addresses.clone());
        row.addresses = self.add(ADDRESSES_OF, &row.id, &records, before.as_ref())?;
        Ok(())
    }

    /// Adds the people of a company who are not in, and says on its row where they are and how many.
    pub fn add_people(&mut self, row: &mut Row, people: &[PersonNotIn]) -> Result<(), StoreError> {
        let records: Vec<PersonRecord> = people.iter().map(PersonRecord::from).collect();
        let before = self.lists.get(&row.id).and_then(|lists| lists.people.clone());
        row.people = self.add(PEOPLE_OF, &row.id, &records, before.as_ref())?;
        row.company.people_not_in = u32::try_from(people.len()).unwrap_or(u32::MAX);
        Ok(())
    }

    fn add<T: Serialize>(
        &mut self,
        list: ListOf,
        company: &PsaCompanyId,
        records: &[T],
        before: Option<&Content>,
    ) -> Result<Option<Content>, StoreError> {
        if records.is_empty() {
            return Ok(None);
        }
        let Prepared { content, items } = list.prepare(&self.partition, (company, &self.version), records, before)?;
        self.waiting.extend(items);
        Ok(Some(content))
    }

    /// Sort keys of the last snapshot that these rows and chunks do not have.
    fn superseded(&self, rows: &[Row], chunks: &[Chunk]) -> Vec<String> {
        let kept: HashSet<Key> = chunks.iter().map(|chunk| chunk.key(&self.partition)).collect();
        let left = self.before.chunks.iter().map(|chunk| chunk.key(&self.partition));
        let mut keys: Vec<Key> = left.filter(|key| !kept.contains(key)).collect();
        let rows: HashMap<&PsaCompanyId, &Row> = rows.iter().map(|row| (&row.id, row)).collect();
        for (company, before) in &self.lists {
            let now = rows.get(company);
            let lists = [
                (
                    ADDRESSES_OF,
                    &before.addresses,
                    now.and_then(|row| row.addresses.as_ref()),
                ),
                (PEOPLE_OF, &before.people, now.and_then(|row| row.people.as_ref())),
            ];
            for (list, before, now) in lists {
                if let Some(before) = before.as_ref().filter(|before| Some(*before) != now) {
                    keys.extend(list.keys(&self.partition, company, before));
                }
            }
        }
        let mut keys: Vec<String> = keys.into_iter().map(|key| key.sk).collect();
        // What is alike packs well.
        keys.sort_unstable();
        keys
    }
}

/// A complete snapshot, as it is about to count.
pub struct Complete<'a> {
    /// Its rows.
    pub rows: Vec<Row>,
    /// What decides on the rows of an unattended import.
    pub policy: Option<&'a Policy>,
    /// What else is written with it.
    pub more: Vec<Action>,
}

impl Tenant {
    /// Begins a snapshot, and ends what the one before it has left to do; `None` if the lease is lost.
    pub async fn draft(
        &self,
        lease: &Lease,
        import: &Import,
        now: impl Fn() -> Timestamp,
    ) -> Result<Option<Draft>, StoreError> {
        let partition = keys::snapshot_partition(&self.msp, &import.integration);
        let mut state: BTreeMap<String, Item> = BTreeMap::new();
        for item in self.query(Table::Imports, &partition, keys::SNAPSHOT_STATE).await? {
            if let Some(key) = item.get("sk").and_then(|key| key.as_s().ok()) {
                state.insert(key.clone(), item);
            }
        }
        let mut of = |key: Key| state.remove(&key.sk);
        let draft = of(keys::snapshot_draft(&self.msp, &import.integration));
        let Some(begun) = self.clear_drafts(lease, import, draft, now()).await? else {
            return Ok(None);
        };
        let head = of(keys::snapshot_head(&self.msp, &import.integration));
        self.expire_superseded(import, state.into_values().collect()).await?;
        let before: Head = head
            .map(|item| packed_body(HEAD, &item))
            .transpose()?
            .unwrap_or_default();
        let rows: Vec<RowRecord> = self.read_chunks(&import.integration, &before.chunks).await?.concat();
        let lists = rows.into_iter().map(|record| {
            let Row {
                company,
                addresses,
                people,
            } = record.into();
            (company.id, Lists { addresses, people })
        });
        Ok(Some(Draft {
            partition,
            version: lease.version(import),
            begun,
            before,
            lists: lists.collect(),
            waiting: Vec::new(),
        }))
    }

    /// Writes the lists that were added so far.
    pub async fn write_lists(
        &self,
        lease: &Lease,
        import: &Import,
        draft: &mut Draft,
        now: impl Fn() -> Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        let items = std::mem::take(&mut draft.waiting);
        self.write_of_draft(lease, import, draft, items, now).await
    }

    async fn write_of_draft(
        &self,
        lease: &Lease,
        import: &Import,
        draft: &mut Draft,
        items: Vec<Item>,
        now: impl Fn() -> Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        let mut items = items.into_iter();
        loop {
            let next: Vec<Item> = items.by_ref().take(MAX_WRITES_PER_PROOF).collect();
            if next.is_empty() {
                return Ok(FencedOutcome::Committed);
            }
            let outcome = self.begin_draft(lease, import, draft, now()).await?;
            if !outcome.committed() {
                return Ok(outcome);
            }
            let writes = next.into_iter().map(|item| self.replace_alone(Table::Imports, item));
            let writes: Vec<_> = writes.collect();
            stream::iter(writes)
                .buffer_unordered(WRITE_CONCURRENCY)
                .try_collect::<()>()
                .await?;
        }
    }

    /// Makes a snapshot count, and moves the checkpoint behind it.
    pub async fn complete_snapshot<P: Serialize>(
        &self,
        lease: &Lease,
        import: &Import,
        draft: &mut Draft,
        Complete { mut rows, policy, more }: Complete<'_>,
        checkpoint: &Checkpoint<P>,
        now: impl Fn() -> Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        rows.sort_by(|one, other| one.id.cmp(&other.id));
        let prepared = index::prepare(&draft.partition, &draft.version, &rows, &draft.before.chunks)?;
        let items = std::mem::take(&mut draft.waiting).into_iter().chain(prepared.items);
        let items = items.collect();
        let outcome = self.write_of_draft(lease, import, draft, items, &now).await?;
        if !outcome.committed() {
            return Ok(outcome);
        }
        let mut writes = more;
        writes.extend(self.people_index_actions(import, &rows)?);
        let index = Index {
            chunks: prepared.chunks,
            dates: prepared.dates,
            defaults: policy.map(Defaults::of),
            counts: RowCounts::of(rows.iter().map(|row| &row.company)),
        };
        writes.push(Action::put(self, Table::Imports, self.index_item(import, &index)?)?);
        if index.chunks == draft.before.chunks && !draft.begun.is_known() {
            let last = self.advance_action(import, Assignment::Fetch, checkpoint)?;
            return self.write_all(lease, writes, last, now).await;
        }
        let last = self.advance_action(import, Assignment::Fetch, checkpoint)?;
        let flip = self.flip(import, draft, &rows, index.chunks, now())?;
        let mut tx = lease.transaction(self, now())?;
        for action in flip.into_iter().chain([last]) {
            tx.push(action)?;
        }
        // What does not fit into the one transaction is seen only once the import shows its rows.
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
        rows: &[Row],
        chunks: Vec<Chunk>,
        now: Timestamp,
    ) -> Result<Vec<Action>, StoreError> {
        let (msp, integration) = (&self.msp, &import.integration);
        let mut actions = Vec::new();
        actions.extend(self.end_draft(import, draft)?);
        let superseded = draft.superseded(rows, &chunks);
        for (number, keys) in superseded.chunks(MAX_SUPERSEDED_PER_ITEM).enumerate() {
            let record = Superseded {
                at: now,
                keys: keys.to_vec(),
            };
            let key = keys::snapshot_superseded(msp, integration, number);
            actions.push(Action::put(
                self,
                Table::Imports,
                packed_item(SUPERSEDED, &key, &record)?,
            )?);
        }
        let head = packed_item(HEAD, &keys::snapshot_head(msp, integration), &Head { chunks })?;
        actions.push(Action::put(self, Table::Imports, head)?);
        Ok(actions)
    }

    /// Sees to it that what the last snapshot superseded is deleted once no import shows it any more.
    pub async fn expire_last_superseded(&self, import: &Import) -> Result<(), StoreError> {
        let partition = keys::snapshot_partition(&self.msp, &import.integration);
        let items = self
            .query(Table::Imports, &partition, keys::SNAPSHOT_SUPERSEDED)
            .await?;
        self.expire_superseded(import, items).await
    }

    /// Repeating it changes nothing: no key that was superseded is ever used again.
    async fn expire_superseded(&self, import: &Import, items: Vec<Item>) -> Result<(), StoreError> {
        let partition = keys::snapshot_partition(&self.msp, &import.integration);
        for item in items {
            let Superseded { at, keys } = packed_body(SUPERSEDED, &item)?;
            let partition = &partition;
            let updates = keys.iter().map(|sk| async move {
                let is_of_result = sk.starts_with(keys::SNAPSHOT_PEOPLE);
                let days = if is_of_result { RESULT_DAYS } else { ROWS_DAYS };
                let expires = &[(":expires", number(days_after(at, days).as_second()))];
                let key = Key::in_import(partition, sk);
                let (update, condition) = ("SET expires = :expires", "attribute_exists(pk)");
                // If not, it has been deleted.
                let updated = self.update_alone(Table::Imports, &key, update, condition, expires);
                updated.await.map(drop)
            });
            let updates: Vec<_> = updates.collect();
            stream::iter(updates)
                .buffer_unordered(WRITE_CONCURRENCY)
                .try_collect::<()>()
                .await?;
            if let (Some(sk), Some(list)) = (item.get("sk").and_then(|sk| sk.as_s().ok()), item.get(PACKED)) {
                let key = Key::in_import(partition, sk);
                // Only this list: another worker may have put the next one there meanwhile.
                self.delete_if(Table::Imports, &key, "#data = :data", &[(":data", list.clone())])
                    .await?;
            }
        }
        Ok(())
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
