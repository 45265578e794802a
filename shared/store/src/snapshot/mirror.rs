//! What an integration's last import knows of the PSA: all companies and contacts that the filter accepts, so that the next import can read
//! only what changed (R77–R79). It is kept as long as the last snapshot, and comes to count with it.
//!
//! Its pages are written in full only now and then. What differs from them is a list of its own, which is all that an import writes on a
//! day when little changed; and an import that finds no change writes nothing but the item that names the parts.

use domain::ids::{IntegrationId, PsaCompanyId, PsaContactId};
use domain::psa::{PsaCompany, PsaContact, Tables};
use domain::reading::LastRead;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::contents::{digest_of, missing};
use super::pages::{Packed, Pages, slices};
use crate::StoreError;
use crate::keys::{self, Key};
use crate::schema::Kind;
use crate::table::{Consistency, Item, Table, Tenant, already_packed, packed_body, packed_bytes, packed_item};
use crate::tx::Action;

const MIRROR: Kind = Kind::first("mirror");
const PART: Kind = Kind::first("part of a mirror");

/// The pages are written again once so many rows differ from them, and so great a share of all.
const MIN_DIFFERENCES: usize = 1_000;
const MAX_SHARE: usize = 10;

/// What an import knows of the PSA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mirror {
    /// What it rests on.
    pub last: LastRead,
    /// What the client needs of the PSA's tables.
    #[serde(default)]
    pub tables: Tables,
    companies: Part,
    contacts: Part,
    differences: Part,
    known: Part,
}

/// A list of items, by the snapshot that wrote them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    #[serde(rename = "v")]
    version: String,
    #[serde(rename = "n")]
    items: usize,
    /// Of what the list says; 0 for pages, which are never compared.
    #[serde(rename = "d", default)]
    digest: u64,
}

/// What differs from the pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Difference {
    /// A company that is new, or otherwise than in the pages.
    #[serde(rename = "c")]
    Company(PsaCompany),
    /// A company of the pages that is gone.
    #[serde(rename = "d")]
    NoCompany(PsaCompanyId),
    /// A contact that is new, or otherwise than in the pages.
    #[serde(rename = "p")]
    Contact(PsaContact),
    /// A contact of the pages that is gone.
    #[serde(rename = "q")]
    NoContact(PsaContactId),
}

/// A mirror that is about to be written.
#[derive(Debug)]
pub struct NewMirror<'a, K> {
    /// What it rests on.
    pub last: LastRead,
    /// What the client needs of the PSA's tables.
    pub tables: Tables,
    /// The mirror whose pages the differences are of; without one the pages are written.
    pub before: Option<&'a Mirror>,
    /// All companies and contacts.
    pub pages: &'a Pages,
    /// What differs from the pages of `before`.
    pub differences: &'a [Difference],
    /// What is known of companies and contacts that are not in.
    pub known: &'a [K],
}

/// What a draft is to write of a mirror.
#[derive(Debug)]
pub(super) struct Prepared {
    mirror: Mirror,
    before: Option<Mirror>,
    /// Its pages, if the mirror before does not have them.
    pages: Vec<(Key, Packed)>,
}

#[derive(Clone, Copy)]
enum Of {
    Companies,
    Contacts,
    Differences,
    Known,
}

impl Of {
    const fn letter(self) -> char {
        match self {
            Self::Companies => 'c',
            Self::Contacts => 'p',
            Self::Differences => 'd',
            Self::Known => 'k',
        }
    }

    fn prefix(self, part: &Part) -> String {
        format!("{}{}#{}#", keys::MIRROR, part.version, self.letter())
    }

    fn key(self, partition: &str, part: &Part, number: usize) -> Key {
        Key::in_import(partition, &format!("{}{number:05}", self.prefix(part)))
    }
}

impl Mirror {
    const fn parts(&self) -> [(Of, &Part); 4] {
        [
            (Of::Companies, &self.companies),
            (Of::Contacts, &self.contacts),
            (Of::Differences, &self.differences),
            (Of::Known, &self.known),
        ]
    }

