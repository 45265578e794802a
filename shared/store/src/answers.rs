//! What reading absent companies back told, kept until the rows are made.

use domain::ids::PsaCompanyId;
use domain::import::{Assignment, Import};
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
use crate::snapshot::pages::{STAGED_PAGE, slices};
use crate::table::{Item, Table, Tenant, packed_body, packed_item};
use crate::tx::Action;

impl Tenant {
    /// Keeps what reading some absent companies back told, under the id of the `last` of them.
    pub async fn stage_answers<T: Serialize, P: Serialize>(
        &self,
        lease: &Lease,
        import: &Import,
        (last, answers): (&PsaCompanyId, &[T]),
        checkpoint: Option<&Checkpoint<P>>,
        now: Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        let mut tx = lease.transaction(self, now)?;
        for (number, slice) in slices(answers)?.into_iter().enumerate() {
            let key = keys::staged_answers(&self.msp, &import.id, last, number);
            tx.push(self.packed_put(import, STAGED_PAGE, &key, slice)?)?;
        }
        if let Some(checkpoint) = checkpoint {
            self.advance(&mut tx, import, Assignment::Fetch, checkpoint)?;
        }
        tx.commit(self).await
    }

    /// All that reading absent companies back told.
    pub async fn staged_answers<T: DeserializeOwned>(&self, import: &Import) -> Result<Vec<T>, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let mut all = Vec::new();
        for item in self.query(Table::Imports, &pk, keys::STAGED_ANSWERS).await? {
            all.append(&mut packed_body(STAGED_PAGE, &item)?);
        }
        Ok(all)
    }

    /// The write of an item of one packed body.
    pub(crate) fn packed_put<T: Serialize + ?Sized>(
        &self,
        import: &Import,
        kind: Kind,
        key: &Key,
        body: &T,
    ) -> Result<Action, StoreError> {
        Action::put(self, Table::Imports, packed_of_import(import, kind, key, body)?)
    }
}

/// A packed item of an import, which expires with it.
pub(crate) fn packed_of_import<T: Serialize + ?Sized>(
    import: &Import,
    kind: Kind,
    key: &Key,
    body: &T,
) -> Result<Item, StoreError> {
    let mut item = packed_item(kind, key, body)?;
    expire(&mut item, kind, import.started_at);
    Ok(item)
}
