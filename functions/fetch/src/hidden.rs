//! Rows that the PSA hides from the API user (R53). Hidden rows look deleted, so a snapshot that proves them fails. Contacts whose company
//! cannot be read back, and that are too few to prove anything, are orphans: counted and listed, and in no row.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use domain::ids::PsaCompanyId;
use domain::psa::{LookedUp, PsaContact};
use psa::{Psa, Seen, Vendor};
use store::checkpoint::Checkpoint;
use store::snapshot::pages::Pages;
use tracing::warn;
use worker::Stop;

use crate::context::{Position, Run};
use crate::known::Known;
use crate::rows::SnapshotContext;

/// Companies of contacts in one batch: one request to either PSA.
const LOOK_UP_PAGE_SIZE: usize = 150;

/// Companies that are kept with the checkpoint, which every step writes. More are looked for again by the next run.
const MAX_KEPT: usize = 200;

/// What the two walks prove, before any row is made.
pub(crate) async fn check_walks(
    run: &Run,
    psa: &dyn Psa,
    known: Option<&Known>,
    context: &SnapshotContext,
    checkpoint: &mut Checkpoint<Position>,
) -> Result<(), Stop> {
    let Some(vendor) = vendor(run) else { return Ok(()) };
    let mut seen = seen(run, psa, context, checkpoint);
    // An import that reads changes sends no requests for these proofs: the last full read has proved what takes one.
    let asks = known.is_none();
    if let Some(id) = vendor.permanent_company().filter(|_| asks)
        && !context.has(&id)
    {
        let found = psa.look_up(std::slice::from_ref(&id)).await?;
        seen.company_read = !matches!(found.as_slice(), [LookedUp::Gone(_)]);
    }
    if asks && vendor.shows_contacts_without_company() && !seen.contact_has_company && seen.expects_companies() {
        seen.contact_has_company = psa.any_contact_has_company().await?;
        // A filter may leave only contacts without a company: what was asked counts for `check_orphans`, too.
        checkpoint.position.contact_has_company = seen.contact_has_company;
    }
    prove(vendor, &seen)
}

/// What the companies of all contacts prove.
fn check_orphans(
    run: &Run,
    psa: &dyn Psa,
    context: &SnapshotContext,
    checkpoint: &Checkpoint<Position>,
) -> Result<(), Stop> {
    let Some(vendor) = vendor(run) else { return Ok(()) };
    prove(vendor, &seen(run, psa, context, checkpoint))
}

fn vendor(run: &Run) -> Option<&'static Vendor> {
    run.services.connector.vendor(run.integration.kind)
}

/// What the fetch has seen. Assumes that the permanent company was read: only a request can tell, and only `check_walks` sends it.
fn seen(run: &Run, psa: &dyn Psa, context: &SnapshotContext, checkpoint: &Checkpoint<Position>) -> Seen {
    Seen {
        company_read: true,
        contacts: checkpoint.progress.contacts,
        contacts_filtered: psa.filters_contacts(&run.import.filter),
        contact_has_company: checkpoint.position.contact_has_company,
        orphans: checkpoint.progress.orphans,
        addresses_mapped: context.mappings.values().any(|mapping| mapping.users > 0),
    }
}

fn prove(vendor: &Vendor, seen: &Seen) -> Result<(), Stop> {
    match vendor.hidden_rows_in(seen) {
        Some(failure) => Err(failure.into()),
        None => Ok(()),
    }
}

/// Companies of contacts that no page had.
#[derive(Default)]
pub(crate) struct Orphans {
    /// The contacts of those that a read by id does not find.
    pub contacts: Vec<PsaContact>,
    /// The companies that a read by id does not find.
    pub gone: BTreeSet<PsaCompanyId>,
    /// Those that it finds. Of the others nothing is known.
    pub outside: BTreeSet<PsaCompanyId>,
}