    /// Sort keys of what another mirror does not have.
    pub(super) fn superseded_by(&self, other: Option<&Self>, partition: &str) -> Vec<String> {
        let others = other.map(Self::parts);
        let is_kept = |at: usize, part: &Part| others.is_some_and(|others| *others[at].1 == *part);
        let parts = self.parts().into_iter().enumerate();
        let parts = parts.filter(|(at, (_, part))| !is_kept(*at, part));
        let keys =
            parts.flat_map(|(_, (of, part))| (0..part.items).map(move |number| of.key(partition, part, number).sk));
        keys.collect()
    }
}

/// Whether so many differences are worth writing the pages again.
pub fn is_worth_rewriting(differences: usize, rows: u64) -> bool {
    differences >= MIN_DIFFERENCES && differences as u64 >= rows / MAX_SHARE as u64
}

impl<K: Serialize> NewMirror<'_, K> {
    /// What is to be written of it, and the items, but for pages, of those parts that the mirror before does not have.
    pub(super) fn prepare(self, partition: &str, version: &str) -> Result<(Prepared, Vec<Item>), StoreError> {
        let before = self.before;
        let mut parts = NewParts {
            partition,
            version,
            pages: Vec::new(),
            items: Vec::new(),
        };
        let (companies, contacts) = if let Some(before) = before {
            (before.companies.clone(), before.contacts.clone())
        } else {
            let (companies, contacts) = self.pages.packed();
            (
                parts.add_pages(Of::Companies, companies),
                parts.add_pages(Of::Contacts, contacts),
            )
        };
        let differences = before.map(|before| &before.differences);
        let mirror = Mirror {
            last: self.last,
            tables: self.tables,
            companies,
            contacts,
            differences: parts.add(Of::Differences, self.differences, differences)?,
            known: parts.add(Of::Known, self.known, before.map(|before| &before.known))?,
        };
        let prepared = Prepared {
            mirror,
            before: before.cloned(),
            pages: parts.pages,
        };
        Ok((prepared, parts.items))
    }
}

/// Parts that are about to be written, under the name of a snapshot.
struct NewParts<'a> {
    partition: &'a str,
    version: &'a str,
    pages: Vec<(Key, Packed)>,
    items: Vec<Item>,
}

impl NewParts<'_> {
    fn add_pages(&mut self, of: Of, pages: &[Packed]) -> Part {
        let part = Part {
            version: self.version.to_owned(),
            items: pages.len(),
            digest: 0,
        };
        for (number, page) in pages.iter().enumerate() {
            let key = of.key(self.partition, &part, number);
            self.pages.push((key, Packed::clone(page)));
        }
        part
    }

    fn add<T: Serialize>(&mut self, of: Of, entries: &[T], before: Option<&Part>) -> Result<Part, StoreError> {
        let digest = digest_of(PART.name, entries)?;
        if let Some(before) = before
            && before.digest == digest
        {
            return Ok(before.clone());
        }
        let slices = slices(entries)?;
        let part = Part {
            version: self.version.to_owned(),
            items: slices.len(),
            digest,
        };
        for (number, slice) in slices.into_iter().enumerate() {
            let key = of.key(self.partition, &part, number);
            self.items.push(packed_item(PART, &key, slice)?);
        }
        Ok(part)
    }
}

impl Prepared {
    /// The items of its pages, each made when it is its turn: all of them at once would be the pages a second time.
    pub(super) fn take_page_items(&mut self) -> impl Iterator<Item = Item> + use<> {
        let pages = std::mem::take(&mut self.pages).into_iter();
        pages.map(|(key, page)| already_packed(PART, &key, page.to_vec()))
    }

    /// Whether the mirror that it rests on is still the stored one: if not, some of its parts are to be deleted.
    pub(super) fn rests_on(&self, stored: Option<&Mirror>) -> bool {
        self.before.as_ref().is_none_or(|before| stored == Some(before))
    }

