//! Which event started which import (R49), and whether it may start another one (R63).

use domain::ids::{IdempotencyKey, ImportId, IntegrationId};
use domain::import::retention::EVENT_DAYS;
use domain::import::{Import, ImportState};
use serde::Deserialize;

use crate::StoreError;
use crate::expiry::expire;
use crate::keys;
use crate::schema::Kind;
use crate::table::{Table, Tenant, bare_item, body, text};
use crate::tx::{ActionId, Transaction};

pub(crate) const OCCASION: Kind = Kind::first("occasion").kept(EVENT_DAYS);

impl Tenant {
    /// The import that the event with this key has started, if the event need not start another one.
    pub async fn already_started_by(
        &self,
        integration: &IntegrationId,
        key: &IdempotencyKey,
    ) -> Result<Option<ImportId>, StoreError> {
        Ok(match self.started_by(integration, key).await? {
            Some(known) if self.may_be_repeated(&known).await? => None,
            known => known,
        })
    }

    /// Whether an import failed for a fault that passes, so that the event which started it may start another one.
    pub(crate) async fn may_be_repeated(&self, id: &ImportId) -> Result<bool, StoreError> {
        let failed = self
            .import(id)
            .await?
            .filter(|import| import.state == ImportState::Failed);
        Ok(failed
            .and_then(|import| import.error)
            .is_some_and(|error| error.retryable()))
    }

    /// The import that the event with this key has started last.
    pub async fn started_by(
        &self,
        integration: &IntegrationId,
        key: &IdempotencyKey,
    ) -> Result<Option<ImportId>, StoreError> {
        let key = keys::event(&self.msp, integration, key);
        let item = self.get(Table::Imports, &key).await?;
        let import = item.map(|item| body::<EventItem>(OCCASION, item)).transpose()?;
        Ok(import.map(|item| item.import))
    }
}

#[derive(Deserialize)]
struct EventItem {
    import: ImportId,
}

/// Adds the event that starts an import, if none came meanwhile: after that which started `failed`, if there is one.
pub(crate) fn add_event(
    tx: &mut Transaction,
    tenant: &Tenant,
    import: &Import,
    key: &IdempotencyKey,
    failed: Option<&ImportId>,
) -> Result<ActionId, StoreError> {
    let mut item = bare_item(OCCASION, &keys::event(&tenant.msp, &import.integration, key));
    item.insert("import".to_owned(), text(import.id.as_str()));
    expire(&mut item, OCCASION, import.started_at);
    match failed {
        None => tx.add(tenant, Table::Imports, item),
        Some(failed) => {
            let values = [(":failed", text(failed.as_str()))];
            tx.put_if(tenant, Table::Imports, item, "#import = :failed", &values)
        }
    }
}
