//! What an import leaves to the next one: all that it knows of the PSA (R77).

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use domain::ids::{PsaCompanyId, PsaContactId};
use domain::psa::{PsaCompany, PsaContact, Tables};
use domain::reading::{self, LastRead};
use jiff::Timestamp;
use store::StoreError;
use store::snapshot::Draft;
use store::snapshot::mirror::{Difference, Mirror, NewMirror, is_worth_rewriting};
use store::snapshot::pages::Pages;
use worker::Stop;

use crate::changed::Changed;
use crate::context::{Position, Run};
use crate::known::Known;

/// What was read, on which a mirror rests.
pub(crate) struct Seen<'a> {
    pub pages: &'a Pages,
    /// The companies that are in.
    pub companies: &'a HashSet<PsaCompanyId>,
    /// Those of them that no page had.
    pub added: &'a [PsaCompany],
    pub changed: Option<&'a Changed>,
    /// Contacts that no page had.
    pub more: &'a [PsaContact],
    pub known: Known,
    /// What the client needs of the PSA's tables.
    pub tables: Tables,
}

/// Adds what an import knows to its draft.
pub(crate) async fn add(run: &Run, draft: &mut Draft, seen: Seen<'_>, position: &Position) -> Result<(), Stop> {
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
    let changed = seen.changed.map(|changed| (&changed.mirror, &*changed.differences));
    let mut before = changed.filter(|(_, differences)| !is_worth_rewriting(differences.len(), rows));
    let compared;
    let mut all = Pages::default();
    if before.is_none() {
        all = unique(&seen)?;
        if changed.is_none() {
            compared = differences(run, &all, rows).await?;
            before = compared.as_ref().map(|(mirror, differences)| (mirror, &**differences));
        }
    }
    let (before, differences) = before.unzip();
    let new = NewMirror {
        last,
        tables: seen.tables,
        before,
        pages: &all,
        differences: differences.unwrap_or_default(),
        known: &seen.known.entries(),
    };
    draft.add_mirror(new)?;
    Ok(())
}

/// A company or a contact of the PSA.
trait Record: Hash + Sized {
    type Id: Hash;
    fn id(&self) -> &Self::Id;
    fn into_id(self) -> Self::Id;
    /// Those of pages.
    fn of(pages: &Pages) -> impl Iterator<Item = Result<Vec<Self>, StoreError>>;
    /// The difference if it is new or has changed.
    fn otherwise(self) -> Difference;
    /// The difference if it is gone.
    fn gone(id: Self::Id) -> Difference;
}

impl Record for PsaCompany {
    type Id = PsaCompanyId;

    fn id(&self) -> &PsaCompanyId {
        &self.id
    }

    fn into_id(self) -> PsaCompanyId {
        self.id
    }

    fn of(pages: &Pages) -> impl Iterator<Item = Result<Vec<Self>, StoreError>> {
        pages.companies()
    }

    fn otherwise(self) -> Difference {
        Difference::Company(self)
    }

    fn gone(id: PsaCompanyId) -> Difference {
        Difference::NoCompany(id)
    }
}

impl Record for PsaContact {
    type Id = PsaContactId;

    fn id(&self) -> &PsaContactId {
        &self.id
    }

    fn into_id(self) -> PsaContactId {
        self.id
    }

    fn of(pages: &Pages) -> impl Iterator<Item = Result<Vec<Self>, StoreError>> {
        pages.contacts()
    }

    fn otherwise(self) -> Difference {
        Difference::Contact(self)
    }

