//! Reading only what changed, and merging it with what the last import knows (R77–R79).
//!
//! The result is as if everything had been read, and only if the PSA's own counts prove it. Whatever is in doubt is read in full by the
//! same import.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::ids::{PsaCompanyId, PsaContactId};
use domain::psa::{Changes, ChangesRead, PsaCompany, PsaContact, PsaFailure, PsaFailureKind, Tables, Totals};
use domain::reading::{self, Edits, FullReadReason, Reading, Wanted};
use psa::Psa;
use store::StoreError;
use store::checkpoint::Checkpoint;
use store::snapshot::mirror::{Difference, Mirror};
use store::snapshot::pages::Pages;
use tracing::{info, warn};
use worker::Stop;

use crate::changed::Changed;
use crate::context::{Position, Run, Stage};
use crate::known::{Entry, Known};
use crate::walk::Read;

/// What the last import knows, as it is stored.
struct Parts {
    pages: Pages,
    differences: Vec<Difference>,
    known: Known,
}

/// Reads what changed, unless everything has to be read. A run that is to read everything notes why.
pub(crate) async fn read(
    run: &Run,
    psa: &dyn Psa,
    read: &mut Read,
    checkpoint: &mut Checkpoint<Position>,
) -> Result<bool, Stop> {
    // An earlier step or run has found that everything has to be read.
    if checkpoint
        .progress
        .reading
        .is_some_and(|reading| reading != Reading::CHANGES)
    {
        return Ok(false);
    }
    let read_changes = match read_changes(run, psa, checkpoint).await {
        Err(Stop::Psa(failure)) => Err(refused(run, failure, checkpoint)?),
        outcome => outcome?,
    };
    match read_changes {
        Ok((pages, changed)) => {
            info!(import = %run.import.id, differences = changed.differences.len(), "read what changed");
            read.pages = pages;
            read.changed = Some(Box::new(changed));
            checkpoint.waited.reset();
            checkpoint.progress.reading = Some(Reading::CHANGES);
            checkpoint.position.stage = Stage::Rows;
            Ok(true)
        }
        Err(reason) => {
            read_everything(run, read, checkpoint, reason);
            Ok(false)
        }
    }
}

/// Decides what to do when the PSA fails to list its changes. Returns why everything is read instead: the PSA may fail requests that only
/// a read of changes makes. A failure that can be waited for, or that a full read would meet as well, stops the work.
fn refused(run: &Run, failure: PsaFailure, checkpoint: &Checkpoint<Position>) -> Result<FullReadReason, Stop> {
    match failure.kind {
        PsaFailureKind::PsaUnauthorized | PsaFailureKind::PsaForbidden | PsaFailureKind::PsaOtherTenant => {
            Err(failure.into())
        }
        PsaFailureKind::PsaServerError | PsaFailureKind::PsaInvalidResponse | PsaFailureKind::PsaUnknownError => {
            let failure = run.tolerate(failure, checkpoint.waited)?;
            warn!(import = %run.import.id, %failure, "changes cannot be read");
            Ok(FullReadReason::NotOffered)
        }
    }
}

/// Goes on by reading everything.
pub(crate) fn read_everything(
    run: &Run,
    read: &mut Read,
    checkpoint: &mut Checkpoint<Position>,
    reason: FullReadReason,
) {
    info!(import = %run.import.id, ?reason, "reads everything");
    read.pages = Pages::default();
    read.changed = None;
    checkpoint.position = Position {
        // What was read of the directory is as new as before.
        directory: std::mem::take(&mut checkpoint.position.directory),
        ..Position::default()
    };
    checkpoint.progress = domain::import::Progress {
        reading: Some(Reading::full(reason)),
        directory: checkpoint.progress.directory,
        of_directory: checkpoint.progress.of_directory,
        ..Default::default()
    };
}

