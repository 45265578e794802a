//! The last complete snapshot of an integration: what it has, and what of that the next one no longer has.

use std::collections::{HashMap, HashSet};

use domain::ids::{IntegrationId, PsaCompanyId};
use serde::{Deserialize, Serialize};

use super::chunks::{self, Chunk};
use super::contents::{ADDRESSES_OF, Content, PEOPLE_OF};
use super::row::Row;
use crate::StoreError;
use crate::keys::{self, Key};
use crate::records::RowListsRecord;
use crate::schema::Kind;
use crate::table::{Item, Tenant, packed_body, packed_item};

/// Since schema 2 its chunks are in columns.
const HEAD: Kind = Kind {
    schema: 2,
    ..Kind::first("snapshot")
};

/// Which rows the last complete snapshot has.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Head {
    #[serde(serialize_with = "chunks::with_digests", deserialize_with = "chunks::read")]
    pub chunks: Vec<Chunk>,
}

/// The lists of a company.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub addresses: Option<Content>,
    pub people: Option<Content>,
}

/// The last complete snapshot; an empty one if there is none.
#[derive(Debug, Default)]
pub(super) struct Last {
    pub head: Head,
    pub lists: HashMap<PsaCompanyId, Lists>,
}

impl Last {
    /// Sort keys of what these rows and chunks do not have.
    pub fn superseded_by(&self, partition: &str, rows: &[Row], chunks: &[Chunk]) -> Vec<String> {
        let kept: HashSet<Key> = chunks.iter().map(|chunk| chunk.key(partition)).collect();
        let left = self.head.chunks.iter().map(|chunk| chunk.key(partition));
        let mut keys: Vec<Key> = left.filter(|key| !kept.contains(key)).collect();
        let rows: HashMap<&PsaCompanyId, &Row> = rows.iter().map(|row| (&row.id, row)).collect();
        for (company, before) in &self.lists {
            let now = rows.get(company);
            let lists = [
                (
                    ADDRESSES_OF,
                    &before.addresses,
                    now.and_then(|row| row.addresses.as_ref()),
                ),
                (PEOPLE_OF, &before.people, now.and_then(|row| row.people.as_ref())),
            ];
            for (list, before, now) in lists {
                if let Some(before) = before.as_ref().filter(|before| Some(*before) != now) {
                    keys.extend(list.keys(partition, company, before));
                }
            }
        }
        let mut keys: Vec<String> = keys.into_iter().map(|key| key.sk).collect();
        // What is alike packs well.
        keys.sort_unstable();
        keys
    }
}

impl Tenant {
    /// The last complete snapshot, by the item that names its rows.
    pub(super) async fn last_snapshot(
        &self,
        integration: &IntegrationId,
        head: Option<&Item>,
    ) -> Result<Last, StoreError> {
        let head: Head = head
            .map(|item| packed_body(HEAD, item))
            .transpose()?
            .unwrap_or_default();
        let rows: Vec<Vec<RowListsRecord>> = self.read_chunks(integration, &head.chunks).await?;
        let lists = rows.into_iter().flatten().map(|record| {
            let lists = Lists {
                addresses: record.address_list,
                people: record.people_list,
            };
            (record.id, lists)
        });
        Ok(Last {
            lists: lists.collect(),
            head,
        })
    }

    pub(super) fn head_item(&self, integration: &IntegrationId, chunks: Vec<Chunk>) -> Result<Item, StoreError> {
        packed_item(HEAD, &keys::snapshot_head(&self.msp, integration), &Head { chunks })
    }
}
