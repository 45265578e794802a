//! The last complete snapshot of an integration: what it has, and what of that the next one no longer has.

use std::collections::{HashMap, HashSet};
use std::slice;

use domain::ids::{IntegrationId, PsaCompanyId};
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::chunks::{self, Chunk};
use super::contents::{ADDRESSES_OF, Content, PEOPLE_OF, digest_of_bytes};
use super::index::ROWS;
use super::row::Row;
use crate::keys::{self, Key};
use crate::records::RowListsRecord;
use crate::schema::Kind;
use crate::table::{Item, Tenant, packed_body, packed_item};
use crate::{StoreError, packed};

/// Since schema 2 its chunks are in columns.
const HEAD: Kind = Kind {
    schema: 2,
    ..Kind::first("snapshot")
};

/// Which rows the last complete snapshot has.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Head {
    #[serde(with = "chunks")]
    pub chunks: Vec<Chunk>,
}

/// The lists of a company.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub addresses: Option<Content>,
    /// Few companies have one.
    pub people: Option<Box<Content>>,
}

/// The last complete snapshot; an empty one if there is none.
#[derive(Debug, Default)]
pub(super) struct Last {
    pub head: Head,
    /// Its chunks that can be read, by the digest of their rows.
    pub known: HashMap<u64, Chunk>,
    pub lists: HashMap<PsaCompanyId, Lists>,
}

impl Last {
    /// Takes out the lists of a company, and gives the sort keys of those that its new row does not have.
    pub fn take_superseded_lists(&mut self, partition: &str, row: &Row) -> Vec<String> {
        let before = self.lists.remove(&row.id).unwrap_or_default();
        before.superseded_by(partition, &row.id, Some(row))
    }

    /// Sort keys of what the next snapshot, whose rows are all known by now, does not have: other chunks than these, and the lists of
    /// companies that have no row in it.
    pub fn superseded_by(&self, partition: &str, chunks: &[Chunk]) -> Vec<String> {
        let kept: HashSet<Key> = chunks.iter().map(|chunk| chunk.key(partition)).collect();
        let left = self.head.chunks.iter().map(|chunk| chunk.key(partition));
        let left = left.filter(|key| !kept.contains(key)).map(|key| key.sk);
        let lists = self.lists.iter();
        let lists = lists.flat_map(|(company, before)| before.superseded_by(partition, company, None));
        left.chain(lists).collect()
    }
}

impl Lists {
    /// Sort keys of those that a company does not have now; of all, if it has no row any more.
    fn superseded_by(&self, partition: &str, company: &PsaCompanyId, now: Option<&Row>) -> Vec<String> {
        let addresses = now.and_then(|row| row.addresses.as_ref());
        let people = now.and_then(|row| row.people.as_ref());
        let lists = [
            (ADDRESSES_OF, self.addresses.as_ref(), addresses),
            (PEOPLE_OF, self.people.as_deref(), people),
        ];
        let left = lists.into_iter().filter_map(|(list, before, now)| {
            let before = before.filter(|before| Some(*before) != now)?;
            Some(list.keys(partition, company, before).map(|key| key.sk))
        });
        left.flatten().collect()
    }
}

impl Tenant {
    /// The last complete snapshot, by the item that names its rows. A chunk that is missing or damaged must not stop every import from here
    /// on: its rows are written anew, and it expires with the others. Of the lists of its companies nothing is known any more; they stay.
    pub(super) async fn last_snapshot(
        &self,
        integration: &IntegrationId,
        head: Option<&Item>,
    ) -> Result<Last, StoreError> {
        let head: Head = head
            .map(|item| packed_body(HEAD, item))
            .transpose()?
            .unwrap_or_default();
        let (mut known, mut lists) = (HashMap::new(), HashMap::new());
        let chunks = self.each_chunk(integration, &head.chunks).await?;
        for (chunk, packed) in head.chunks.iter().zip(chunks) {
            let read = packed.and_then(|packed| {
                packed::unpack_by(ROWS.name, &packed, |json| {
                    let rows: Vec<RowListsRecord> = serde_json::from_slice(json)?;
                    Ok((digest_of_bytes(json), rows))
                })
            });
            let (digest, rows) = match read {
                Ok(read) => read,
                Err(error @ StoreError::Shape { .. }) => {
                    let Chunk { version, number, .. } = chunk;
                    warn!(%integration, version, number, %error, "a chunk of the last snapshot cannot be read; its rows are written anew");
                    continue;
                }
                Err(error) => return Err(error),
            };
            known.insert(digest, chunk.clone());
            lists.extend(rows.into_iter().map(|record| {
                let lists = Lists {
                    addresses: record.address_list,
                    people: record.people_list.map(Box::new),
                };
                (record.id, lists)
            }));
        }
        Ok(Last { head, known, lists })
    }

    /// The chunks of a snapshot as they are stored, or why one cannot be read.
    async fn each_chunk(
        &self,
        integration: &IntegrationId,
        chunks: &[Chunk],
    ) -> Result<Vec<Result<Vec<u8>, StoreError>>, StoreError> {
        match self.packed_chunks(integration, chunks).await {
            Ok(packed) => return Ok(packed.into_iter().map(Ok).collect()),
            Err(StoreError::Shape { .. }) => {}
            Err(error) => return Err(error),
        }
        let mut each = Vec::with_capacity(chunks.len());
        for chunk in chunks {
            let packed = self.packed_chunks(integration, slice::from_ref(chunk)).await;
            each.push(packed.map(|packed| packed.concat()));
        }
        Ok(each)
    }

    pub(super) fn head_item(&self, integration: &IntegrationId, chunks: Vec<Chunk>) -> Result<Item, StoreError> {
        packed_item(HEAD, &keys::snapshot_head(&self.msp, integration), &Head { chunks })
    }
}
