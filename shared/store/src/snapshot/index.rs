//! The rows of a snapshot: facts of companies, in chunks that imports share until one of their rows changes, and for each import the list
//! of its chunks. What is decided on a row stands apart.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::ids::{IntegrationId, PsaCompanyId};
use domain::import::Import;
use domain::import::retention::ROWS_DAYS;
use domain::policy::Policy;
use domain::row::{CompanyDecision, CompanyRow};
use domain::row_counts::RowCounts;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::chunks::{self, Chunk};
use super::contents::missing;
use super::row::Row;
use crate::expiry::expire;
use crate::keys::{self, Key};
use crate::records::RowRecord;
use crate::schema::Kind;
use crate::table::{Consistency, Item, Table, Tenant, packed_body, packed_bytes, packed_item};
use crate::{StoreError, packed};

/// Facts of some companies.
pub(crate) const ROWS: Kind = Kind::first("rows").kept(ROWS_DAYS);

/// Which rows an import has. Since schema 2 in columns.
pub(crate) const INDEX: Kind = Kind {
    schema: 2,
    ..Kind::first("index of rows").kept(ROWS_DAYS)
};

/// Chunks of one snapshot are read by a query only if at least this many of them are wanted.
const MIN_NEIGHBOURS: usize = 5;

/// Such a query must read fewer chunks than this for each chunk that is wanted.
const MAX_CHUNKS_FOR_ONE: usize = 4;

/// Chunks that are read at once.
const READ_CONCURRENCY: usize = 16;

/// What decides on the rows of an unattended import that nobody has decided on: the policy as it was when they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Defaults {
    new_companies: bool,
    new_addresses: bool,
}

/// Which rows an import has.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Index {
    #[serde(with = "chunks")]
    pub chunks: Vec<Chunk>,
    /// When the companies were last imported, in the order of the rows: so many rows, and the second of Unix time.
    pub dates: Vec<(usize, Option<i64>)>,
    /// What an unattended import does by itself; nothing in one that an administrator started.
    pub defaults: Option<Defaults>,
    /// How many rows there are of each kind.
    pub counts: RowCounts,
}

impl Defaults {
    pub(crate) const fn of(policy: &Policy) -> Self {
        Self {
            new_companies: policy.new_companies,
            new_addresses: policy.new_addresses,
        }
    }
}

impl Index {
    pub(crate) fn read(item: &Item) -> Result<Self, StoreError> {
        packed_body(INDEX, item)
    }

    /// What is decided on a row as long as nobody decides.
    fn default_decision(&self, row: &CompanyRow) -> CompanyDecision {
        let Some(defaults) = self.defaults.filter(|_| row.reason.is_none()) else {
            return CompanyDecision::none();
        };
        let policy = Policy {
            new_companies: defaults.new_companies,
            new_addresses: defaults.new_addresses,
            ..Policy::default()
        };
        policy.decide(row.status, row.active, row.own)
    }

    fn date(&self, mut place: usize) -> Option<Timestamp> {
        for (count, date) in &self.dates {
            if place < *count {
                return Timestamp::from_second((*date)?).ok();
            }
            place -= count;
        }
        None
    }

    /// The number of the chunk that has the row of a company, if there is one.
    pub(crate) fn chunk_of(&self, company: &PsaCompanyId) -> Option<usize> {
        let behind = self.chunks.partition_point(|chunk| chunk.first <= *company);
        behind.checked_sub(1)
    }

    /// Completes the rows of a chunk.
    pub(crate) fn complete(&self, chunk: usize, rows: Vec<RowRecord>) -> Vec<Row> {
        let before: usize = self.chunks.iter().take(chunk).map(|chunk| chunk.rows).sum();
        let rows = rows.into_iter().enumerate().map(|(number, record)| {
            let mut row = Row::from(record);
            row.company.last_imported = self.date(before + number);
            row.company.decision = self.default_decision(&row.company);
            row
        });
        rows.collect()
    }
}

impl Tenant {
    pub(crate) fn index_item(&self, import: &Import, index: &Index) -> Result<Item, StoreError> {
        let mut item = packed_item(INDEX, &keys::index(&self.msp, &import.id), index)?;
        expire(&mut item, INDEX, import.started_at);
        Ok(item)
    }

    /// How many rows an import has of each kind; `None` before its snapshot is complete, and once its rows have expired.
    pub async fn row_counts(&self, import: &Import) -> Result<Option<RowCounts>, StoreError> {
        let item = self.get(Table::Imports, &keys::index(&self.msp, &import.id)).await?;
        let index = item.as_ref().map(Index::read).transpose()?;
        Ok(index.map(|index| index.counts))
    }