async fn read_changes(
    run: &Run,
    psa: &dyn Psa,
    checkpoint: &mut Checkpoint<Position>,
) -> Result<Result<(Pages, Changed), FullReadReason>, Stop> {
    let (import, connection) = (&run.import, run.connection());
    let mirror = readable(run, run.tenant.mirror(&import.integration).await)?.flatten();
    let wanted = Wanted {
        full: import.full,
        filter: &import.filter,
        connection: &connection,
        full_read_hours: run.integration.policy.full_read_hours,
        now: run.services.clock.now(),
        is_counted: psa.counts_exactly(&import.filter),
    };
    let since = match reading::since(mirror.as_ref().map(|mirror| &mirror.last), wanted) {
        Ok(since) => since,
        Err(reason) => return Ok(Err(reason)),
    };
    // Without a fingerprint the tenant is proved by a full read.
    let Some(mirror) = mirror.filter(|_| run.integration.tenant.is_some()) else {
        return Ok(Err(FullReadReason::First));
    };
    let Some(parts) = readable(run, parts(run, &mirror).await)? else {
        return Ok(Err(FullReadReason::First));
    };
    let read = match psa.changes(since, &import.filter, &mirror.tables).await? {
        ChangesRead::All(read) => read,
        ChangesRead::TooMany => return Ok(Err(FullReadReason::ManyChanges)),
        ChangesRead::NotOffered => return Ok(Err(FullReadReason::NotOffered)),
    };
    run.learn_system(psa).await?;
    run.services.psa_limits.check_companies(read.totals.companies)?;
    run.services.psa_limits.check_contacts(read.totals.contacts)?;
    let (totals, as_of) = (read.totals, read.as_of);
    let tables = psa.tables();
    let merged = merge(run, psa, parts, read).await?;
    if !reading::proves(totals, merged.totals) {
        info!(import = %import.id, ?totals, known = ?merged.totals, "the PSA counts other rows");
        return Ok(Err(FullReadReason::CountsDiffer));
    }
    checkpoint.progress.companies = totals.companies;
    checkpoint.progress.contacts = totals.contacts;
    checkpoint.progress.total = Some(totals.companies + totals.contacts);
    checkpoint.position.totals = Some(totals);
    checkpoint.position.contact_has_company = true;
    let changed = Changed {
        tables: if tables == Tables::default() {
            mirror.tables.clone()
        } else {
            tables
        },
        mirror,
        differences: merged.differences,
        known: merged.known,
        as_of,
    };
    Ok(Ok((merged.pages, changed)))
}

