//! How the rows of applied companies ended: apart from what was intended for them, and many companies in one item.
//!
//! A transaction adds outcomes to those that its companies have already. They are packed when it is complete: each small item is charged
//! a whole kilobyte, and what was intended for a company would be charged once more with each of its outcomes.

use std::collections::{BTreeMap, HashMap};
use std::iter;

use domain::ids::PsaCompanyId;
use domain::import::Import;
use domain::import::retention::RESULT_DAYS;
use domain::plan::{Outcome, RowOutcome};
use domain::quotation::Quotation;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::chunk::CompanyChunk;
use crate::StoreError;
use crate::expiry::expire;
use crate::keys::{self, Key};
use crate::schema::Kind;
use crate::size::{self, ROOM};
use crate::table::{Item, Table, Tenant, packed_body, packed_item};

pub(crate) const OUTCOMES: Kind = Kind::first("outcomes").kept(RESULT_DAYS);

/// Outcomes that a transaction adds to those of a chunk.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// Where they are stored, if they are the first of an item. No other outcomes are ever stored there: they begin behind these.
    key: Key,
    started_at: Timestamp,
    record: OutcomesRecord,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct OutcomesRecord {
    #[serde(rename = "c")]
    company: PsaCompanyId,
    #[serde(rename = "n", default, skip_serializing_if = "is_zero")]
    chunk: usize,
    /// How many outcomes the chunk had before.
    #[serde(rename = "f", default, skip_serializing_if = "is_zero")]
    from: usize,
    /// In the order of the chunk's rows: so many rows, and how they ended.
    #[serde(rename = "o")]
    runs: Vec<(usize, Outcome)>,
    /// What the directory said of some of these rows, by their places.
    #[serde(rename = "q", default, skip_serializing_if = "Vec::is_empty")]
    said: Vec<(usize, Quotation)>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl OutcomesRecord {
    fn of(chunk: &CompanyChunk, number: usize, outcomes: &[RowOutcome]) -> Self {
        let mut runs: Vec<(usize, Outcome)> = Vec::new();
        for RowOutcome { outcome, .. } in outcomes {
            match runs.last_mut() {
                Some((count, same)) if same == outcome => *count += 1,
                _ => runs.push((1, outcome.clone())),
            }
        }
        let rows = outcomes.iter().enumerate();
        let said = rows.filter_map(|(place, row)| Some((place, row.said.clone()?)));
        Self {
            company: chunk.plan.company.clone(),
            chunk: number,
            from: chunk.outcomes.len(),
            runs,
            said: said.collect(),
        }
    }
}

impl Draft {
    /// How large it is when it is stored.
    pub fn bytes(&self) -> Result<usize, StoreError> {
        size::of_json(OUTCOMES.name, &self.record)
    }
}

/// The items of these outcomes, as few as they fit in.
pub(crate) fn items(drafts: &[Draft]) -> Result<Vec<Item>, StoreError> {
    let slices = size::cut(drafts, (usize::MAX, ROOM), Draft::bytes)?.into_iter();
    let items = slices.filter_map(|drafts| {
        let first = drafts.first()?;
        let records: Vec<&OutcomesRecord> = drafts.iter().map(|draft| &draft.record).collect();
        let item = packed_item(OUTCOMES, &first.key, &records);
        Some(item.map(|mut item| {
            expire(&mut item, OUTCOMES, first.started_at);
            item
        }))
    });
    items.collect()
}

/// Which chunk of a company's plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChunkName {
    /// The company.
    pub company: PsaCompanyId,
    /// Its chunks are counted from 0.
    pub number: usize,
}

/// How the rows of an import's companies have ended so far.
#[derive(Debug, Default)]
pub struct Outcomes(HashMap<ChunkName, OfChunk>);

/// How the rows of a chunk have ended so far. As runs: most rows end alike, and those of a large import would take much memory.
#[derive(Debug, Default)]
struct OfChunk {
    rows: usize,
    runs: Vec<(usize, Outcome)>,
    said: HashMap<usize, Quotation>,
}

impl OfChunk {
    /// Adds the next rows; `false` if others are missing before them.
    fn add(&mut self, record: OutcomesRecord) -> bool {
        if self.rows != record.from {
            return false;
        }
        let said = record.said.into_iter();
        self.said.extend(said.map(|(place, said)| (record.from + place, said)));
        self.rows += record.runs.iter().map(|(count, _)| count).sum::<usize>();
        self.runs.extend(record.runs);
        true
    }

    /// One for each row, with what the directory said.
    fn of_rows(&self) -> impl Iterator<Item = (&Outcome, Option<&Quotation>)> {
        let outcomes = self.runs.iter();
        let outcomes = outcomes.flat_map(|(count, outcome)| iter::repeat_n(outcome, *count));
        outcomes
            .enumerate()
            .map(|(place, outcome)| (outcome, self.said.get(&place)))
    }
}

