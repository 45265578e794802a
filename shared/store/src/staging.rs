//! Pages as they arrived from the PSA, until the rows are made of them.
//!
//! A page and the checkpoint behind it are one transaction, so a run that goes on after another neither loses nor doubles
//! a page. Contacts are dealt into buckets by company, so that joining them needs the memory of one bucket only.

use std::hash::Hasher;

use domain::ids::PsaCompanyId;
use domain::import::retention::{ROWS_DAYS, STAGED_DAYS};
use domain::import::{Assignment, Import};
use domain::psa::{PsaCompany, PsaContact};
use fnv::FnvHasher;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;
use crate::checkpoint::Checkpoint;
use crate::expiry::expire;
use crate::fenced::FencedOutcome;
use crate::keys::{self, Key};
use crate::lease::Lease;
use crate::schema::Kind;
use crate::size::{self, ROOM};
use crate::table::{Table, Tenant, packed_body, packed_item};
use crate::tx::{Action, ActionId, MAX_ACTIONS, Transaction};

/// Records of a page as the PSA's client made them.
pub(crate) const STAGED_PAGE: Kind = Kind::first("staged page").kept(STAGED_DAYS);

/// Contacts whose company cannot be read back.
pub(crate) const ORPHANS: Kind = Kind::first("orphaned contacts").kept(ROWS_DAYS);

/// The most buckets: a page fills each of them in one transaction, next to the proof of the lock and the checkpoint. What is left
/// is for buckets of long texts, which take more than one item. A page that does not fit all the same is refused as too large.
pub const MAX_BUCKETS: usize = MAX_ACTIONS - 2 - 13;

/// Records in one item, as far as their texts leave room.
const MAX_RECORDS_PER_ITEM: usize = 2_000;

/// The bucket of a company.
pub fn bucket(company: &PsaCompanyId, buckets: usize) -> usize {
    // FNV-1a: the same in every process and version, which the standard hasher does not promise.
    let mut hash = FnvHasher::default();
    hash.write(company.as_str().as_bytes());
    usize::try_from(hash.finish() % buckets.max(1) as u64).unwrap_or(0)
}

/// A page cut into what fits into one item each.
fn slices<T: Serialize>(page: &[T]) -> Result<Vec<&[T]>, StoreError> {
    size::cut(page, (MAX_RECORDS_PER_ITEM, ROOM), |record| {
        size::of_json(STAGED_PAGE.name, record)
    })
}

impl Tenant {
    /// Keeps a page of companies.
    pub async fn stage_companies<P: Serialize>(
        &self,
        lease: &Lease,
        import: &Import,
        page: &[PsaCompany],
        checkpoint: &Checkpoint<P>,
        now: Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        let mut tx = lease.transaction(self, now)?;
        for (number, slice) in slices(page)?.into_iter().enumerate() {
            let key = keys::staged_companies(&self.msp, &import.id, checkpoint.progress.pages, number);
            self.put_packed(&mut tx, import, STAGED_PAGE, &key, slice)?;
        }
        self.advance(&mut tx, import, Assignment::Fetch, checkpoint)?;
        tx.commit(self).await
    }

    /// Keeps a page of contacts, each in the bucket of its company; contacts without a company belong to no row.
    pub async fn stage_contacts<P: Serialize>(
        &self,
        lease: &Lease,
        import: &Import,
        page: Vec<PsaContact>,
        buckets: usize,
        checkpoint: &Checkpoint<P>,
        now: Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        let mut dealt: Vec<Vec<PsaContact>> = vec![Vec::new(); buckets];
        for contact in page {
            if let Some(company) = &contact.company
                && let Some(bucket) = dealt.get_mut(bucket(company, buckets))
            {
                bucket.push(contact);
            }
        }
        let mut tx = lease.transaction(self, now)?;
        for (bucket, contacts) in dealt.iter().enumerate().filter(|(_, contacts)| !contacts.is_empty()) {
            for (number, slice) in slices(contacts)?.into_iter().enumerate() {
                let key = keys::staged_contacts(&self.msp, &import.id, bucket, checkpoint.progress.pages, number);
                self.put_packed(&mut tx, import, STAGED_PAGE, &key, slice)?;
            }
        }
        self.advance(&mut tx, import, Assignment::Fetch, checkpoint)?;
        tx.commit(self).await
    }

