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
use super::contents::{digest_of, missing};
use super::row::Row;
use crate::StoreError;
use crate::expiry::expire;
use crate::keys;
use crate::records::RowRecord;
use crate::schema::Kind;
use crate::size::{self, ROOM};
use crate::table::{Consistency, Item, Table, Tenant, packed_body, packed_item};

/// Facts of some companies.
pub(crate) const ROWS: Kind = Kind::first("rows").kept(ROWS_DAYS);

/// Which rows an import has. Since schema 2 in columns.
pub(crate) const INDEX: Kind = Kind {
    schema: 2,
    ..Kind::first("index of rows").kept(ROWS_DAYS)
};

/// Rows in a chunk: less than a kilobyte, also when all companies are mapped. A row that changes costs its chunk to write, and the one
/// before it to let it expire. Neighbours are read together.
const MAX_ROWS_PER_CHUNK: usize = 7;

/// Rows that are copied into records at once.
const MAX_RECORDS_AT_ONCE: usize = 100 * MAX_ROWS_PER_CHUNK;

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
    #[serde(serialize_with = "chunks::without_digests", deserialize_with = "chunks::read")]
    pub chunks: Vec<Chunk>,
    /// When the companies were last imported, in the order of the rows: so many rows, and the second of Unix time.
    pub dates: Vec<(usize, Option<i64>)>,
    /// What an unattended import does by itself; nothing in one that an administrator started.
    pub defaults: Option<Defaults>,
    /// How many rows there are of each kind.
    pub counts: RowCounts,
}

/// Rows as they are about to be stored.
pub(crate) struct PreparedRows {
    pub chunks: Vec<Chunk>,
    pub dates: Vec<(usize, Option<i64>)>,
    /// What is to be written.
    pub items: Vec<Item>,
}

/// Puts rows, which are in the order of their ids, into chunks. Those that are as `before` are not written again.
pub(crate) fn prepare(
    partition: &str,
    version: &str,
    rows: &[Row],
    before: &[Chunk],
) -> Result<PreparedRows, StoreError> {
    let known: HashMap<u64, &Chunk> = before.iter().map(|chunk| (chunk.digest, chunk)).collect();
    let (mut chunks, mut items, mut rest) = (Vec::new(), Vec::new(), rows);
    let mut borders = before.iter().skip(1).map(|chunk| &chunk.first).peekable();
    while !rest.is_empty() {
        while let (Some(border), Some(first)) = (borders.peek(), rest.first())
            && **border <= first.id
        {
            borders.next();
        }
        // Chunks begin where they began before, so that a new row changes one chunk and moves no other.
        let until = borders
            .peek()
            .map_or(rest.len(), |border| rest.partition_point(|row| row.id < **border));
        let (group, behind) = rest.split_at(until);
        rest = behind;
        for group in group.chunks(MAX_RECORDS_AT_ONCE) {
            let records: Vec<RowRecord> = group.iter().map(RowRecord::from).collect();
            for slice in size::cut(&records, (MAX_ROWS_PER_CHUNK, ROOM), |row| {
                size::of_json(ROWS.name, row)
            })? {
                let digest =
                    digest_of(&serde_json::to_vec(slice).map_err(|error| StoreError::shape(ROWS.name, error))?);
                if let Some(chunk) = known.get(&digest) {
                    chunks.push((*chunk).clone());
                    continue;
                }
                let Some(first) = slice.first() else { continue };
                items.push(packed_item(
                    ROWS,
                    &keys::snapshot_rows(partition, version, items.len()),
                    slice,
                )?);
                chunks.push(Chunk {
                    version: version.to_owned(),
                    number: items.len() - 1,
                    first: first.id.clone(),
                    rows: slice.len(),
                    digest,
                });
            }
        }
    }
    Ok(PreparedRows {
        chunks,
        dates: dates(rows),
        items,
    })
}

/// The dates, of which neighbours mostly have the same.
fn dates(rows: &[Row]) -> Vec<(usize, Option<i64>)> {
    let mut runs: Vec<(usize, Option<i64>)> = Vec::new();
    for row in rows {
        let date = row.last_imported.map(Timestamp::as_second);
        match runs.last_mut() {
            Some((count, same)) if *same == date => *count += 1,
            _ => runs.push((1, date)),
        }
    }
    runs
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

    /// Completes the rows of a chunk.
    fn complete(&self, chunk: usize, rows: Vec<RowRecord>) -> Vec<Row> {
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

    async fn index(&self, import: &Import) -> Result<Index, StoreError> {
        let item = self.get(Table::Imports, &keys::index(&self.msp, &import.id)).await?;
        Index::read(&item.ok_or_else(|| missing(INDEX))?)
    }

    /// All rows of an import in the order of their ids, with their default decisions: what was decided in the review is not applied.
    pub(crate) async fn undecided_rows(&self, import: &Import) -> Result<Vec<Row>, StoreError> {
        let index = self.index(import).await?;
        let chunks = self.read_chunks(&import.integration, &index.chunks).await?;
        // All at once, or a large MSP takes twice the memory.
        let mut all = Vec::with_capacity(chunks.iter().map(Vec::len).sum());
        for (number, rows) in chunks.into_iter().enumerate() {
            all.append(&mut index.complete(number, rows));
        }
        Ok(all)
    }

    /// Some rows of an import, with their default decisions, and about how many rows there are from the first of them to the last.
    pub async fn undecided_rows_of(
        &self,
        import: &Import,
        companies: &[PsaCompanyId],
    ) -> Result<(Vec<Row>, usize), StoreError> {
        let index = self.index(import).await?;
        let numbers = companies.iter().filter_map(|company| {
            let behind = index.chunks.partition_point(|chunk| chunk.first <= *company);
            behind.checked_sub(1)
        });
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
        let partition = keys::snapshot_partition(&self.msp, integration);
        let mut neighbours = self.neighbouring_chunks(&partition, chunks).await?;
        let reads = chunks.iter().map(|chunk| {
            let key = chunk.key(&partition);
            let found = neighbours.remove(&key.sk);
            async move {
                let item = match found {
                    Some(item) => Some(item),
                    // The name of the snapshot in its key is nobody else's: no chunk is ever written anew.
                    None => self.get_unchanging(Table::Imports, &key).await?,
                };
                packed_body(ROWS, &item.ok_or_else(|| missing(ROWS))?)
            }
        });
        // Collected first: a stream of borrowing futures cannot be sent to another thread.
        let reads: Vec<_> = reads.collect();
        stream::iter(reads).buffered(READ_CONCURRENCY).try_collect().await
    }

    /// The items of chunks of which one snapshot has many: they stand next to each other, and one query, which is charged by its bytes,
    /// finds them. What is missing in it is read by its key.
    async fn neighbouring_chunks(
        &self,
        partition: &str,
        chunks: &[Chunk],
    ) -> Result<HashMap<String, Item>, StoreError> {
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
            let with_key = |item: Item| Some((item.get("sk")?.as_s().ok()?.clone(), item));
            found.extend(items.await?.into_iter().filter_map(with_key));
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