/// The contacts whose company no page had and a read by id does not find; `None` when time ran out first. What the last import knows is not
/// read again. So many contacts that they prove hidden rows stop the work.
pub(crate) async fn orphans(
    run: &Run,
    psa: &dyn Psa,
    known: Option<&Known>,
    context: &SnapshotContext,
    (pages, counts): (&Pages, &BTreeMap<PsaCompanyId, usize>),
    checkpoint: &mut Checkpoint<Position>,
) -> Result<Option<Orphans>, Stop> {
    let unknown = counts.keys().filter(|company| !context.has(company));
    let mut unknown: Vec<PsaCompanyId> = unknown.cloned().collect();
    let gone: HashSet<PsaCompanyId> = if let Some(known) = known {
        let is_open = |company: &PsaCompanyId| !known.gone.contains(company) && !known.outside.contains(company);
        if unknown.iter().any(is_open) {
            known.leave_open();
        }
        let gone = unknown.iter().filter(|company| known.gone.contains(company));
        gone.cloned().collect()
    } else if let Some(gone) = &checkpoint.position.gone {
        gone.iter().cloned().collect()
    } else {
        let Some((gone, unread)) = gone(run, psa, pages, &unknown, checkpoint).await? else {
            return Ok(None);
        };
        let kept = gone.iter().cloned().collect();
        checkpoint.position.gone = (gone.len() <= MAX_KEPT && unread.is_empty()).then_some(kept);
        unknown.retain(|company| !unread.contains(company));
        gone
    };
    let outside = unknown.into_iter().filter(|company| !gone.contains(company));
    let mut orphans = Orphans {
        contacts: Vec::new(),
        outside: outside.collect(),
        gone: gone.iter().cloned().collect(),
    };
    // Before they are collected: in the worst case they are nearly all contacts.
    checkpoint.progress.orphans = gone.iter().filter_map(|company| counts.get(company)).sum::<usize>() as u64;
    check_orphans(run, psa, context, checkpoint)?;
    if gone.is_empty() {
        return Ok(Some(orphans));
    }
    for page in pages.contacts() {
        let of_gone = |contact: &PsaContact| contact.company.as_ref().is_some_and(|company| gone.contains(company));
        orphans.contacts.extend(page?.into_iter().filter(of_gone));
    }
    Ok(Some(orphans))
}

/// Which of the companies a read by id does not find, and which cannot be read: these prove nothing. `None` when time ran out first.
async fn gone(
    run: &Run,
    psa: &dyn Psa,
    pages: &Pages,
    companies: &[PsaCompanyId],
    checkpoint: &Checkpoint<Position>,
) -> Result<Option<(HashSet<PsaCompanyId>, HashSet<PsaCompanyId>)>, Stop> {
    let (mut gone, mut unread) = (HashSet::new(), HashSet::new());
    if companies.is_empty() {
        return Ok(Some((gone, unread)));
    }
    // The client that has read pages asks until the run ends, also in the time that is needed to save them.
    let other = if pages.has_unsaved() {
        Some(run.compared_psa().await?)
    } else {
        None
    };
    let psa = other.as_deref().unwrap_or(psa);
    for batch in companies.chunks(LOOK_UP_PAGE_SIZE) {
        if run.deadline.is_near() {
            return Ok(None);
        }
        match psa.look_up(batch).await {
            Ok(answers) => {
                for answer in answers {
                    match answer {
                        LookedUp::Gone(id) => drop(gone.insert(id)),
                        LookedUp::Unreadable(id) => drop(unread.insert(id)),
                        LookedUp::Present(_) | LookedUp::Deleted(_) => {}
                    }
                }
            }
            Err(failure) => {
                let failure = run.tolerate(failure, checkpoint.waited)?;
                warn!(import = %run.import.id, %failure, "companies of contacts could not be read back");
                unread.extend(batch.iter().cloned());
            }
        }
    }
    Ok(Some((gone, unread)))
}