    pub(crate) async fn index(&self, import: &Import) -> Result<Index, StoreError> {
        let item = self.get(Table::Imports, &keys::index(&self.msp, &import.id)).await?;
        Index::read(&item.ok_or_else(|| missing(INDEX))?)
    }

    /// Some rows of an import, with their default decisions, and about how many rows there are from the first of them to the last.
    pub async fn undecided_rows_of(
        &self,
        import: &Import,
        companies: &[PsaCompanyId],
    ) -> Result<(Vec<Row>, usize), StoreError> {
        let index = self.index(import).await?;
        let numbers = companies.iter().filter_map(|company| index.chunk_of(company));
        let numbers: BTreeSet<usize> = numbers.collect();
        let spanned = match (numbers.first(), numbers.last()) {
            (Some(first), Some(last)) => index.chunks.get(*first..=*last).unwrap_or_default(),
            _ => &[],
        };
        let among = spanned.iter().map(|chunk| chunk.rows).sum();
        let of = numbers.iter().filter_map(|number| index.chunks.get(*number).cloned());
        let chunks = self.read_chunks(&import.integration, &of.collect::<Vec<_>>()).await?;
        let rows = numbers.into_iter().zip(chunks);
        let rows = rows.flat_map(|(number, rows)| index.complete(number, rows));
        Ok((rows.filter(|row| companies.contains(&row.id)).collect(), among))
    }

    /// The rows of the chunks of a snapshot.
    pub(crate) async fn read_chunks<R: DeserializeOwned>(
        &self,
        integration: &IntegrationId,
        chunks: &[Chunk],
    ) -> Result<Vec<Vec<R>>, StoreError> {
        let packed = self.packed_chunks(integration, chunks).await?;
        packed.iter().map(|packed| packed::unpack(ROWS.name, packed)).collect()
    }

    /// The chunks of a snapshot as they are stored.
    pub(crate) async fn packed_chunks(
        &self,
        integration: &IntegrationId,
        chunks: &[Chunk],
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let partition = keys::snapshot_partition(&self.msp, integration);
        let mut packed = self.neighbouring_chunks(&partition, chunks).await?;
        let keys: Vec<Key> = chunks.iter().map(|chunk| chunk.key(&partition)).collect();
        let left = keys.iter().filter(|key| !packed.contains_key(&key.sk));
        let reads = left.map(|key| async move {
            // The name of the snapshot in its key is nobody else's: no chunk is ever written anew.
            let item = self.get_unchanging(Table::Imports, key).await?;
            let item = item.ok_or_else(|| missing(ROWS))?;
            Ok::<_, StoreError>((key.sk.clone(), packed_bytes(ROWS, &item)?.to_vec()))
        });
        // Collected first: a stream of borrowing futures cannot be sent to another thread.
        let reads: Vec<_> = reads.collect();
        let read: Vec<_> = stream::iter(reads).buffered(READ_CONCURRENCY).try_collect().await?;
        packed.extend(read);
        let packed = keys
            .iter()
            .map(|key| packed.remove(&key.sk).ok_or_else(|| missing(ROWS)));
        packed.collect()
    }

    /// The chunks of which one snapshot has many, by their sort keys: they are next to each other, and one query, which is charged by its
    /// bytes, finds them. What is missing in it is read by its key.
    async fn neighbouring_chunks(
        &self,
        partition: &str,
        chunks: &[Chunk],
    ) -> Result<HashMap<String, Vec<u8>>, StoreError> {
        let mut numbers: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for chunk in chunks {
            numbers.entry(&chunk.version).or_default().insert(chunk.number);
        }
        let mut found = HashMap::new();
        for (version, numbers) in numbers {
            let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else {
                continue;
            };
            if (last - first + 1) / numbers.len() >= MAX_CHUNKS_FOR_ONE || numbers.len() < MIN_NEIGHBOURS {
                continue;
            }
            let ends = [first, last].map(|number| keys::snapshot_rows(partition, version, *number).sk);
            let items = self.query_among(Table::Imports, partition, ends.into_iter(), Consistency::Eventual);
            for item in items.await? {
                if let Some(sk) = item.get("sk").and_then(|sk| sk.as_s().ok()) {
                    found.insert(sk.clone(), packed_bytes(ROWS, &item)?.to_vec());
                }
            }
        }
        Ok(found)
    }
}

impl Row {
    /// A row of which nothing is stored yet.
    pub const fn new(company: CompanyRow) -> Self {
        Self {
            company,
            addresses: None,
            people: None,
        }
    }
}