    /// Sort keys of what it does not have of the stored one.
    pub(super) fn supersedes(&self, stored: &Mirror, partition: &str) -> Vec<String> {
        stored.superseded_by(Some(&self.mirror), partition)
    }
}

fn read(item: &Item) -> Result<Mirror, StoreError> {
    packed_body(MIRROR, item)
}

/// The stored mirror. One that cannot be read is as if there were none: the next import reads everything.
pub(super) fn readable(item: Option<&Item>) -> Result<Option<Mirror>, StoreError> {
    match item.map(read).transpose() {
        Err(StoreError::Shape { .. } | StoreError::Newer { .. }) => Ok(None),
        read => read,
    }
}

impl Tenant {
    /// The write that lets a new mirror count.
    pub(super) fn mirror_action(&self, integration: &IntegrationId, new: &Prepared) -> Result<Action, StoreError> {
        let item = packed_item(MIRROR, &keys::snapshot_mirror(&self.msp, integration), &new.mirror)?;
        Action::put(self, Table::Imports, item)
    }

    /// What the last import knows of the PSA; `None` if it is not kept.
    pub async fn mirror(&self, integration: &IntegrationId) -> Result<Option<Mirror>, StoreError> {
        let item = self
            .get(Table::Imports, &keys::snapshot_mirror(&self.msp, integration))
            .await?;
        item.map(|item| read(&item)).transpose()
    }

    /// The pages of a mirror, without what differs from them.
    pub async fn mirror_pages(&self, integration: &IntegrationId, mirror: &Mirror) -> Result<Pages, StoreError> {
        let companies = self.packed_of(integration, Of::Companies, &mirror.companies).await?;
        let contacts = self.packed_of(integration, Of::Contacts, &mirror.contacts).await?;
        Ok(Pages::of_packed(companies, contacts))
    }

    /// What differs from the pages of a mirror.
    pub async fn mirror_differences(
        &self,
        integration: &IntegrationId,
        mirror: &Mirror,
    ) -> Result<Vec<Difference>, StoreError> {
        self.entries_of(integration, Of::Differences, &mirror.differences).await
    }

    /// What a mirror knows of companies and contacts that are not in.
    pub async fn mirror_known<K: DeserializeOwned>(
        &self,
        integration: &IntegrationId,
        mirror: &Mirror,
    ) -> Result<Vec<K>, StoreError> {
        self.entries_of(integration, Of::Known, &mirror.known).await
    }

    async fn entries_of<T: DeserializeOwned>(
        &self,
        integration: &IntegrationId,
        of: Of,
        part: &Part,
    ) -> Result<Vec<T>, StoreError> {
        let mut entries = Vec::new();
        for item in self.items_of_part(integration, of, part).await? {
            entries.append(&mut packed_body(PART, &item)?);
        }
        Ok(entries)
    }

    async fn packed_of(&self, integration: &IntegrationId, of: Of, part: &Part) -> Result<Vec<Packed>, StoreError> {
        let items = self.items_of_part(integration, of, part).await?;
        items
            .into_iter()
            .map(|item| Ok(packed_bytes(PART, &item)?.into()))
            .collect()
    }

    /// The items of a part, each of which is written once. One that is missing is an error: a list that lacks some would look whole.
    async fn items_of_part(&self, integration: &IntegrationId, of: Of, part: &Part) -> Result<Vec<Item>, StoreError> {
        if part.items == 0 {
            return Ok(Vec::new());
        }
        let partition = keys::snapshot_partition(&self.msp, integration);
        let prefix = of.prefix(part);
        let read = |consistency| self.query_with(Table::Imports, &partition, &prefix, consistency);
        let mut items = read(Consistency::Eventual).await?;
        if items.len() < part.items {
            items = read(Consistency::Strong).await?;
        }
        if items.len() < part.items {
            return Err(missing(PART));
        }
        items.truncate(part.items);
        Ok(items)
    }
}
