//! People who were imported before and are not in a snapshot (R55): first as they are found, group by group of companies, then with
//! their reasons, as the review, the plan and the result show them.

use domain::ids::PsaCompanyId;
use domain::import::{Assignment, Import};
use domain::not_in::PersonNotIn;
use domain::plan::PlanCompany;
use jiff::Timestamp;
use serde::Serialize;

pub use crate::absent::{AbsentPerson, ContactAnswer};

use crate::StoreError;
use crate::checkpoint::Checkpoint;
use crate::fenced::FencedOutcome;
use crate::keys::{self, Key};
use crate::lease::Lease;
use crate::records::{AbsentPersonRecord, ContactAnswerRecord, PEOPLE, PeopleRecord, PersonRecord, STAGED_PEOPLE};
use crate::size::{self, ROOM};
use crate::table::{Item, Table, Tenant, company_in, number, packed_body};
use crate::tx::Action;

/// People in one item, as far as their texts leave room.
const MAX_PEOPLE_PER_CHUNK: usize = 1_000;

/// The people of one company who are not in, or a chunk of them in the order of their ids.
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
        Self(keys::PEOPLE.to_owned())
    }

    /// Where it goes on with this company.
    pub fn at(company: &PsaCompanyId) -> Self {
        // Before the first item of the company.
        Self(keys::people_prefix(company))
    }

    /// Reads a position that was given as text.
    pub fn parse(text: &str) -> Option<Self> {
        text.starts_with(keys::PEOPLE).then(|| Self(text.to_owned()))
    }

    /// The position as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tenant {
    /// Keeps the people found absent in a group of companies, named by its last one, of which the checkpoint knows.
    pub async fn stage_people<P: Serialize>(
        &self,
        lease: &Lease,
        import: &Import,
        (group, people): (&PsaCompanyId, &[AbsentPerson]),
        checkpoint: &Checkpoint<P>,
        now: impl Fn() -> Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        let people: Vec<AbsentPersonRecord> = people.iter().map(AbsentPersonRecord::from).collect();
        let slices = cut(&people)?.into_iter().enumerate();
        let writes = slices.map(|(number, slice)| {
            let key = keys::staged_people(&self.msp, &import.id, group, number);
            self.packed_put(import, STAGED_PEOPLE, &key, slice)
        });
        let writes = writes.collect::<Result<_, _>>()?;
        self.keep_people(lease, import, writes, checkpoint, now).await
    }

    /// Makes these writes in as few transactions as they fit in. Only the last one advances the checkpoint: if an earlier one did, a
    /// crash would lose the remaining writes.
    pub async fn keep_people<P: Serialize>(
        &self,
        lease: &Lease,
        import: &Import,
        writes: Vec<Action>,
        checkpoint: &Checkpoint<P>,
        now: impl Fn() -> Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        let last = self.advance_action(import, Assignment::Fetch, checkpoint)?;
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

    /// The first group of people found absent behind another one, with its name.
    pub async fn next_staged_people(
        &self,
        import: &Import,
        after: Option<&PsaCompanyId>,
    ) -> Result<Option<(PsaCompanyId, Vec<AbsentPerson>)>, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        // No slice has a number as large.
        let after = after.map(|group| keys::staged_people(&self.msp, &import.id, group, 9_999).to_item());
        let (first, _) = self
            .query_page(Table::Imports, &pk, keys::STAGED_PEOPLE, after.as_ref(), Some(1))
            .await?;
        let Some(group) = first.first().and_then(|item| company_in(item, keys::STAGED_PEOPLE)) else {
            return Ok(None);
        };
        let mut people = Vec::new();
        for item in self
            .query(Table::Imports, &pk, &keys::staged_people_prefix(&group))
            .await?
        {
            let records: Vec<AbsentPersonRecord> = packed_body(STAGED_PEOPLE, &item)?;
            people.extend(records.into_iter().map(AbsentPerson::from));
        }
        Ok(Some((group, people)))
    }

    /// Keeps where some absent contacts were found.
    pub async fn stage_contact_answers<P: Serialize>(
        &self,
        lease: &Lease,
        import: &Import,
        answers: &[ContactAnswer],
        checkpoint: &Checkpoint<P>,
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
        self.keep_people(lease, import, writes, checkpoint, now).await
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

    /// The writes that keep the people of a company who are not in, and count them on its row.
    pub fn people_actions(
        &self,
        import: &Import,
        CompanyPeople { company, people }: &CompanyPeople,
    ) -> Result<Vec<Action>, StoreError> {
        let records: Vec<PersonRecord> = people.iter().map(PersonRecord::from).collect();
        let mut actions = Vec::new();
        for (chunk, people) in cut(&records)?.into_iter().enumerate() {
            let key = keys::people(&self.msp, &import.id, &company.id, chunk);
            let name = company.name.clone();
            actions.push(self.packed_put(import, PEOPLE, &key, &PeopleRecord { name, people })?);
        }
        actions.push(Action::update(
            self,
            Table::Imports,
            &keys::row(&self.msp, &import.id, &company.id),
            "SET peopleNotIn = :people",
            "attribute_exists(pk)",
            &[(":people", number(people.len()))],
        )?);
        Ok(actions)
    }

    /// The people of one company who are not in.
    pub async fn people_not_in(&self, import: &Import, company: &PsaCompanyId) -> Result<Vec<PersonNotIn>, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let items = self.query(Table::Imports, &pk, &keys::people_prefix(company)).await?;
        let mut people = Vec::new();
        for item in items {
            people.extend(read(&item)?.1);
        }
        Ok(people)
    }

    /// People of all companies who are not in, in the order of companies, from where the page before ended: those in at most `items`
    /// items.
    pub async fn people_page(
        &self,
        import: &Import,
        from: &PeoplePosition,
        items: i32,
    ) -> Result<(Vec<CompanyPeople>, Option<PeoplePosition>), StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        // The bare prefix is where the items begin.
        let start = (from.0 != keys::PEOPLE).then(|| Key::in_import(&pk, &from.0).to_item());
        let (items, last) = self
            .query_page(Table::Imports, &pk, keys::PEOPLE, start.as_ref(), Some(items))
            .await?;
        let next = last.as_ref().and_then(|key| key.get("sk")?.as_s().ok());
        let next = next.map(|key| PeoplePosition(key.clone()));
        let people = items.iter().filter_map(|item| {
            let company = company_in(item, keys::PEOPLE)?;
            Some(read(item).map(|(name, people)| CompanyPeople {
                company: PlanCompany { id: company, name },
                people,
            }))
        });
        Ok((people.collect::<Result<_, _>>()?, next))
    }
}

fn read(item: &Item) -> Result<(String, Vec<PersonNotIn>), StoreError> {
    let PeopleRecord { name, people } = packed_body::<PeopleRecord<Vec<PersonRecord>>>(PEOPLE, item)?;
    Ok((name, people.into_iter().map(PersonNotIn::from).collect()))
}

fn cut<T: Serialize>(records: &[T]) -> Result<Vec<&[T]>, StoreError> {
    size::cut(records, (MAX_PEOPLE_PER_CHUNK, ROOM), |record| {
        size::of_json(PEOPLE.name, record)
    })
}
