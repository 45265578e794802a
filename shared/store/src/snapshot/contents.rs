//! What belongs to one company of a snapshot: its addresses, and its people who are not in. Each is stored once and shared by all imports
//! until it changes.

use std::ops::RangeInclusive;

use domain::ids::{AddressId, IntegrationId, PsaCompanyId, PsaContactId};
use domain::import::retention::{RESULT_DAYS, ROWS_DAYS};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::StoreError;
use crate::keys::{self, Key};
use crate::schema::Kind;
use crate::size::{self, ROOM};
use crate::table::{Consistency, Item, Table, Tenant, packed_body, packed_item};

/// Records in one item, as far as their texts leave room.
const MAX_RECORDS_PER_ITEM: usize = 1_000;

/// Addresses of a company. The items of a snapshot that another one supersedes are deleted as long afterwards.
pub(crate) const ADDRESSES: Kind = Kind::first("addresses").kept(ROWS_DAYS);

/// People of a company who are not in, likewise: they are part of results.
pub(crate) const PEOPLE: Kind = Kind::first("people not in").kept(RESULT_DAYS);

/// One of the lists that a company has in a snapshot.
#[derive(Clone, Copy)]
pub(crate) struct ListOf {
    pub kind: Kind,
    prefix: &'static str,
}

pub(crate) const ADDRESSES_OF: ListOf = ListOf {
    kind: ADDRESSES,
    prefix: keys::SNAPSHOT_ADDRESSES,
};

pub(crate) const PEOPLE_OF: ListOf = ListOf {
    kind: PEOPLE,
    prefix: keys::SNAPSHOT_PEOPLE,
};

/// Where a list of a company is stored, and the digest of what it says. 8 bytes suffice: it guards against change, not against an adversary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    #[serde(rename = "v")]
    version: String,
    #[serde(rename = "n")]
    items: usize,
    #[serde(rename = "d")]
    digest: u64,
    /// Of a list of several items the contact with which each of them begins.
    #[serde(rename = "f", default, skip_serializing_if = "Vec::is_empty")]
    firsts: Vec<PsaContactId>,
}

/// The order of contacts in a list. Ids are numbers, and come in the order of numbers.
pub(crate) fn contact_order(contact: &str) -> (usize, &str) {
    (contact.len(), contact)
}

/// The digest of what records say, as lines of JSON. They are never all in memory as JSON: those of a very large company take megabytes.
pub(crate) fn digest_of<T: Serialize>(what: &'static str, records: &[T]) -> Result<u64, StoreError> {
    let (mut hasher, mut line) = (Sha256::new(), Vec::new());
    for record in records {
        line.clear();
        serde_json::to_writer(&mut line, record).map_err(|error| StoreError::shape(what, error))?;
        line.push(b'\n');
        hasher.update(&line);
    }
    Ok(first_bytes(&hasher.finalize()))
}

/// The digest of bytes.
pub(super) fn digest_of_bytes(bytes: &[u8]) -> u64 {
    first_bytes(&Sha256::digest(bytes))
}

fn first_bytes(hash: &[u8]) -> u64 {
    hash.iter()
        .take(size_of::<u64>())
        .fold(0, |digest, byte| digest << 8 | u64::from(*byte))
}

/// A list as the next snapshot has it.
pub(crate) struct Prepared {
    pub content: Content,
    /// What is to be written; nothing if it is stored already.
    pub items: Vec<Item>,
}

impl ListOf {
    /// Prepares a list, which is not empty.
    pub fn prepare<T: Serialize>(
        self,
        partition: &str,
        (company, version): (&PsaCompanyId, &str),
        (records, row): (&[T], fn(&T) -> &AddressId),
        before: Option<&Content>,
    ) -> Result<Prepared, StoreError> {
        let digest = digest_of(self.kind.name, records)?;
        if let Some(before) = before
            && before.digest == digest
        {
            return Ok(Prepared {
                content: before.clone(),
                items: Vec::new(),
            });
        }
        let slices = size::cut(records, (MAX_RECORDS_PER_ITEM, ROOM), |record| {
            size::of_json(self.kind.name, record)
        })?;
        let firsts = slices
            .iter()
            .filter(|_| slices.len() > 1)
            .filter_map(|slice| slice.first());
        let firsts = firsts.map(|record| PsaContactId::new(row(record).contact()));
        let firsts = firsts.collect();
        let items = slices.into_iter().enumerate().map(|(number, slice)| {
            let key = keys::snapshot_list(partition, self.prefix, company, (version, number));
            packed_item(self.kind, &key, slice)
        });
        let items = items.collect::<Result<Vec<_>, _>>()?;
        Ok(Prepared {
            content: Content {
                version: version.to_owned(),
                items: items.len(),
                digest,
                firsts,
            },
            items,
        })
    }