impl Outcomes {
    fn read(records: impl IntoIterator<Item = OutcomesRecord>) -> Result<Self, StoreError> {
        let mut parts: BTreeMap<(PsaCompanyId, usize, usize), OutcomesRecord> = BTreeMap::new();
        for record in records {
            parts.insert((record.company.clone(), record.chunk, record.from), record);
        }
        let mut all = Self::default();
        for ((company, number, _), record) in parts {
            if !all.0.entry(ChunkName { company, number }).or_default().add(record) {
                return Err(StoreError::shape(OUTCOMES.name, "outcomes of a company are missing"));
            }
        }
        Ok(all)
    }

    /// The chunks whose rows have outcomes, in the order of the journal, with the different ways in which their rows ended.
    pub fn chunks(&self) -> impl Iterator<Item = (&ChunkName, impl Iterator<Item = &Outcome>)> {
        let mut chunks: Vec<(&ChunkName, &OfChunk)> = self.0.iter().collect();
        chunks.sort_by_cached_key(|(name, _)| keys::part_sk(&name.company, name.number));
        let chunks = chunks.into_iter();
        chunks.map(|(name, outcomes)| (name, outcomes.runs.iter().map(|(_, outcome)| outcome)))
    }

    /// Gives the chunk of this number the outcomes that its rows have.
    pub(super) fn fill(&self, number: usize, chunk: &mut CompanyChunk) {
        let stored = self.0.get(&ChunkName {
            company: chunk.plan.company.clone(),
            number,
        });
        let users = chunk.plan.users.iter().map(|user| Some(user.id.clone()));
        let rows = (!chunk.more).then_some(None).into_iter().chain(users);
        let outcomes = rows.zip(stored.into_iter().flat_map(OfChunk::of_rows));
        let outcomes = outcomes.map(|(address, (outcome, said))| RowOutcome {
            address,
            outcome: outcome.clone(),
            said: said.cloned(),
        });
        chunk.outcomes = outcomes.collect();
    }
}

impl Tenant {
    /// How the next rows of the chunk of this number ended, to be added to a transaction.
    pub(super) fn outcomes_of(
        &self,
        import: &Import,
        (number, chunk): (usize, &CompanyChunk),
        outcomes: &[RowOutcome],
    ) -> Draft {
        let record = OutcomesRecord::of(chunk, number, outcomes);
        Draft {
            key: keys::outcomes(&self.msp, &import.id, &record.company, (number, record.from)),
            started_at: import.started_at,
            record,
        }
    }

    /// How the rows of all companies of an import have ended so far.
    pub async fn outcomes(&self, import: &Import) -> Result<Outcomes, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let mut records: Vec<OutcomesRecord> = Vec::new();
        for item in self.query(Table::Imports, &pk, keys::OUTCOMES).await? {
            records.append(&mut packed_body(OUTCOMES, &item)?);
        }
        Outcomes::read(records)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn r40_outcomes_are_stored_as_runs() {
        let stored = json!([
            { "c": "1", "o": [[1, "created"], [20, "created"], [1, { "failed": "address_conflict" }]] },
            { "c": "1", "n": 2, "f": 3, "o": [[1, "unchanged"]] },
            { "c": "2", "o": [[2, { "failed": "directory_refused" }]], "q": [[1, "The email is not valid."]] },
        ]);
        let records: Vec<OutcomesRecord> = from_value(stored.clone()).unwrap();
        let of = |record: usize| {
            let mut chunk = OfChunk::default();
            assert!(chunk.add(OutcomesRecord {
                from: 0,
                ..records[record].clone()
            }));
            chunk.of_rows().map(|(_, said)| said.is_some()).collect::<Vec<_>>()
        };
        assert_eq!(of(0), [false; 22]);
        assert_eq!(of(2), [false, true]);
        assert_eq!(to_value(&records).unwrap(), stored);
    }

    #[test]
    fn r37_outcomes_of_which_some_are_missing_are_not_read_as_if_they_were_all() {
        let record = |from: usize| OutcomesRecord {
            company: PsaCompanyId::new("1"),
            chunk: 0,
            from,
            runs: vec![(2, Outcome::Created)],
            said: Vec::new(),
        };
        let read = Outcomes::read([record(2), record(0)]).unwrap();
        let rows = read.0.values().map(|outcomes| outcomes.of_rows().count());
        assert_eq!(rows.collect::<Vec<_>>(), [4]);
        assert!(Outcomes::read([record(0), record(4)]).is_err());
    }
}