    fn gone(id: PsaContactId) -> Difference {
        Difference::NoContact(id)
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// All companies and contacts, each once. Of a company that comes several times the first counts, of a contact the last, as in the rows.
fn unique(seen: &Seen<'_>) -> Result<Pages, StoreError> {
    let mut keys = Vec::new();
    for page in seen.pages.contacts() {
        keys.extend(page?.iter().map(|contact| hash(&contact.id)));
    }
    keys.sort_unstable();
    let more = seen
        .more
        .iter()
        .filter(|contact| keys.binary_search(&hash(&contact.id)).is_err());
    let more: Vec<PsaContact> = more.cloned().collect();
    let mut too_many: HashMap<u64, usize> = keys
        .chunk_by(|one, other| one == other)
        .filter_map(|same| Some((*same.first()?, same.len() - 1)))
        .filter(|(_, too_many)| *too_many > 0)
        .collect();
    drop(keys);
    let mut companies: HashSet<&PsaCompanyId> = seen.companies.iter().collect();
    let is_repeated = |company: &PsaCompany| !companies.remove(&company.id);
    let comes_again = |contact: &PsaContact| match too_many.get_mut(&hash(&contact.id)) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    };
    let mut unique = seen.pages.without(is_repeated, comes_again)?;
    unique.add_companies(seen.added)?;
    unique.add_contacts(&more)?;
    Ok(unique)
}

/// What differs from the stored pages after everything was read; `None` if there are none to compare with, or if they are worth writing
/// again.
async fn differences(run: &Run, now: &Pages, rows: u64) -> Result<Option<(Mirror, Vec<Difference>)>, Stop> {
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
    let mut differences = Vec::new();
    let is_kept = compare::<PsaCompany>(&base, now, &mut differences, rows)?
        && compare::<PsaContact>(&base, now, &mut differences, rows)?;
    differences.sort_unstable_by(|one, other| place(one).cmp(&place(other)));
    Ok(is_kept.then_some((mirror, differences)))
}

/// Where a difference comes among others: companies first, each by its id. A read of changes lists the same differences in the same order,
/// so that nothing is written if nothing changed.
fn place(difference: &Difference) -> (bool, &str) {
    match difference {
        Difference::Company(company) => (false, company.id.as_str()),
        Difference::NoCompany(id) => (false, id.as_str()),
        Difference::Contact(contact) => (true, contact.id.as_str()),
        Difference::NoContact(id) => (true, id.as_str()),
    }
}

/// Adds what differs from the stored pages, of one kind of records. Returns `false`, before all are added, once they are so many that the
/// pages are worth writing again: after another filter that would be most of the PSA, unpacked.
fn compare<T: Record>(
    base: &Pages,
    now: &Pages,
    differences: &mut Vec<Difference>,
    rows: u64,
) -> Result<bool, StoreError> {
    let mut before = Before::default();
    for page in T::of(base) {
        let records = page?;
        let records = records.iter().map(|record| (hash(record.id()), hash(record)));
        before.records.extend(records);
    }
    before.records.sort_unstable();
    before.seen.resize(before.records.len(), false);
    for page in T::of(now) {
        let other = page?.into_iter();
        let other = other.filter(|record| before.see(record) != Some(hash(record)));
        differences.extend(other.map(T::otherwise));
        if is_worth_rewriting(differences.len(), rows) {
            return Ok(false);
        }
    }
    for page in T::of(base) {
        let gone = page?.into_iter().filter(|record| before.see(record).is_some());
        differences.extend(gone.map(|record| T::gone(record.into_id())));
        if is_worth_rewriting(differences.len(), rows) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The records of the stored pages, in few bytes each: a large MSP has half a million contacts.
#[derive(Default)]
struct Before {
    /// The key of each with the hash of its content, in order.
    records: Vec<(u64, u64)>,
    seen: Vec<bool>,
}

impl Before {
    /// The hash of a record that was there, the first time it is seen.
    fn see(&mut self, record: &impl Record) -> Option<u64> {
        let key = hash(record.id());
        let at = self.records.partition_point(|(other, _)| *other < key);
        let (found, hash) = *self.records.get(at)?;
        let seen = self.seen.get_mut(at)?;
        (found == key && !std::mem::replace(seen, true)).then_some(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages of so many contacts.
    fn pages(contacts: usize) -> Pages {
        let contacts = (0..contacts).map(|id| PsaContact {
            id: PsaContactId::new(id.to_string()),
            company: Some(PsaCompanyId::new("1")),
            name: String::new(),
            active: true,
            addresses: Vec::new(),
            values: Vec::new(),
        });
        let (contacts, mut pages) = (contacts.collect::<Vec<_>>(), Pages::default());
        for page in contacts.chunks(500) {
            pages.add_contacts(page).unwrap();
        }
        pages
    }

    #[test]
    fn r77_no_more_differences_are_kept_than_are_stored() {
        let (few, many) = (pages(10), pages(30_000));
        // A tenth of all, and what is left of a page.
        for (base, now) in [(&few, &many), (&many, &few)] {
            let mut differences = Vec::new();
            assert!(!compare::<PsaContact>(base, now, &mut differences, 30_000).unwrap());
            assert!((3_000..=3_500).contains(&differences.len()), "{}", differences.len());
        }
        let mut differences = Vec::new();
        assert!(compare::<PsaContact>(&pages(900), &few, &mut differences, 30_000).unwrap());
        assert_eq!(differences.len(), 890);
    }
}
