//! Under which name a snapshot is being written; and what one has left that never came to count.

use domain::ids::IntegrationId;
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::contents::{ADDRESSES_OF, PEOPLE_OF};
use crate::StoreError;
use crate::keys::{self, Key};
use crate::schema::Kind;
use crate::table::{Item, Table, Tenant, body, item, text};
use crate::tx::Action;

const DRAFT: Kind = Kind::first("draft of a snapshot");

/// Items that are deleted at once.
const DELETE_CONCURRENCY: usize = 16;

#[derive(Debug, Serialize, Deserialize)]
struct DraftRecord {
    version: String,
}

/// The condition under which a draft is still that of a version.
const IS_VERSION: &str = "#version = :version";

/// The name of a draft.
pub(super) fn version_of(draft: Item) -> Result<String, StoreError> {
    let DraftRecord { version } = body(DRAFT, draft)?;
    Ok(version)
}

impl Tenant {
    pub(super) fn begin_draft_action(&self, integration: &IntegrationId, version: &str) -> Result<Action, StoreError> {
        let record = DraftRecord {
            version: version.to_owned(),
        };
        let key = keys::snapshot_draft(&self.msp, integration);
        Action::put(self, Table::Imports, item(DRAFT, &key, &record)?)
    }

    pub(super) fn end_draft_action(&self, integration: &IntegrationId, version: &str) -> Result<Action, StoreError> {
        let key = keys::snapshot_draft(&self.msp, integration);
        Action::delete(self, Table::Imports, &key, IS_VERSION, &[(":version", text(version))])
    }

    /// Deletes a draft that never came to count, with what was written under its name. The caller has proved that nobody writes it.
    pub(super) async fn delete_draft(&self, integration: &IntegrationId, version: &str) -> Result<(), StoreError> {
        let partition = keys::snapshot_partition(&self.msp, integration);
        let mut left = Vec::new();
        for list in [ADDRESSES_OF, PEOPLE_OF] {
            let items = self.query(Table::Imports, &partition, list.all()).await?;
            left.extend(
                items
                    .into_iter()
                    .filter(|item| list.place(item).is_some_and(|(_, of)| of == version)),
            );
        }
        let rows = format!("{}{version}#", keys::SNAPSHOT_ROWS);
        left.extend(self.query(Table::Imports, &partition, &rows).await?);
        let keys = left.iter().filter_map(|item| item.get("sk")?.as_s().ok());
        let deletes: Vec<_> = keys
            .map(|sk| {
                let key = Key::in_import(&partition, sk);
                async move { self.delete_alone(Table::Imports, &key).await }
            })
            .collect();
        stream::iter(deletes)
            .buffer_unordered(DELETE_CONCURRENCY)
            .try_collect::<()>()
            .await?;
        // Last: a deletion that dies before is repeated.
        let key = keys::snapshot_draft(&self.msp, integration);
        self.delete_if(Table::Imports, &key, IS_VERSION, &[(":version", text(version))])
            .await
    }
}
