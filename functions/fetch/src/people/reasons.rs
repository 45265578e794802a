//! The reasons of people who are not in.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::ids::{PsaCompanyId, PsaContactId};
use domain::not_in::{FoundAbsent, Missed, OtherCompany, PersonAbsence, PersonNotIn, SuspiciousSnapshot, Whereabouts};
use domain::psa::LookedUp;
use store::checkpoint::Checkpoint;
use store::snapshot::pages::Pages;
use tracing::warn;
use worker::Stop;

use super::{AbsentPerson, Found, PeopleContext, Persons};
use crate::context::{Position, Run};
use crate::known::Known;
use crate::rows::SnapshotContext;

/// Companies whose names are read in one request.
const NAMES_PAGE_SIZE: usize = 150;

/// Gives each absent person its reason, and counts.
pub(crate) struct Reasons<'a> {
    people: &'a PeopleContext,
    found: &'a Found,
    names: HashMap<PsaCompanyId, String>,
    /// The names of companies that are neither in nor mapped, as far as they have any.
    pub(crate) names_outside: BTreeMap<PsaCompanyId, Option<String>>,
    addresses: Missed,
    absent: FoundAbsent,
}

impl<'a> Reasons<'a> {
    /// Reads the names of the companies where people are now.
    pub(crate) async fn read(
        run: &Run,
        (context, pages): (&SnapshotContext, &Pages),
        (people, found): (&'a PeopleContext, &'a Found),
        (persons, known): (&Persons, Option<&Known>),
        checkpoint: &Checkpoint<Position>,
    ) -> Result<Self, Stop> {
        let mut reasons = Self {
            people,
            found,
            names: HashMap::new(),
            names_outside: BTreeMap::new(),
            addresses: Missed {
                absent: 0,
                of: persons.had,
            },
            absent: FoundAbsent::NOTHING,
        };
        let others = persons
            .iter()
            .filter_map(|(company, person)| reasons.reason(company, person).1);
        let others: BTreeSet<PsaCompanyId> = others.collect();
        (reasons.names, reasons.names_outside) = names(run, (context, pages), (others, known), checkpoint).await?;
        Ok(reasons)
    }

    /// The people of a company, with their reasons.
    pub(crate) fn of(&mut self, company: &PsaCompanyId, persons: Vec<AbsentPerson>) -> Vec<PersonNotIn> {
        let people = persons.into_iter().map(|person| {
            let (reason, other) = self.reason(company, &person);
            self.count(company, &person, reason);
            PersonNotIn {
                id: person.id,
                user: person.user,
                address: person.address,
                name: person.name,
                reason,
                company: other.map(|id| OtherCompany {
                    name: self.names.get(&id).cloned(),
                    id,
                }),
            }
        });
        people.collect()
    }

    /// What is absent in all.
    pub(crate) fn found(&self, people: &PeopleContext) -> FoundAbsent {
        FoundAbsent {
            companies: people.not_in.len() as u64,
            suspicious: SuspiciousSnapshot::of(people.companies(), self.addresses),
            ..self.absent
        }
    }

    fn reason(&self, company: &PsaCompanyId, person: &AbsentPerson) -> (PersonAbsence, Option<PsaCompanyId>) {
        if let Some(reason) = person.reason {
            return (reason, None);
        }
        let found = self.found.of(&PsaContactId::new(person.id.contact()));
        let found = found.unwrap_or(&Whereabouts::Unreadable);
        PersonAbsence::of(company, self.people.not_in.get(company).copied(), found)
    }

    fn count(&mut self, company: &PsaCompanyId, person: &AbsentPerson, reason: PersonAbsence) {
        self.absent.people.add(reason);
        if !self.people.before.had(company, &person.id) {
            return;
        }
        if self.people.is_filtered(reason) {
            self.addresses.of = self.addresses.of.saturating_sub(1);
        } else {
            self.addresses.absent += 1;
        }
    }
}

/// The names of companies: from the snapshot or the mappings, else read by id.
async fn names(
    run: &Run,
    (context, pages): (&SnapshotContext, &Pages),
    (companies, known): (BTreeSet<PsaCompanyId>, Option<&Known>),
    checkpoint: &Checkpoint<Position>,
) -> Result<(HashMap<PsaCompanyId, String>, BTreeMap<PsaCompanyId, Option<String>>), Stop> {
    let mut names = context.names(pages, &companies)?;
    let mut unknown: Vec<PsaCompanyId> = Vec::new();
    for id in companies {
        if names.contains_key(&id) {
            continue;
        }
        match context.mappings.get(&id) {
            Some(mapping) => drop(names.insert(id, mapping.name.clone())),
            None => unknown.push(id),
        }
    }
    let mut outside: BTreeMap<PsaCompanyId, Option<String>> = BTreeMap::new();
    if let Some(known) = known {
        for id in unknown {
            match known.names.get(&id) {
                Some(name) => drop(outside.insert(id, name.clone())),
                None => known.leave_open(),
            }
        }
        names.extend(named(&outside));
        return Ok((names, outside));
    }
    for batch in unknown.chunks(NAMES_PAGE_SIZE) {
        match run.compared_psa().await?.look_up(batch).await {
            Ok(answers) => {
                for answer in answers {
                    match answer {
                        LookedUp::Present(company) => drop(outside.insert(company.id, Some(company.name))),
                        LookedUp::Deleted(id) | LookedUp::Gone(id) => drop(outside.insert(id, None)),
                        LookedUp::Unreadable(_) => {}
                    }
                }
            }
            // A company is named by its id as well.
            Err(failure) => {
                let failure = run.tolerate(failure, checkpoint.waited)?;
                warn!(import = %run.import.id, %failure, "names of companies could not be read");
            }
        }
    }
    names.extend(named(&outside));
    Ok((names, outside))
}

fn named(outside: &BTreeMap<PsaCompanyId, Option<String>>) -> impl Iterator<Item = (PsaCompanyId, String)> + use<'_> {
    let names = outside.iter();
    names.filter_map(|(id, name)| Some((id.clone(), name.clone()?)))
}
