//! Pages as they came from the PSA: packed, in the memory of the worker. They are saved only when a run ends before its fetch does: a
//! snapshot that one run reads costs no write for a page.

use std::sync::Arc;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::import::retention::STAGED_DAYS;
use domain::import::{Assignment, Import};
use domain::psa::{PsaCompany, PsaContact};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::checkpoint::Checkpoint;
use crate::expiry::expire;
use crate::fenced::FencedOutcome;
use crate::keys;
use crate::lease::Lease;
use crate::schema::Kind;
use crate::size::{self, ROOM};
use crate::table::{Item, PACKED, Table, Tenant, bare_item};
use crate::tx::Action;
use crate::{StoreError, packed};

/// Records of a page as the PSA's client made them.
pub(crate) const STAGED_PAGE: Kind = Kind::first("staged page").kept(STAGED_DAYS);

/// Records in one item, as far as their texts leave room.
pub(crate) const MAX_RECORDS_PER_ITEM: usize = 2_000;

/// A packed page. The pages of a large MSP are most of a worker's memory, so copies share them.
pub(super) type Packed = Arc<[u8]>;

/// All pages read so far.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    companies: List,
    contacts: List,
}

/// The pages of one list, each cut into what fits into an item, in the order in which they came.
#[derive(Debug, Clone, Default)]
struct List {
    packed: Vec<Packed>,
    /// How many of them are stored.
    saved: usize,
}

impl List {
    fn add<T: Serialize>(&mut self, page: &[T]) -> Result<(), StoreError> {
        for slice in slices(page)? {
            self.packed.push(packed::pack(STAGED_PAGE.name, slice)?.into());
        }
        Ok(())
    }

    fn pages<T: DeserializeOwned>(&self) -> impl Iterator<Item = Result<Vec<T>, StoreError>> {
        let packed = self.packed.iter();
        packed.map(|packed| packed::unpack(STAGED_PAGE.name, packed))
    }

    /// The list but for records that are dropped. It shares the pages of which none is dropped.
    fn without<T: Serialize + DeserializeOwned>(
        &self,
        mut is_dropped: impl FnMut(&T) -> bool,
    ) -> Result<Self, StoreError> {
        let mut kept = Self::default();
        for (packed, page) in self.packed.iter().zip(self.pages()) {
            let mut page: Vec<T> = page?;
            let before = page.len();
            page.retain(|record| !is_dropped(record));
            if page.len() == before {
                kept.packed.push(Arc::clone(packed));
            } else {
                kept.add(&page)?;
            }
        }
        Ok(kept)
    }

    /// Those that a checkpoint knows of. What is stored behind them was saved by a run that died before it moved the checkpoint.
    fn of(items: Vec<Item>, saved: usize) -> Result<Self, StoreError> {
        if items.len() < saved {
            return Err(StoreError::shape(STAGED_PAGE.name, "saved pages are missing"));
        }
        let mut packed = Vec::with_capacity(saved);
        for mut item in items.into_iter().take(saved) {
            STAGED_PAGE.check(&item)?;
            match item.remove(PACKED) {
                Some(AttributeValue::B(page)) => packed.push(page.into_inner().into()),
                _ => return Err(StoreError::shape(STAGED_PAGE.name, "packed attribute is missing")),
            }
        }
        Ok(Self { packed, saved })
    }

    fn unsaved(&self) -> impl Iterator<Item = (usize, &Packed)> {
        self.packed.iter().enumerate().skip(self.saved)
    }
}

/// How many items of each list are behind a checkpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    companies: usize,
    contacts: usize,
}

/// A page cut into what fits into one item each.
pub(crate) fn slices<T: Serialize>(page: &[T]) -> Result<Vec<&[T]>, StoreError> {
    size::cut(page, (MAX_RECORDS_PER_ITEM, ROOM), |record| {
        size::of_json(STAGED_PAGE.name, record)
    })
}

impl Pages {
    /// Adds a page of companies.
    pub fn add_companies(&mut self, page: &[PsaCompany]) -> Result<(), StoreError> {
        self.companies.add(page)
    }