    /// Keeps what reading some absent companies back told, of which the checkpoint knows the `last`.
    pub async fn stage_answers<T: Serialize, P: Serialize>(
        &self,
        lease: &Lease,
        import: &Import,
        (last, answers): (&PsaCompanyId, &[T]),
        checkpoint: &Checkpoint<P>,
        now: Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        let mut tx = lease.transaction(self, now)?;
        for (number, slice) in slices(answers)?.into_iter().enumerate() {
            let key = keys::staged_answers(&self.msp, &import.id, last, number);
            self.put_packed(&mut tx, import, STAGED_PAGE, &key, slice)?;
        }
        self.advance(&mut tx, import, Assignment::Fetch, checkpoint)?;
        tx.commit(self).await
    }

    /// Keeps the contacts of one bucket whose company cannot be read back. Writing them again changes nothing.
    pub async fn stage_orphans(
        &self,
        lease: &Lease,
        import: &Import,
        bucket: usize,
        contacts: &[&PsaContact],
        now: Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        let mut tx = lease.transaction(self, now)?;
        for (number, slice) in slices(contacts)?.into_iter().enumerate() {
            let key = keys::orphans(&self.msp, &import.id, bucket, number);
            self.put_packed(&mut tx, import, ORPHANS, &key, slice)?;
        }
        tx.commit(self).await
    }

    /// The contacts whose company cannot be read back.
    pub async fn orphans(&self, import: &Import) -> Result<Vec<PsaContact>, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let mut all = Vec::new();
        for item in self.query(Table::Imports, &pk, keys::ORPHANS).await? {
            all.extend(packed_body::<Vec<PsaContact>>(ORPHANS, &item)?);
        }
        Ok(all)
    }

    /// All that reading absent companies back told.
    pub async fn staged_answers<T: DeserializeOwned>(&self, import: &Import) -> Result<Vec<T>, StoreError> {
        self.staged(import, keys::STAGED_ANSWERS).await
    }

    /// All companies of the snapshot.
    pub async fn staged_companies(&self, import: &Import) -> Result<Vec<PsaCompany>, StoreError> {
        self.staged(import, keys::STAGED_COMPANIES).await
    }

    /// The contacts of one bucket.
    pub async fn staged_contacts(&self, import: &Import, bucket: usize) -> Result<Vec<PsaContact>, StoreError> {
        self.staged(import, &keys::staged_contacts_prefix(bucket)).await
    }

    async fn staged<T: DeserializeOwned>(&self, import: &Import, prefix: &str) -> Result<Vec<T>, StoreError> {
        let mut all = Vec::new();
        for item in self
            .query(Table::Imports, &keys::import_partition(&self.msp, &import.id), prefix)
            .await?
        {
            all.extend(packed_body::<Vec<T>>(STAGED_PAGE, &item)?);
        }
        Ok(all)
    }

    /// Adds an item of one packed body to a transaction.
    pub(crate) fn put_packed<T: Serialize + ?Sized>(
        &self,
        tx: &mut Transaction,
        import: &Import,
        kind: Kind,
        key: &Key,
        body: &T,
    ) -> Result<ActionId, StoreError> {
        tx.push(self.packed_put(import, kind, key, body)?)
    }

    /// The write of an item of one packed body.
    pub(crate) fn packed_put<T: Serialize + ?Sized>(
        &self,
        import: &Import,
        kind: Kind,
        key: &Key,
        body: &T,
    ) -> Result<Action, StoreError> {
        let mut item = packed_item(kind, key, body)?;
        expire(&mut item, kind, import.started_at);
        Action::put(self, Table::Imports, item)
    }
}