    /// The keys of a list.
    pub fn keys(self, partition: &str, company: &PsaCompanyId, content: &Content) -> impl Iterator<Item = Key> {
        let Content { version, items, .. } = content;
        (0..*items).map(move |number| keys::snapshot_list(partition, self.prefix, company, (version, number)))
    }

    /// The company and the version in the sort key of an item.
    pub fn place(self, item: &Item) -> Option<(PsaCompanyId, &str)> {
        let (rest, _) = item
            .get("sk")?
            .as_s()
            .ok()?
            .strip_prefix(self.prefix)?
            .rsplit_once('#')?;
        let (company, version) = rest.rsplit_once('#')?;
        Some((PsaCompanyId::new(company), version))
    }

    /// What the sort keys of all lists begin with.
    pub const fn all(self) -> &'static str {
        self.prefix
    }

    /// What the sort keys of the lists of a company begin with.
    pub fn prefix(self, company: &PsaCompanyId) -> String {
        format!("{}{company}#", self.prefix)
    }
}

impl Content {
    pub(crate) const fn items(&self) -> usize {
        self.items
    }

    pub(crate) fn is_of(&self, version: &str) -> bool {
        self.version == version
    }

    /// The numbers of the items that may have records of a contact, if the list is in the order of contacts.
    pub(crate) fn items_of(&self, contact: &PsaContactId) -> RangeInclusive<usize> {
        let contact = contact_order(contact.as_str());
        let from = self
            .firsts
            .partition_point(|first| contact_order(first.as_str()) < contact);
        let to = self
            .firsts
            .partition_point(|first| contact_order(first.as_str()) <= contact);
        from.saturating_sub(1)..=to.saturating_sub(1)
    }
}

impl Tenant {
    /// Reads a list of a company. An item that is missing is an error: a list that lacks some would look whole.
    pub(crate) async fn list_of<T: DeserializeOwned>(
        &self,
        list: ListOf,
        integration: &IntegrationId,
        company: &PsaCompanyId,
        content: &Content,
    ) -> Result<Vec<T>, StoreError> {
        let partition = keys::snapshot_partition(&self.msp, integration);
        if content.items == 1 {
            return self.item_of(list, integration, (company, content), 0).await;
        }
        let prefix = format!("{}{}#", list.prefix(company), content.version);
        // Its items are written once, so that those which a cheap read finds are right.
        let read = |consistency| self.query_with(Table::Imports, &partition, &prefix, consistency);
        let mut items = read(Consistency::Eventual).await?;
        if items.len() < content.items {
            items = read(Consistency::Strong).await?;
        }
        if items.len() < content.items {
            return Err(missing(list.kind));
        }
        let mut all = Vec::new();
        for item in items {
            all.append(&mut packed_body(list.kind, &item)?);
        }
        Ok(all)
    }

    /// Reads one item of a list of a company.
    pub(crate) async fn item_of<T: DeserializeOwned>(
        &self,
        list: ListOf,
        integration: &IntegrationId,
        (company, content): (&PsaCompanyId, &Content),
        number: usize,
    ) -> Result<Vec<T>, StoreError> {
        let partition = keys::snapshot_partition(&self.msp, integration);
        let key = keys::snapshot_list(&partition, list.prefix, company, (&content.version, number));
        let item = self.get_unchanging(Table::Imports, &key).await?;
        packed_body(list.kind, &item.ok_or_else(|| missing(list.kind))?)
    }
}

pub(crate) fn missing(kind: Kind) -> StoreError {
    StoreError::shape(kind.name, "an item of the snapshot is missing")
}
