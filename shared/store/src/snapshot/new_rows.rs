//! Rows of a snapshot that is being written. They are put into chunks as they come: all rows of a large MSP would take much of a worker's
//! memory.

use std::collections::{HashMap, VecDeque};

use domain::ids::PsaCompanyId;
use domain::row_counts::RowCounts;
use jiff::Timestamp;

use super::chunks::Chunk;
use super::contents::digest_of_bytes;
use super::index::ROWS;
use super::last::Last;
use super::row::Row;
use crate::StoreError;
use crate::keys;
use crate::records::{PeopleListRecord, RowRecord};
use crate::size::{self, ROOM};
use crate::table::{Item, packed_item};

/// Rows in a chunk: less than a kilobyte, also when all companies are mapped. A row that changes costs its chunk to write, and the one
/// before it to let it expire. Neighbours are read together.
const MAX_ROWS_PER_CHUNK: usize = 7;

/// The most rows that wait until it is known where their chunks end. It is a number of whole chunks.
const MAX_WAITING: usize = 100 * MAX_ROWS_PER_CHUNK;

/// Rows that are being put into chunks.
#[derive(Debug)]
pub(super) struct NewRows {
    waiting: Vec<Row>,
    /// Where those chunks of the last snapshot begin that come after the rows so far.
    borders: VecDeque<PsaCompanyId>,
    /// The last snapshot's chunks, by the digest of their rows: they are not written again.
    known: HashMap<u64, Chunk>,
    written: usize,
    /// The chunks so far.
    pub chunks: Vec<Chunk>,
    /// When the companies were last imported: so many rows, and the second of Unix time.
    pub dates: Vec<(usize, Option<i64>)>,
    /// How many rows there are of each kind.
    pub counts: RowCounts,
    /// Which companies have people who are not in.
    pub people: Vec<PeopleListRecord>,
}

impl NewRows {
    /// None yet, of a snapshot that follows another one.
    pub fn following(last: &Last) -> Self {
        let before = &last.head.chunks;
        Self {
            waiting: Vec::new(),
            borders: before.iter().skip(1).map(|chunk| chunk.first.clone()).collect(),
            known: last.known.clone(),
            written: 0,
            chunks: Vec::new(),
            dates: Vec::new(),
            counts: RowCounts::default(),
            people: Vec::new(),
        }
    }

    /// Adds a row, which comes behind all others by its id.
    pub fn add(&mut self, row: Row) {
        debug_assert!(self.waiting.last().is_none_or(|last| last.id < row.id));
        self.counts.add(&row);
        // Neighbours mostly have the same date.
        let date = row.last_imported.map(Timestamp::as_second);
        match self.dates.last_mut() {
            Some((count, same)) if *same == date => *count += 1,
            _ => self.dates.push((1, date)),
        }
        if let Some(list) = &row.people {
            self.people.push(PeopleListRecord {
                company: row.id.clone(),
                name: row.name.clone(),
                list: list.clone(),
            });
        }
        self.waiting.push(row);
    }

    /// Puts into chunks what waits for them, or, before the last row is there, what no further row can change. Returns what is to be
    /// written.
    pub fn chunk(&mut self, (partition, version): (&str, &str), is_last: bool) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        loop {
            let count = self.count_of_whole_chunks(is_last);
            if count == 0 {
                return Ok(items);
            }
            let records: Vec<RowRecord> = self.waiting.drain(..count).map(RowRecord::from).collect();
            let of_json = |row: &RowRecord| size::of_json(ROWS.name, row);
            for slice in size::cut(&records, (MAX_ROWS_PER_CHUNK, ROOM), of_json)? {
                let json = serde_json::to_vec(slice).map_err(|error| StoreError::shape(ROWS.name, error))?;
                let digest = digest_of_bytes(&json);
                if let Some(chunk) = self.known.get(&digest) {
                    self.chunks.push(chunk.clone());
                    continue;
                }
                let Some(first) = slice.first() else { continue };
                let key = keys::snapshot_rows(partition, version, self.written);
                items.push(packed_item(ROWS, &key, slice)?);
                self.chunks.push(Chunk {
                    version: version.to_owned(),
                    number: self.written,
                    first: first.id.clone(),
                    rows: slice.len(),
                });
                self.written += 1;
            }
        }
    }

    /// How many of the waiting rows make whole chunks; borders before them are dropped. Chunks begin where they began before, so that a new row changes one chunk and
    /// moves no other.
    fn count_of_whole_chunks(&mut self, is_last: bool) -> usize {
        let Some(first) = self.waiting.first() else { return 0 };
        while self.borders.front().is_some_and(|border| *border <= first.id) {
            self.borders.pop_front();
        }
        let of_group = self.borders.front().map_or(self.waiting.len(), |border| {
            self.waiting.partition_point(|row| row.id < *border)
        });
        let is_whole = is_last || of_group < self.waiting.len();
        if is_whole || of_group >= MAX_WAITING {
            of_group.min(MAX_WAITING)
        } else {
            0
        }
    }
}
