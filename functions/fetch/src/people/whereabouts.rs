//! Where the contacts are that their company does not have: elsewhere in the pages, or read back by id.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use async_trait::async_trait;
use domain::ids::{PsaCompanyId, PsaContactId};
use domain::not_in::Whereabouts;
use domain::psa::{LookedUp, PsaContact, PsaFailure};
use psa::Psa;
use store::checkpoint::Checkpoint;
use store::people::ContactAnswer;
use store::snapshot::pages::Pages;
use tracing::info;
use worker::{Stop, fenced};

use super::Persons;
use crate::context::{Position, Run};
use crate::known::Known;
use crate::read_back::{Absent, read_back};

/// Where the contacts were found that were looked for.
#[derive(Debug, Default)]
pub(crate) struct Found {
    answers: HashMap<PsaContactId, ContactAnswer>,
    /// Contacts that no page had, and that a read by id finds with the company they were imported for. Absence from the pages is no proof:
    /// they are in, with all of their addresses.
    contacts: Vec<PsaContact>,
    /// Where contacts were found that no page had.
    pub(crate) not_in_pages: BTreeMap<PsaContactId, Whereabouts>,
    /// Contacts that no page had and that the filter accepts.
    pub(crate) accepted: Vec<PsaContact>,
}

impl Found {
    /// What was found for a contact.
    pub(super) fn of(&self, contact: &PsaContactId) -> Option<&Whereabouts> {
        self.answers.get(contact).map(|answer| &answer.found)
    }

    /// Contacts that are in although no page had them.
    pub(crate) fn contacts(&self) -> &[PsaContact] {
        &self.contacts
    }

    /// Whether a company has such contacts.
    pub(crate) fn has_contacts_of(&self, company: &PsaCompanyId) -> bool {
        let mut contacts = self.contacts.iter();
        contacts.any(|contact| contact.company.as_ref() == Some(company))
    }

    fn keep(&mut self, answers: impl IntoIterator<Item = ContactAnswer>) {
        let answers = answers.into_iter().map(|answer| (answer.id.clone(), answer));
        self.answers.extend(answers);
    }
}

/// Looks for all absent contacts. Returns `None` when time runs out first, or when `known` lacks a contact: then leaves `known` open. As
/// with companies, a failed read does not fail the fetch: a contact that cannot be read counts as unreadable, never as deleted.
pub(crate) async fn look_for(
    run: &Run,
    known: Option<&Known>,
    pages: &Pages,
    persons: &Persons,
    checkpoint: &mut Checkpoint<Position>,
) -> Result<Option<Found>, Stop> {
    let mut found = Found::default();
    let open = persons.iter().filter(|(_, person)| person.reason.is_none());
    let mut sought: BTreeSet<PsaContactId> = open.map(|(_, person)| PsaContactId::new(person.id.contact())).collect();
    if sought.is_empty() {
        return Ok(Some(found));
    }
    let in_pages = scan(pages, &sought)?;
    if let Some(known) = known {
        found.keep(in_pages);
        for contact in sought {
            match known.contacts.get(&contact) {
                _ if found.answers.contains_key(&contact) => {}
                Some(whereabouts) => {
                    found.not_in_pages.insert(contact.clone(), whereabouts.clone());
                    found.keep([answer(contact, whereabouts.clone())]);
                }
                None => {
                    known.leave_open();
                    return Ok(None);
                }
            }
        }
        return Ok(Some(found));
    }
    let ids_in_pages: HashSet<PsaContactId> = in_pages.iter().map(|answer| answer.id.clone()).collect();
    found.keep(run.tenant.staged_contact_answers(&run.import).await?);
    found.keep(in_pages.clone());
    sought.retain(|contact| !found.answers.contains_key(contact));
    let sought: Vec<PsaContactId> = sought.into_iter().collect();
    if !sought.is_empty() {
        let is_saved = !pages.has_unsaved();
        if !read_back(run, &AbsentContacts { run, is_saved }, &sought, checkpoint).await? {
            return Ok(None);
        }
        found.keep(run.tenant.staged_contact_answers(&run.import).await?);
        // An answer may be that of a run which died, and whose pages were read anew.
        found.keep(in_pages);
    }
    for answer in found
        .answers
        .values()
        .filter(|answer| !ids_in_pages.contains(&answer.id))
    {
        match &answer.contact {
            Some(contact) => found.accepted.push(contact.clone()),
            None => drop(found.not_in_pages.insert(answer.id.clone(), answer.found.clone())),
        }
    }
    let contacts = persons.iter().filter_map(|(company, person)| {
        let answer = found.answers.get(&PsaContactId::new(person.id.contact()))?;
        let contact = answer.contact.as_ref()?;
        (contact.company.as_ref() == Some(company)).then(|| (contact.id.clone(), contact.clone()))
    });
    let contacts: HashMap<PsaContactId, PsaContact> = contacts.collect();
    if !contacts.is_empty() {
        info!(import = %run.import.id, contacts = contacts.len(), "contacts are in, although no page had them");
    }
    found.contacts = contacts.into_values().collect();
    Ok(Some(found))
}

