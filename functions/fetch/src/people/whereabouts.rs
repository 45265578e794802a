//! Where the contacts are that no row of their company has: elsewhere in the snapshot, or read back by id.

use std::collections::{BTreeSet, HashSet};

use domain::ids::PsaContactId;
use domain::not_in::Whereabouts;
use domain::psa::{LookedUp, PsaContact};
use psa::Psa;
use store::checkpoint::Checkpoint;
use store::people::ContactAnswer;
use tracing::warn;
use worker::{Stop, fenced};

use crate::context::{Position, Run, Stage};

/// Absent contacts in one batch: one request to either PSA.
const READ_BACK_PAGE_SIZE: usize = 150;

/// Consecutive failed batches after which no more contacts are read back.
const MAX_FAILURES: usize = 3;

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
        if !read_back(run, sought.into_iter().collect(), checkpoint).await? {
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

async fn read_back(run: &Run, ids: Vec<PsaContactId>, checkpoint: &mut Checkpoint<Position>) -> Result<bool, Stop> {
    if ids.is_empty() {
        return Ok(true);
    }
    let psa = run.compared_psa().await?;
    let mut failures = 0;
    for batch in ids.chunks(READ_BACK_PAGE_SIZE) {
        if run.deadline.is_near() {
            return Ok(false);
        }
        let answers: Vec<ContactAnswer> = match psa.look_up_contacts(batch).await {
            Ok(answers) => {
                checkpoint.waited.reset();
                failures = 0;
                answers.into_iter().map(|answer| classify(run, &*psa, answer)).collect()
            }
            Err(failure) => {
                let failure = run.tolerate(failure, checkpoint.waited)?;
                warn!(import = %run.import.id, %failure, "absent contacts could not be read back");
                failures += 1;
                let unreadable = batch.iter().map(|id| answer(id.clone(), Whereabouts::Unreadable));
                unreadable.collect()
            }
        };
        stage(run, &answers, checkpoint).await?;
        if failures == MAX_FAILURES {
            // Those without an answer are unreadable as well.
            break;
        }
    }
    Ok(true)
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
