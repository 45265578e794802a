//! Companies joined with their contacts, slice by slice of companies: what bounds the memory of making rows.
//!
//! The pages have contacts in the order of their own ids, so each slice is spread over all pages. Going through all of them for each slice
//! would take too long, and what is unpacked takes twenty times the memory of what is packed. So the records of many slices are taken
//! from the pages at once and packed again by slice: of all slices together, unless the MSP is a very large one.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::RangeInclusive;

use domain::ids::{PsaCompanyId, PsaContactId};
use domain::psa::{PsaCompany, PsaContact};
use domain::row::SnapshotAddress;
use store::StoreError;
use store::snapshot::pages::Pages;

/// Contacts that are joined at once, as far as a single company has no more: some 5 MB.
const MAX_CONTACTS_PER_SLICE: usize = 5_000;

/// Contacts of the slices to which records are dealt at once: packed by slice, some 5 MB.
const MAX_CONTACTS_PER_GROUP: usize = 100_000;

/// Companies of a slice, whose rows are made at once.
const MAX_COMPANIES_PER_SLICE: usize = 1_000;

/// Contacts of all slices that wait until a page of their slice is full.
const MAX_WAITING_CONTACTS: usize = 5_000;

/// Contacts of a slice that are packed together: few for very many slices, but enough to pack well.
const CONTACTS_PER_PAGE: RangeInclusive<usize> = 25..=500;

/// Companies of a slice that are packed together.
const COMPANIES_PER_PAGE: usize = 25;

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
    let (mut slices, mut first, mut last, mut sum, mut count) = (Vec::new(), None, None, 0, 0);
    for company in companies {
        let contacts = counts.get(company).copied().unwrap_or_default();
        let is_full = sum > 0 && sum + contacts > MAX_CONTACTS_PER_SLICE || count == MAX_COMPANIES_PER_SLICE;
        if is_full && let (Some(from), Some(to)) = (first.take(), last.take()) {
            slices.push(from..=to);
            (sum, count) = (0, 0);
        }
        sum += contacts;
        count += 1;
        first = first.or_else(|| Some(company.clone()));
        last = Some(company.clone());
    }
    if let (Some(from), Some(to)) = (first, last) {
        slices.push(from..=to);
    }
    slices
}

/// Puts slices into groups to which records are dealt at once: the contacts of these companies.
pub(crate) fn groups<'a>(
    slices: &'a [Slice],
    counts: &BTreeMap<PsaCompanyId, usize>,
    with_contacts: &HashSet<&PsaCompanyId>,
) -> Vec<&'a [Slice]> {
    let (mut groups, mut begin, mut sum) = (Vec::new(), 0, 0);
    for (at, slice) in slices.iter().enumerate() {
        let dealt = counts.range(slice.clone());
        let dealt = dealt.filter(|(company, _)| with_contacts.contains(*company));
        let contacts: usize = dealt.map(|(_, count)| count).sum();
        if at > begin && sum + contacts > MAX_CONTACTS_PER_GROUP {
            groups.push(&slices[begin..at]);
            (begin, sum) = (at, 0);
        }
        sum += contacts;
    }
    if begin < slices.len() {
        groups.push(&slices[begin..]);
    }
    groups
}

/// What is dealt to slices.
pub(crate) struct Records<'a> {
    /// The pages of the PSA.
    pub pages: &'a Pages,
    /// The companies that no page had.
    pub added: &'a [PsaCompany],
    /// The companies that are dealt, each once.
    pub ids: &'a HashSet<PsaCompanyId>,
    /// The companies whose contacts are dealt. If a filter leaves few companies, the contacts of all others are many, and not needed.
    pub with_contacts: HashSet<&'a PsaCompanyId>,
}

