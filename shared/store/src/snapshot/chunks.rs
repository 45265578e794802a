//! Chunks of rows: which snapshot wrote each, and how lists of them are stored.

use domain::ids::PsaCompanyId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::keys::{self, Key};
use crate::records::IdsRecord;

/// One chunk of rows, by the snapshot that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub version: String,
    pub number: usize,
    /// The company of its first row.
    pub first: PsaCompanyId,
    pub rows: usize,
}

impl Chunk {
    pub(crate) fn key(&self, partition: &str) -> Key {
        keys::snapshot_rows(partition, &self.version, self.number)
    }
}

/// Chunks in columns, in which neighbours are mostly alike: a large MSP has hundreds, and each import writes which they are.
#[derive(Debug, Serialize, Deserialize)]
struct ChunksRecord {
    /// So many chunks after one another, and who wrote them.
    #[serde(rename = "v")]
    versions: Vec<(usize, String)>,
    /// So many chunks after one another, and the number of the first; each other has the next number.
    #[serde(rename = "n")]
    numbers: Vec<(usize, usize)>,
    #[serde(rename = "f")]
    firsts: IdsRecord,
    /// So many chunks after one another, and how many rows each has.
    #[serde(rename = "r")]
    rows: Vec<(usize, usize)>,
}

/// Counts values that come after one another and are `alike` the one of their run: how many come before it in the run is given.
fn runs<T>(values: impl Iterator<Item = T>, alike: impl Fn(&T, usize, &T) -> bool) -> Vec<(usize, T)> {
    let mut runs: Vec<(usize, T)> = Vec::new();
    for value in values {
        match runs.last_mut() {
            Some((count, first)) if alike(first, *count, &value) => *count += 1,
            _ => runs.push((1, value)),
        }
    }
    runs
}

impl ChunksRecord {
    fn of(chunks: &[Chunk]) -> Self {
        let is_same = |first: &usize, _, value: &usize| first == value;
        let versions = runs(chunks.iter().map(|chunk| &chunk.version), |first, _, value| {
            first == value
        });
        Self {
            versions: versions
                .into_iter()
                .map(|(count, version)| (count, version.clone()))
                .collect(),
            numbers: runs(chunks.iter().map(|chunk| chunk.number), |first, before, value| {
                first + before == *value
            }),
            firsts: IdsRecord::of(chunks.iter().map(|chunk| &chunk.first)),
            rows: runs(chunks.iter().map(|chunk| chunk.rows), is_same),
        }
    }

    fn into_chunks(self) -> Vec<Chunk> {
        let versions = self.versions.into_iter();
        let versions = versions.flat_map(|(count, version)| std::iter::repeat_n(version, count));
        let numbers = self.numbers.into_iter();
        let numbers = numbers.flat_map(|(count, first)| first..first.saturating_add(count));
        let rows = self.rows.into_iter();
        let rows = rows.flat_map(|(count, rows)| std::iter::repeat_n(rows, count));
        let columns = versions.zip(numbers).zip(rows).zip(self.firsts.into_ids());
        let chunks = columns.map(|(((version, number), rows), first)| Chunk {
            version,
            number,
            first,
            rows,
        });
        chunks.collect()
    }
}

/// Writes chunks.
pub(super) fn serialize<S: Serializer>(chunks: &[Chunk], serializer: S) -> Result<S::Ok, S::Error> {
    ChunksRecord::of(chunks).serialize(serializer)
}

/// Reads chunks.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Chunk>, D::Error> {
    Ok(ChunksRecord::deserialize(deserializer)?.into_chunks())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{json, to_value};

    use super::*;

    fn chunk(version: &str, number: usize, first: u64, rows: usize) -> Chunk {
        Chunk {
            version: version.to_owned(),
            number,
            first: PsaCompanyId::new(first.to_string()),
            rows,
        }
    }

    proptest! {
        #[test]
        fn chunks_are_read_as_they_were_stored(
            parts in prop::collection::vec((0..3_u8, 0..5_usize, 1..9_u64, 1..3_usize), 0..40),
        ) {
            let chunks: Vec<Chunk> = parts.iter().map(|(version, number, first, rows)| chunk(&version.to_string(), *number, *first, *rows)).collect();
            prop_assert_eq!(&ChunksRecord::of(&chunks).into_chunks(), &chunks);
        }
    }

    #[test]
    fn chunks_of_one_snapshot_take_a_few_numbers() {
        let chunks: Vec<Chunk> = (0..500)
            .map(|number| chunk("x.1", number, 10 * number as u64, 10))
            .collect();
        let mut stored = to_value(ChunksRecord::of(&chunks)).unwrap();
        stored["f"].take();
        assert_eq!(
            stored,
            json!({ "v": [[500, "x.1"]], "n": [[500, 0]], "f": null, "r": [[500, 10]] })
        );
    }
}
