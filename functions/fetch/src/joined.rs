//! Contacts joined with their companies, slice by slice of companies: what bounds the memory of making rows.
//!
//! The pages have contacts in the order of their own ids, so each slice is spread over all pages. Going through all of them for each slice
//! would take too long, and what is unpacked takes twenty times the memory of what is packed. So the contacts of all slices are taken
//! from the pages at once and packed again by slice.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::RangeInclusive;

use domain::ids::{PsaCompanyId, PsaContactId};
use domain::psa::PsaContact;
use domain::row::SnapshotAddress;
use store::StoreError;
use store::snapshot::pages::Pages;

/// Contacts that are joined at once, as far as a single company has no more: some 5 MB.
const MAX_CONTACTS_PER_SLICE: usize = 5_000;

/// Contacts of all slices that wait until a page of their slice is full.
const MAX_CONTACTS_IN_HAND: usize = 5_000;

/// Contacts of a slice that are packed together: few for very many slices, but enough to pack well.
const CONTACTS_PER_PAGE: RangeInclusive<usize> = 25..=500;

/// Companies next to each other in the order of their ids.
pub(crate) type Slice = RangeInclusive<PsaCompanyId>;

/// The addresses of companies, in the order of their contacts.
pub(crate) type Addresses = HashMap<PsaCompanyId, Vec<SnapshotAddress>>;

/// How many contacts each company has, in the order of ids. The same contact twice counts twice.
pub(crate) fn count(pages: &Pages) -> Result<BTreeMap<PsaCompanyId, usize>, StoreError> {
    let mut counts = BTreeMap::new();
    for page in pages.contacts() {
        for contact in page? {
            if let Some(company) = contact.company {
                *counts.entry(company).or_default() += 1;
            }
        }
    }
    Ok(counts)
}

/// Cuts companies into slices. Every company is in one, whether it has contacts or not.
pub(crate) fn slices(companies: &BTreeSet<PsaCompanyId>, counts: &BTreeMap<PsaCompanyId, usize>) -> Vec<Slice> {
    let (mut slices, mut first, mut last, mut sum) = (Vec::new(), None, None, 0);
    for company in companies {
        let contacts = counts.get(company).copied().unwrap_or_default();
        if sum > 0
            && sum + contacts > MAX_CONTACTS_PER_SLICE
            && let (Some(from), Some(to)) = (first.take(), last.take())
        {
            slices.push(from..=to);
            sum = 0;
        }
        sum += contacts;
        first = first.or_else(|| Some(company.clone()));
        last = Some(company.clone());
    }
    if let (Some(from), Some(to)) = (first, last) {
        slices.push(from..=to);
    }
    slices
}

/// The contacts of all pages that hang on these companies, as pages of each slice; `None` when time ran out first. A filter may leave few
/// companies, which are far apart: the contacts of those in between are many, and nobody needs them.
pub(crate) fn pages_by_slice(
    slices: &[Slice],
    companies: &HashSet<&PsaCompanyId>,
    all: &Pages,
    is_late: impl Fn() -> bool,
) -> Result<Option<Vec<Pages>>, StoreError> {
    let (least, most) = CONTACTS_PER_PAGE.into_inner();
    let contacts_per_page = (MAX_CONTACTS_IN_HAND / slices.len().max(1)).clamp(least, most);
    let mut by_slice: Vec<(Pages, Vec<PsaContact>)> = vec![Default::default(); slices.len()];
    for page in all.contacts() {
        if is_late() {
            return Ok(None);
        }
        for contact in page? {
            let Some(company) = contact.company.as_ref().filter(|company| companies.contains(company)) else {
                continue;
            };
            let at = slices.partition_point(|slice| slice.end() < company);
            let is_in = slices.get(at).is_some_and(|slice| slice.contains(company));
            let Some((pages, in_hand)) = by_slice.get_mut(at).filter(|_| is_in) else {
                continue;
            };
            in_hand.push(contact);
            if in_hand.len() >= contacts_per_page {
                pages.add_contacts(in_hand)?;
                in_hand.clear();
            }
        }
    }
    let mut full = Vec::with_capacity(slices.len());
    for (mut pages, in_hand) in by_slice {
        pages.add_contacts(&in_hand)?;
        full.push(pages);
    }
    Ok(Some(full))
}

/// The addresses of the companies of a slice, from pages that have it, with contacts that the pages lack.
pub(crate) fn join(pages: &Pages, slice: &Slice, more: &[PsaContact]) -> Result<Addresses, StoreError> {
    let mut contacts: HashMap<PsaCompanyId, BTreeMap<Place, PsaContact>> = HashMap::new();
    let more = std::iter::once(Ok(more.to_vec()));
    for page in more.chain(pages.contacts()) {
        for contact in page? {
            if let Some(company) = contact.company.clone().filter(|company| slice.contains(company)) {
                // A page that came again has it twice.
                let of = contacts.entry(company).or_default();
                of.insert(Place::of(&contact.id), contact);
            }
        }
    }
    let addresses = contacts.into_iter().map(|(company, contacts)| {
        let addresses = contacts.into_values().flat_map(SnapshotAddress::of);
        (company, addresses.collect())
    });
    Ok(addresses.collect())
}

/// Where a contact comes among others: ids are numbers, and come in the order of numbers.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place(usize, PsaContactId);

impl Place {
    fn of(id: &PsaContactId) -> Self {
        Self(id.as_str().len(), id.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(id: usize, company: usize) -> PsaContact {
        PsaContact {
            id: PsaContactId::new(id.to_string()),
            company: Some(PsaCompanyId::new(format!("{company:03}"))),
            name: String::new(),
            active: true,
            addresses: Vec::new(),
            values: Vec::new(),
        }
    }

    #[test]
    fn r09_each_contact_is_once_in_the_pages_of_its_slice() {
        // Contacts of a company are spread over all pages, and some companies are in no slice.
        let (contacts, companies) = (4_000, 100);
        let mut all = Pages::default();
        for page in (0..contacts)
            .map(|id| contact(id, id % companies))
            .collect::<Vec<_>>()
            .chunks(700)
        {
            all.add_contacts(page).unwrap();
        }
        let id = |company: usize| PsaCompanyId::new(format!("{company:03}"));
        let slices = [id(5)..=id(5), id(6)..=id(60), id(70)..=id(99)];
        // One within a slice is none of the import's.
        let ids: Vec<PsaCompanyId> = (0..companies).filter(|number| *number != 77).map(id).collect();
        let wanted: HashSet<&PsaCompanyId> = ids.iter().collect();
        assert!(pages_by_slice(&slices, &wanted, &all, || true).unwrap().is_none());
        let pages = pages_by_slice(&slices, &wanted, &all, || false).unwrap().unwrap();
        for (slice, pages) in slices.iter().zip(pages) {
            let found = pages.contacts().flat_map(Result::unwrap);
            let mut found: Vec<usize> = found.map(|contact| contact.id.as_str().parse().unwrap()).collect();
            found.sort_unstable();
            let expected = (0..contacts).filter(|number| {
                let company = number % companies;
                slice.contains(&id(company)) && company != 77
            });
            assert_eq!(found, expected.collect::<Vec<_>>(), "{slice:?}");
        }
    }
}
