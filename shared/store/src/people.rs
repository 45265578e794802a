//! People who were imported before and are not in a snapshot (R55): first as they are found, group by group of companies, then with
//! their reasons, as the review, the plan and the result show them.

use std::collections::BTreeMap;

use domain::ids::PsaCompanyId;
use domain::import::{Assignment, Import};
use domain::not_in::PersonNotIn;
use domain::plan::PlanCompany;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;

pub use crate::absent::ContactAnswer;

use crate::StoreError;
use crate::checkpoint::Checkpoint;
use crate::expiry::expire;
use crate::fenced::FencedOutcome;
use crate::keys;
use crate::lease::Lease;
use crate::records::{ContactAnswerRecord, PEOPLE_INDEX, PeopleListRecord, PersonRecord, STAGED_PEOPLE};
use crate::size::{self, ROOM};
use crate::snapshot::PEOPLE_OF;
use crate::table::{Table, Tenant, packed_body, packed_item};
use crate::tx::Action;

/// People in one item, as far as their texts leave room.
const MAX_PEOPLE_PER_CHUNK: usize = 1_000;

/// Companies whose people are read at once.
const READ_CONCURRENCY: usize = 4;

/// The people of one company who are not in.
#[derive(Debug)]
pub struct CompanyPeople {
    /// The company they were imported for.
    pub company: PlanCompany,
    /// The people.
    pub people: Vec<PersonNotIn>,
}

/// Where a walk over all people who are not in goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeoplePosition(String);

impl PeoplePosition {
    /// Where the walk begins.
    pub fn start() -> Self {
        Self(keys::PEOPLE_INDEX.to_owned())
    }

    /// Where it goes on with this company.
    pub fn at(company: &PsaCompanyId) -> Self {
        Self(format!("{}{company}", keys::PEOPLE_INDEX))
    }

    /// Reads a position that was given as text.
    pub fn parse(text: &str) -> Option<Self> {
        text.starts_with(keys::PEOPLE_INDEX).then(|| Self(text.to_owned()))
    }

    /// The position as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn company(&self) -> &str {
        self.0.strip_prefix(keys::PEOPLE_INDEX).unwrap_or_default()
    }
}

impl Tenant {
    /// Keeps where some absent contacts were found, and moves the checkpoint behind them, unless it knows of pages that are not saved.
    pub async fn stage_contact_answers<P: Serialize>(
        &self,
        lease: &Lease,
        import: &Import,
        answers: &[ContactAnswer],
        checkpoint: Option<&Checkpoint<P>>,
        now: impl Fn() -> Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        let mut writes = Vec::new();
        if let Some(first) = answers.first() {
            let answers: Vec<ContactAnswerRecord> = answers.iter().map(ContactAnswerRecord::from).collect();
            for (number, slice) in cut(&answers)?.into_iter().enumerate() {
                let key = keys::staged_contact_answers(&self.msp, &import.id, &first.id, number);
                writes.push(self.packed_put(import, STAGED_PEOPLE, &key, slice)?);
            }
        }
        let last = match checkpoint {
            Some(checkpoint) => Some(self.advance_action(import, Assignment::Fetch, checkpoint)?),
            None => writes.pop(),
        };
        match last {
            Some(last) => self.write_all(lease, writes, last, now).await,
            None => Ok(FencedOutcome::Committed),
        }
    }

    /// Where all absent contacts were found.
    pub async fn staged_contact_answers(&self, import: &Import) -> Result<Vec<ContactAnswer>, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let mut answers = Vec::new();
        for item in self.query(Table::Imports, &pk, keys::STAGED_CONTACT_ANSWERS).await? {
            let records: Vec<ContactAnswerRecord> = packed_body(STAGED_PEOPLE, &item)?;
            answers.extend(records.into_iter().map(ContactAnswer::from));
        }
        Ok(answers)
    }

    /// The writes that keep with the import which companies have people who are not in: they are part of its result, which outlives its
    /// rows.
    pub(crate) fn people_index_actions(
        &self,
        import: &Import,
        lists: &[PeopleListRecord],
    ) -> Result<Vec<Action>, StoreError> {
        let slices = cut(lists)?.into_iter().enumerate();
        let writes = slices.map(|(number, slice)| {
            let key = keys::people_index(&self.msp, &import.id, number);
            let mut item = packed_item(PEOPLE_INDEX, &key, slice)?;
            expire(&mut item, PEOPLE_INDEX, import.started_at);
            Action::put(self, Table::Imports, item)
        });
        writes.collect()
    }

    /// People of all companies who are not in, in the order of companies, from where the page before ended: those of whole companies,
    /// until there are as many as asked for.
    pub async fn people_page(
        &self,
        import: &Import,
        from: &PeoplePosition,
        people: usize,
    ) -> Result<(Vec<CompanyPeople>, Option<PeoplePosition>), StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let mut lists: BTreeMap<PsaCompanyId, PeopleListRecord> = BTreeMap::new();
        for item in self.query(Table::Imports, &pk, keys::PEOPLE_INDEX).await? {
            let records: Vec<PeopleListRecord> = packed_body(PEOPLE_INDEX, &item)?;
            lists.extend(records.into_iter().map(|list| (list.company.clone(), list)));
        }
        let mut lists = lists.split_off(&PsaCompanyId::new(from.company())).into_values();
        let (mut all, mut found): (Vec<CompanyPeople>, usize) = (Vec::new(), 0);
        while found < people {
            let batch = lists.by_ref().take(READ_CONCURRENCY);
            let batch: Vec<_> = batch.map(|list| self.people_of_list(import, list).boxed()).collect();
            if batch.is_empty() {
                break;
            }
            let batch: Vec<CompanyPeople> = stream::iter(batch).buffered(READ_CONCURRENCY).try_collect().await?;
            found += batch.iter().map(|company| company.people.len()).sum::<usize>();
            all.extend(batch);
        }
        let next = lists.next().map(|list| PeoplePosition::at(&list.company));
        Ok((all, next))
    }

    async fn people_of_list(
        &self,
        import: &Import,
        PeopleListRecord { company, name, list }: PeopleListRecord,
    ) -> Result<CompanyPeople, StoreError> {
        let records: Vec<PersonRecord> = self.list_of(PEOPLE_OF, &import.integration, &company, &list).await?;
        Ok(CompanyPeople {
            company: PlanCompany { id: company, name },
            people: records.into_iter().map(PersonNotIn::from).collect(),
        })
    }
}

fn cut<T: Serialize>(records: &[T]) -> Result<Vec<&[T]>, StoreError> {
    size::cut(records, (MAX_PEOPLE_PER_CHUNK, ROOM), |record| {
        size::of_json(STAGED_PEOPLE.name, record)
    })
}