impl Records<'_> {
    /// The records of slices as pages of each slice; `None` when time ran out first.
    pub(crate) fn deal(&self, slices: &[Slice], is_late: impl Fn() -> bool) -> Result<Option<Vec<Pages>>, StoreError> {
        let (least, most) = CONTACTS_PER_PAGE.into_inner();
        let contacts_per_page = (MAX_WAITING_CONTACTS / slices.len().max(1)).clamp(least, most);
        let mut of_slices = PagesOfSlices {
            slices,
            pages: vec![Pages::default(); slices.len()],
        };
        // A page that came again has the same companies.
        let mut left: HashSet<&PsaCompanyId> = self.ids.iter().collect();
        let mut companies = of_slices.writer(COMPANIES_PER_PAGE, Pages::add_companies);
        for page in self.pages.companies().chain([Ok(self.added.to_vec())]) {
            if is_late() {
                return Ok(None);
            }
            for company in page? {
                if left.remove(&company.id) {
                    companies.add(&company.id.clone(), company)?;
                }
            }
        }
        companies.finish()?;
        let mut contacts = of_slices.writer(contacts_per_page, Pages::add_contacts);
        for page in self.pages.contacts() {
            if is_late() {
                return Ok(None);
            }
            for contact in page? {
                let company = contact.company.clone();
                if let Some(company) = company.filter(|company| self.with_contacts.contains(company)) {
                    contacts.add(&company, contact)?;
                }
            }
        }
        contacts.finish()?;
        Ok(Some(of_slices.pages))
    }
}

/// Pages of each slice, to which records are added.
struct PagesOfSlices<'a> {
    slices: &'a [Slice],
    pages: Vec<Pages>,
}

/// Records of each slice that wait until they are as many as are packed together.
struct SliceWriter<'a, T> {
    slices: &'a [Slice],
    pages: &'a mut [Pages],
    waiting: Vec<Vec<T>>,
    per_page: usize,
    pack: fn(&mut Pages, &[T]) -> Result<(), StoreError>,
}

impl PagesOfSlices<'_> {
    fn writer<T>(
        &mut self,
        per_page: usize,
        pack: fn(&mut Pages, &[T]) -> Result<(), StoreError>,
    ) -> SliceWriter<'_, T> {
        SliceWriter {
            slices: self.slices,
            waiting: self.slices.iter().map(|_| Vec::new()).collect(),
            pages: &mut self.pages,
            per_page,
            pack,
        }
    }
}

