//! Which directory an MSP has chosen (R81). Nothing is stored for the built-in one until another was chosen once.

use domain::directory::{ChosenDirectory, DirectoryKind};
use domain::ids::SecretId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::keys;
use crate::schema::Kind;
use crate::table::{Table, Tenant, body, item, number};
use crate::tx::{Action, Transaction};

const CHOSEN_DIRECTORY: Kind = Kind::first("chosen directory");

/// See [`ChosenDirectory`].
#[derive(Serialize, Deserialize)]
struct ChosenDirectoryRecord {
    kind: DirectoryKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<SecretId>,
    version: u64,
}

impl Tenant {
    /// The directory that the MSP has chosen.
    pub async fn chosen_directory(&self) -> Result<ChosenDirectory, StoreError> {
        let Some(item) = self.get(Table::Records, &keys::chosen_directory(&self.msp)).await? else {
            return Ok(ChosenDirectory::default());
        };
        let record: ChosenDirectoryRecord = body(CHOSEN_DIRECTORY, item)?;
        Ok(ChosenDirectory {
            kind: record.kind,
            secret: record.secret,
            version: record.version,
        })
    }

    /// Chooses a directory in place of the one `before`, whose secret is deleted later; `false` if somebody has chosen meanwhile. The
    /// version grows by one.
    pub async fn choose_directory(
        &self,
        before: &ChosenDirectory,
        (kind, secret): (DirectoryKind, Option<&SecretId>),
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let record = ChosenDirectoryRecord {
            kind,
            secret: secret.cloned(),
            version: before.version + 1,
        };
        let item = item(CHOSEN_DIRECTORY, &keys::chosen_directory(&self.msp), &record)?;
        let mut tx = Transaction::new();
        let (condition, values) = match before.version {
            0 => ("attribute_not_exists(pk)", vec![]),
            seen => ("version = :seen", vec![(":seen", number(seen))]),
        };
        tx.push(Action::put_if(self, Table::Records, item, condition, &values)?)?;
        match (&before.secret, secret) {
            (Some(old), Some(new)) => self.replace_secret(&mut tx, (old, new), now)?,
            (None, Some(new)) => drop(tx.push(self.keep_secret(new)?)?),
            (Some(old), None) => self.loosen_secret(&mut tx, old, now)?,
            (None, None) => {}
        }
        Ok(tx.commit(self).await?.committed())
    }
}
