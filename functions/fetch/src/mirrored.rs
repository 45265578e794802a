//! What an import leaves to the next one: all that it knows of the PSA (R77).

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use domain::ids::PsaCompanyId;
use domain::psa::{PsaCompany, PsaContact, Tables};
use domain::reading::{self, LastRead};
use jiff::Timestamp;
use store::StoreError;
use store::snapshot::Draft;
use store::snapshot::mirror::{Difference, Mirror, NewMirror, is_worth_rewriting};
use store::snapshot::pages::Pages;
use worker::Stop;

use crate::changed::Changed;
use crate::changes::differing;
use crate::context::{Position, Run};
use crate::known::Known;
use crate::rows::SnapshotContext;

/// What was read, on which a mirror rests.
pub(crate) struct Seen<'a> {
    pub pages: &'a Pages,
    pub changed: Option<&'a Changed>,
    /// Contacts that no page had.
    pub more: &'a [PsaContact],
    pub known: Known,
    /// What the client needs of the PSA's tables.
    pub tables: Tables,
}

/// Adds what an import knows to its draft.
pub(crate) async fn add(
    run: &Run,
    draft: &mut Draft,
    context: &SnapshotContext,
    seen: Seen<'_>,
    position: &Position,
) -> Result<(), Stop> {
    let now = run.services.clock.now();
    let (full_at, as_of) = match seen.changed {
        Some(changed) => (changed.mirror.last.full_at, changed.as_of),
        None => (position.began_at.unwrap_or(Timestamp::UNIX_EPOCH), position.as_of),
    };
    let last = LastRead {
        full_at,
        watermark: reading::watermark(as_of, now),
        filter: run.import.filter.clone(),
        connection: run.connection(),
        version: reading::VERSION,
    };
    let rows = position.totals.map_or(0, |totals| totals.companies + totals.contacts);
    let is_kept = |(_, differences): &(Mirror, Vec<Difference>)| !is_worth_rewriting(differences.len(), rows);
    let known = seen
        .changed
        .map(|changed| (changed.mirror.clone(), changed.differences.clone()));
    let mut before = known.filter(is_kept);
    let mut all = Pages::default();
    if before.is_none() {
        all = unique(seen.pages, seen.more)?;
        all.add_companies(&context.companies)?;
        if seen.changed.is_none() {
            before = differences(run, context, &all).await?.filter(is_kept);
        }
    }
    let (before, differences) = before.unzip();
    let new = NewMirror {
        last,
        tables: seen.tables,
        before: before.as_ref(),
        pages: &all,
        differences: &differences.unwrap_or_default(),
        known: &seen.known.entries(),
    };
    draft.add_mirror(new)?;
    Ok(())
}

fn key(contact: &PsaContact) -> u64 {
    hash(&contact.id)
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// All contacts, each once: of one that comes several times the last counts, as in the rows.
fn unique(pages: &Pages, more: &[PsaContact]) -> Result<Pages, StoreError> {
    let mut left: HashMap<u64, u32> = HashMap::new();
    for page in pages.contacts() {
        for contact in page? {
            *left.entry(key(&contact)).or_default() += 1;
        }
    }
    let more: Vec<PsaContact> = more
        .iter()
        .filter(|contact| !left.contains_key(&key(contact)))
        .cloned()
        .collect();
    let mut unique = pages.contacts_without(|contact| match left.get_mut(&key(contact)) {
        Some(left) if *left > 1 => {
            *left -= 1;
            true
        }
        _ => false,
    })?;
    unique.add_contacts(&more)?;
    Ok(unique)
}

/// What differs from the stored pages after everything was read; `None` if there are none to compare with.
async fn differences(
    run: &Run,
    context: &SnapshotContext,
    now: &Pages,
) -> Result<Option<(Mirror, Vec<Difference>)>, Stop> {
    let integration = &run.import.integration;
    let stored = async {
        let Some(mirror) = run.tenant.mirror(integration).await? else {
            return Ok(None);
        };
        let pages = run.tenant.mirror_pages(integration, &mirror).await?;
        Ok(Some((mirror, pages)))
    };
    let (mirror, base) = match stored.await {
        Ok(Some(stored)) => stored,
        Ok(None) | Err(StoreError::Shape { .. } | StoreError::Newer { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let companies: BTreeMap<PsaCompanyId, PsaCompany> = base
        .companies()?
        .into_iter()
        .map(|company| (company.id.clone(), company))
        .collect();
    let mut differences = differing(&companies, &context.companies);
    let mut before: HashMap<u64, u64> = HashMap::new();
    for page in base.contacts() {
        before.extend(page?.iter().map(|contact| (key(contact), hash(contact))));
    }
    for page in now.contacts() {
        for contact in page? {
            if before.remove(&key(&contact)) != Some(hash(&contact)) {
                differences.push(Difference::Contact(contact));
            }
        }
    }
    for page in base.contacts() {
        let gone = page?.into_iter().filter(|contact| before.contains_key(&key(contact)));
        differences.extend(gone.map(|contact| Difference::NoContact(contact.id)));
    }
    Ok(Some((mirror, differences)))
}