impl<T> SliceWriter<'_, T> {
    /// Gives a record to the slice of its company, if there is one.
    fn add(&mut self, company: &PsaCompanyId, record: T) -> Result<(), StoreError> {
        let at = self.slices.partition_point(|slice| slice.end() < company);
        let is_in = self.slices.get(at).is_some_and(|slice| slice.contains(company));
        if let (true, Some(waiting), Some(pages)) = (is_in, self.waiting.get_mut(at), self.pages.get_mut(at)) {
            waiting.push(record);
            if waiting.len() >= self.per_page {
                (self.pack)(pages, waiting)?;
                waiting.clear();
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<(), StoreError> {
        for (pages, waiting) in self.pages.iter_mut().zip(self.waiting) {
            (self.pack)(pages, &waiting)?;
        }
        Ok(())
    }
}

/// The companies of a slice, from its pages, in the order of their ids.
pub(crate) fn companies(pages: &Pages) -> Result<BTreeMap<PsaCompanyId, PsaCompany>, StoreError> {
    let mut companies = BTreeMap::new();
    for page in pages.companies() {
        companies.extend(page?.into_iter().map(|company| (company.id.clone(), company)));
    }
    Ok(companies)
}

/// The addresses of the companies of a slice, from pages that have it, with contacts that the pages lack.
pub(crate) fn join(pages: &Pages, slice: &Slice, more: &[PsaContact]) -> Result<Addresses, StoreError> {
    let mut contacts: HashMap<PsaCompanyId, BTreeMap<Place, Vec<SnapshotAddress>>> = HashMap::new();
    let more = std::iter::once(Ok(more.to_vec()));
    for page in more.chain(pages.contacts()) {
        for contact in page? {
            if let Some(company) = contact.company.clone().filter(|company| slice.contains(company)) {
                // A page that came again has it twice.
                let of = contacts.entry(company).or_default();
                of.insert(Place::of(&contact.id), SnapshotAddress::of(contact));
            }
        }
    }
    let addresses = contacts.into_iter().map(|(company, contacts)| {
        let addresses = contacts.into_values().flatten();
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

    fn company(id: usize) -> PsaCompany {
        PsaCompany {
            id: PsaCompanyId::new(format!("{id:03}")),
            name: String::new(),
            identifier: None,
            types: Vec::new(),
            status: String::new(),
            active: true,
            own: false,
            website: None,
            values: Vec::new(),
        }
    }

    #[test]
    fn r09_each_company_and_contact_is_once_in_the_pages_of_its_slice() {
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
        let present = ids.iter().cloned().collect();
        // A page came again, and one company was in no page.
        let page: Vec<PsaCompany> = (0..99).map(company).collect();
        all.add_companies(&page).unwrap();
        all.add_companies(&page).unwrap();
        let missing = [company(99)];
        let records = Records {
            ids: &present,
            added: &missing,
            with_contacts: ids.iter().collect(),
            pages: &all,
        };
        assert!(records.deal(&slices, || true).unwrap().is_none());
        let at_once = records.deal(&slices, || false).unwrap().unwrap();
        let one_by_one = slices.iter().map(|slice| {
            let dealt = records.deal(std::slice::from_ref(slice), || false);
            dealt.unwrap().unwrap().remove(0)
        });
        let twice = slices.iter().chain(&slices);
        for (slice, pages) in twice.zip(at_once.into_iter().chain(one_by_one)) {
            let of_slice = pages.companies().flat_map(Result::unwrap).map(|company| company.id);
            let expected = ids.iter().filter(|id| slice.contains(id));
            assert_eq!(of_slice.collect::<Vec<_>>(), expected.cloned().collect::<Vec<_>>());
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

    #[test]
    fn r09_slices_of_so_many_contacts_are_dealt_together() {
        let id = |company: usize| PsaCompanyId::new(format!("{company:03}"));
        let companies: BTreeSet<PsaCompanyId> = (0..100).map(id).collect();
        let grouped = |contacts: usize| {
            let counts = companies.iter().map(|company| (company.clone(), contacts)).collect();
            let slices = slices(&companies, &counts);
            let groups = groups(&slices, &counts, &companies.iter().collect()).into_iter();
            let groups: Vec<usize> = groups.map(<[Slice]>::len).collect();
            assert_eq!(groups.iter().sum::<usize>(), slices.len());
            groups
        };
        assert_eq!(grouped(1_000).len(), 1);
        // Each two companies are a slice: a group has as many as its limit takes, at least one.
        assert_eq!(grouped(MAX_CONTACTS_PER_SLICE / 2), [20, 20, 10]);
        assert_eq!(grouped(2 * MAX_CONTACTS_PER_GROUP).len(), 100);
        assert!(groups(&[], &BTreeMap::new(), &HashSet::new()).is_empty());
    }

    #[test]
    fn r09_contacts_that_no_slice_gets_cut_no_group() {
        // A filter leaves every tenth company, and those that it leaves out have most of the contacts.
        let id = |company: usize| PsaCompanyId::new(format!("{company:03}"));
        let contacts = |company: usize| if company.is_multiple_of(10) { 2_000 } else { 15_000 };
        let counts = (0..100).map(|company| (id(company), contacts(company))).collect();
        let companies: BTreeSet<PsaCompanyId> = (0..10).map(|company| id(10 * company)).collect();
        let slices = slices(&companies, &counts);
        assert_eq!(groups(&slices, &counts, &counts.keys().collect()).len(), 5);
        assert_eq!(groups(&slices, &counts, &companies.iter().collect()).len(), 1);
    }
}
