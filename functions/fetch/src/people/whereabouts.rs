//! Where the contacts are that no row of their company has: elsewhere in the snapshot, or read back by id.

use std::collections::{BTreeSet, HashSet};

use async_trait::async_trait;
use domain::ids::PsaContactId;
use domain::not_in::Whereabouts;
use domain::psa::{LookedUp, PsaContact, PsaFailure};
use psa::Psa;
use store::checkpoint::Checkpoint;
use store::people::ContactAnswer;
use worker::{Stop, fenced};

use crate::context::{Position, Run, Stage};
use crate::read_back::{Absent, read_back};

/// Looks for all absent contacts; `false` when time ran out first. As with companies, a failure does not fail the fetch: who cannot be
/// read is unreadable, and never deleted.
pub(crate) async fn look_for(run: &Run, checkpoint: &mut Checkpoint<Position>) -> Result<bool, Stop> {
    let mut sought = sought(run).await?;
    if !sought.is_empty() && !checkpoint.position.people.is_scanned {
        let found = scan(run, &sought, checkpoint.position.buckets).await?;
        checkpoint.position.people.is_scanned = true;
        stage(run, &found, checkpoint).await?;
    }
    if !sought.is_empty() {
        for answer in run.tenant.staged_contact_answers(&run.import).await? {
            sought.remove(&answer.id);
        }
        let ids: Vec<PsaContactId> = sought.into_iter().collect();
        if !read_back(run, &AbsentContacts(run), &ids, checkpoint).await? {
            return Ok(false);
        }
    }
    checkpoint.position.stage = Stage::Reasons(None);
    Ok(true)
}

/// The contacts of people whose reason is not known.
async fn sought(run: &Run) -> Result<BTreeSet<PsaContactId>, Stop> {
    let (mut sought, mut after) = (BTreeSet::new(), None);
    while let Some((group, people)) = run.tenant.next_staged_people(&run.import, after.as_ref()).await? {
        let open = people.iter().filter(|person| person.reason.is_none());
        sought.extend(open.map(|person| PsaContactId::new(person.id.contact())));
        after = Some(group);
    }
    Ok(sought)
}

/// Who is in the snapshot, with another company: the PSA need not be asked.
async fn scan(run: &Run, sought: &BTreeSet<PsaContactId>, buckets: usize) -> Result<Vec<ContactAnswer>, Stop> {
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    for bucket in 0..buckets {
        for contact in run.tenant.staged_contacts(&run.import, bucket).await? {
            // A page that came again has it twice.
            if sought.contains(&contact.id) && seen.insert(contact.id.clone()) {
                found.push(ContactAnswer {
                    found: Whereabouts::There {
                        company: contact.company,
                        accepted: true,
                        active: contact.active,
                    },
                    id: contact.id,
                    contact: None,
                });
            }
        }
    }
    Ok(found)
}

/// Contacts that no row has.
struct AbsentContacts<'a>(&'a Run);

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
        let run = self.0;
        let answers: Vec<ContactAnswer> = answers.into_iter().map(|answer| classify(run, psa, answer)).collect();
        stage(run, &answers, checkpoint).await
    }
}

async fn stage(run: &Run, answers: &[ContactAnswer], checkpoint: &Checkpoint<Position>) -> Result<(), Stop> {
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
