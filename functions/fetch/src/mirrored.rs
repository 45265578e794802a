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
    let mut keys = Vec::new();
    for page in pages.contacts() {
        keys.extend(page?.iter().map(key));
    }
    keys.sort_unstable();
    let more = more.iter().filter(|contact| keys.binary_search(&key(contact)).is_err());
    let more: Vec<PsaContact> = more.cloned().collect();
    let mut too_many: HashMap<u64, usize> = keys
        .chunk_by(|one, other| one == other)
        .filter_map(|same| Some((*same.first()?, same.len() - 1)))
        .filter(|(_, too_many)| *too_many > 0)
        .collect();
    let mut unique = pages.contacts_without(|contact| match too_many.get_mut(&key(contact)) {
        Some(left) if *left > 0 => {
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
    let mut before = Before::default();
    for page in base.contacts() {
        before
            .contacts
            .extend(page?.iter().map(|contact| (key(contact), hash(contact))));
    }
    before.contacts.sort_unstable();
    before.seen.resize(before.contacts.len(), false);
    for page in now.contacts() {
        for contact in page? {
            if before.see(&contact) != Some(hash(&contact)) {
                differences.push(Difference::Contact(contact));
            }
        }
    }
    for page in base.contacts() {
        let gone = page?.into_iter().filter(|contact| before.see(contact).is_some());
        differences.extend(gone.map(|contact| Difference::NoContact(contact.id)));
    }
    Ok(Some((mirror, differences)))
}

/// The contacts of the stored pages, in few bytes each: a large MSP has half a million.
#[derive(Default)]
struct Before {
    /// The key of each with the hash of its content, in order.
    contacts: Vec<(u64, u64)>,
    seen: Vec<bool>,
}

impl Before {
    /// The hash of a contact that was there, the first time it is seen.
    fn see(&mut self, contact: &PsaContact) -> Option<u64> {
        let key = key(contact);
        let at = self.contacts.partition_point(|(other, _)| *other < key);
        let (found, hash) = *self.contacts.get(at)?;
        let seen = self.seen.get_mut(at)?;
        (found == key && !std::mem::replace(seen, true)).then_some(hash)
    }
}