/// What was read of the mirror; `None` if this version cannot read it: then everything is read.
fn readable<T>(run: &Run, read: Result<T, StoreError>) -> Result<Option<T>, Stop> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error @ (StoreError::Shape { .. } | StoreError::Newer { .. })) => {
            warn!(import = %run.import.id, %error, "what the last import knew cannot be read");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

async fn parts(run: &Run, mirror: &Mirror) -> Result<Parts, StoreError> {
    let (tenant, integration) = (&run.tenant, &run.import.integration);
    let known = tenant.mirror_known::<Entry>(integration, mirror).await?;
    Ok(Parts {
        pages: tenant.mirror_pages(integration, mirror).await?,
        differences: tenant.mirror_differences(integration, mirror).await?,
        known: known.into_iter().collect(),
    })
}

/// What is known after changes.
struct Merged {
    pages: Pages,
    differences: Vec<Difference>,
    known: Known,
    totals: Totals,
}

async fn merge(run: &Run, psa: &dyn Psa, parts: Parts, changes: Changes) -> Result<Merged, Stop> {
    let Parts {
        pages: base,
        differences,
        mut known,
    } = parts;
    let mut companies: BTreeMap<PsaCompanyId, Option<PsaCompany>> = BTreeMap::new();
    let mut contacts: BTreeMap<PsaContactId, Option<PsaContact>> = BTreeMap::new();
    for difference in differences {
        match difference {
            Difference::Company(company) => drop(companies.insert(company.id.clone(), Some(company))),
            Difference::NoCompany(id) => drop(companies.insert(id, None)),
            Difference::Contact(contact) => drop(contacts.insert(contact.id.clone(), Some(contact))),
            Difference::NoContact(id) => drop(contacts.insert(id, None)),
        }
    }
    let filter = &run.import.filter;
    let edits = Edits::of(
        &changes,
        |company| psa.accepts(filter, company),
        |contact| psa.accepts_contact(filter, contact),
    );
    known.learn(changes, &edits);
    companies.extend(edits.companies);
    contacts.extend(edits.contacts);
    let (companies, of_companies) = differing(psa, &base, companies).await?;
    let mut differences = Vec::new();
    for (id, now) in &companies {
        differences.push(match now {
            Some(company) => Difference::Company(company.clone()),
            None => Difference::NoCompany(id.clone()),
        });
    }
    let is_company_otherwise = |company: &PsaCompany| companies.contains_key(&company.id);
    let (mut pages, of_contacts) = merge_contacts(&base, contacts, is_company_otherwise, &mut differences)?;
    let companies: Vec<PsaCompany> = companies.into_values().flatten().collect();
    pages.add_companies(&companies)?;
    Ok(Merged {
        pages,
        differences,
        known,
        totals: Totals {
            companies: of_companies,
            contacts: of_contacts,
        },
    })
}

/// The companies that differ from the pages, with `None` for those that are gone; and how many companies there are in all. Works page by
/// page, since all companies of a large MSP take much of a worker's memory.
async fn differing(
    psa: &dyn Psa,
    base: &Pages,
    mut changed: BTreeMap<PsaCompanyId, Option<PsaCompany>>,
) -> Result<(BTreeMap<PsaCompanyId, Option<PsaCompany>>, u64), Stop> {
    let (mut differing, mut count) = (BTreeMap::new(), 0);
    for page in base.companies() {
        let before = page?;
        let mut now = Vec::with_capacity(before.len());
        for company in &before {
            match changed.remove(&company.id) {
                None => now.push(company.clone()),
                Some(Some(edited)) => now.push(edited),
                Some(None) => drop(differing.insert(company.id.clone(), None)),
            }
        }
        psa.refresh(&mut now).await?;
        count += now.len() as u64;
        let before: HashMap<&PsaCompanyId, &PsaCompany> = before.iter().map(|company| (&company.id, company)).collect();
        now.retain(|company| before.get(&company.id) != Some(&company));
        differing.extend(now.into_iter().map(|company| (company.id.clone(), Some(company))));
    }
    // One that the pages do not have cannot be gone from them.
    let mut added: Vec<PsaCompany> = changed.into_values().flatten().collect();
    psa.refresh(&mut added).await?;
    count += added.len() as u64;
    differing.extend(added.into_iter().map(|company| (company.id.clone(), Some(company))));
    Ok((differing, count))
}

/// All contacts as they are now, and how many there are: those of the pages, with the changed ones in place of theirs. The pages that are
/// returned lack the companies that have changed.
fn merge_contacts(
    base: &Pages,
    mut changed: BTreeMap<PsaContactId, Option<PsaContact>>,
    is_company_otherwise: impl Fn(&PsaCompany) -> bool,
    differences: &mut Vec<Difference>,
) -> Result<(Pages, u64), Stop> {
    let (mut count, mut seen) = (0, HashSet::new());
    let is_otherwise = |contact: &PsaContact| match changed.get(&contact.id) {
        Some(now) if now.as_ref() != Some(contact) => {
            seen.insert(contact.id.clone());
            true
        }
        as_before => {
            count += 1;
            if as_before.is_some() {
                changed.remove(&contact.id);
            }
            false
        }
    };
    let mut pages = base.without(is_company_otherwise, is_otherwise)?;
    // One that the pages do not have cannot be gone from them.
    changed.retain(|id, now| now.is_some() || seen.contains(id));
    let added: Vec<PsaContact> = changed.values().flatten().cloned().collect();
    pages.add_contacts(&added)?;
    let of_contacts = changed.into_iter().map(|(id, now)| match now {
        Some(contact) => Difference::Contact(contact),
        None => Difference::NoContact(id),
    });
    differences.extend(of_contacts);
    Ok((pages, count + added.len() as u64))
}