    /// Adds a page of contacts. Those without a company belong to no row, but count.
    pub fn add_contacts(&mut self, page: &[PsaContact]) -> Result<(), StoreError> {
        self.contacts.add(page)
    }

    /// These pages but for the companies and contacts that are dropped.
    pub fn without(
        &self,
        drops_company: impl FnMut(&PsaCompany) -> bool,
        drops_contact: impl FnMut(&PsaContact) -> bool,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            companies: self.companies.without(drops_company)?,
            contacts: self.contacts.without(drops_contact)?,
        })
    }

    pub(super) fn packed(&self) -> (&[Packed], &[Packed]) {
        (&self.companies.packed, &self.contacts.packed)
    }

    pub(super) const fn of_packed(companies: Vec<Packed>, contacts: Vec<Packed>) -> Self {
        Self {
            companies: List {
                packed: companies,
                saved: 0,
            },
            contacts: List {
                packed: contacts,
                saved: 0,
            },
        }
    }

    /// All companies, page by page: unpacked, those of a large MSP take much of a worker's memory.
    pub fn companies(&self) -> impl Iterator<Item = Result<Vec<PsaCompany>, StoreError>> {
        self.companies.pages()
    }

    /// All contacts, page by page: unpacked, those of a large MSP would not fit into memory together.
    pub fn contacts(&self) -> impl Iterator<Item = Result<Vec<PsaContact>, StoreError>> {
        self.contacts.pages()
    }

    /// Whether a page would be lost with the run.
    pub fn has_unsaved(&self) -> bool {
        self.companies.unsaved().chain(self.contacts.unsaved()).next().is_some()
    }

    /// Bytes that would be lost with the run.
    pub fn unsaved_bytes(&self) -> usize {
        let unsaved = self.companies.unsaved().chain(self.contacts.unsaved());
        unsaved.map(|(_, page)| page.len()).sum()
    }

    /// What a checkpoint behind all of them says.
    pub fn all_saved(&self) -> Saved {
        Saved {
            companies: self.companies.packed.len(),
            contacts: self.contacts.packed.len(),
        }
    }
}

impl Tenant {
    /// The pages that earlier runs saved, as far as the checkpoint knows of them.
    pub async fn pages(&self, import: &Import, saved: Saved) -> Result<Pages, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let companies = self.query(Table::Imports, &pk, keys::STAGED_COMPANIES).await?;
        let contacts = self.query(Table::Imports, &pk, keys::STAGED_CONTACTS).await?;
        Ok(Pages {
            companies: List::of(companies, saved.companies)?,
            contacts: List::of(contacts, saved.contacts)?,
        })
    }

    /// Saves the pages that are not stored yet, in as few transactions as they fit in. Only the last one moves the checkpoint behind
    /// them: if an earlier one did, a crash would lose the remaining pages.
    pub async fn save_pages<P: Serialize>(
        &self,
        lease: &Lease,
        import: &Import,
        pages: &mut Pages,
        checkpoint: &Checkpoint<P>,
        now: impl Fn() -> Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        let (companies, contacts) = (pages.companies.unsaved(), pages.contacts.unsaved());
        let companies = companies.map(|(number, page)| (keys::staged_companies(&self.msp, &import.id, number), page));
        let contacts = contacts.map(|(number, page)| (keys::staged_contacts(&self.msp, &import.id, number), page));
        let writes = companies.chain(contacts).map(|(key, page)| {
            let mut item = bare_item(STAGED_PAGE, &key);
            item.insert(PACKED.to_owned(), AttributeValue::B(Blob::new(page.to_vec())));
            expire(&mut item, STAGED_PAGE, import.started_at);
            Action::put(self, Table::Imports, item)
        });
        let writes = writes.collect::<Result<_, _>>()?;
        let last = self.advance_action(import, Assignment::Fetch, checkpoint)?;
        let outcome = self.write_all(lease, writes, last, now).await?;
        if outcome.committed() {
            pages.companies.saved = pages.companies.packed.len();
            pages.contacts.saved = pages.contacts.packed.len();
        }
        Ok(outcome)
    }
}