/// Who is in the pages, with another company: the PSA need not be asked.
fn scan(pages: &Pages, sought: &BTreeSet<PsaContactId>) -> Result<Vec<ContactAnswer>, Stop> {
    let mut found = Vec::new();
    for page in pages.contacts() {
        let there = page?.into_iter().filter(|contact| sought.contains(&contact.id));
        found.extend(there.map(|contact| ContactAnswer {
            found: Whereabouts::There {
                company: contact.company,
                accepted: true,
                active: contact.active,
            },
            id: contact.id,
            contact: None,
        }));
    }
    Ok(found)
}

/// Contacts that their company does not have.
struct AbsentContacts<'a> {
    run: &'a Run,
    /// Whether the pages are saved that the checkpoint knows of: else it must not be stored.
    is_saved: bool,
}

#[async_trait]
impl Absent for AbsentContacts<'_> {
    type Id = PsaContactId;
    type Record = PsaContact;
    const NAME: &'static str = "contacts";

    async fn look_up(
        psa: &dyn Psa,
        ids: &[PsaContactId],
    ) -> Result<Vec<LookedUp<PsaContact, PsaContactId>>, PsaFailure> {
        psa.look_up_contacts(ids).await
    }

    async fn store(
        &self,
        psa: &dyn Psa,
        _last: &PsaContactId,
        answers: Vec<LookedUp<PsaContact, PsaContactId>>,
        checkpoint: &mut Checkpoint<Position>,
    ) -> Result<(), Stop> {
        let run = self.run;
        let answers: Vec<ContactAnswer> = answers.into_iter().map(|answer| classify(run, psa, answer)).collect();
        stage(run, &answers, self.is_saved.then_some(&*checkpoint)).await
    }
}

async fn stage(run: &Run, answers: &[ContactAnswer], checkpoint: Option<&Checkpoint<Position>>) -> Result<(), Stop> {
    let now = || run.services.clock.now();
    let staged = run
        .tenant
        .stage_contact_answers(&run.lease, &run.import, answers, checkpoint, now);
    fenced(&staged.await?)
}

const fn answer(id: PsaContactId, found: Whereabouts) -> ContactAnswer {
    ContactAnswer {
        id,
        found,
        contact: None,
    }
}

fn classify(run: &Run, psa: &dyn Psa, looked_up: LookedUp<PsaContact, PsaContactId>) -> ContactAnswer {
    match looked_up {
        LookedUp::Present(contact) => {
            let accepted = psa.accepts_contact(&run.import.filter, &contact);
            ContactAnswer {
                id: contact.id.clone(),
                found: Whereabouts::There {
                    company: contact.company.clone(),
                    accepted,
                    active: contact.active,
                },
                contact: accepted.then_some(contact),
            }
        }
        LookedUp::Deleted(id) | LookedUp::Gone(id) => answer(id, Whereabouts::Gone),
        LookedUp::Unreadable(id) => answer(id, Whereabouts::Unreadable),
    }
}
