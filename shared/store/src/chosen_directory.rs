//! Which directory an MSP has chosen (R81). Nothing is stored for the built-in one until another was chosen once.

use domain::audit::{AuditAction, Entry};
use domain::directory::{ChosenDirectory, DirectoryKind};
use domain::ids::{IntegrationId, SecretId};
use domain::import::{Holder, Person};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::audit::trail_of_msp;
use crate::keys;
use crate::lock::check_free;
use crate::schema::Kind;
use crate::table::{Table, Tenant, body, item, number};
use crate::tx::{Action, Transaction};

/// As many locks are looked at once more when a choice is stored: a transaction takes no more than that and the rest. Of an MSP with
/// more integrations those beyond are only looked at before.
const MAX_LOCKS_PER_TRANSACTION: usize = 90;

const CHOSEN_DIRECTORY: Kind = Kind::first("chosen directory");

/// See [`ChosenDirectory`].
#[derive(Serialize, Deserialize)]
struct ChosenDirectoryRecord {
    kind: DirectoryKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<SecretId>,
    version: u64,
}

/// What became of a choice.
#[derive(Debug)]
pub enum DirectoryChoice {
    /// It is stored.
    Stored,
    /// Somebody holds an integration: the import under way rests on the directory that it began with.
    Locked(Holder),
    /// Somebody has chosen, or started an import, meanwhile: nothing is stored.
    Overtaken,
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

    /// Chooses a directory in place of the one `before`, whose secret is deleted later, while nobody holds one of these integrations, which
    /// are all that there are. The version grows by one, and the trail of the MSP says who chose.
    pub async fn choose_directory(
        &self,
        before: &ChosenDirectory,
        (kind, secret): (DirectoryKind, Option<&SecretId>),
        integrations: &[IntegrationId],
        by: &Person,
        now: Timestamp,
    ) -> Result<DirectoryChoice, StoreError> {
        let mut tx = Transaction::new();
        for (place, integration) in integrations.iter().enumerate() {
            let lock = self.lock(integration).await?;
            if let Some(holder) = self.under_way(lock.as_ref(), now).await? {
                return Ok(DirectoryChoice::Locked(holder));
            }
            if place < MAX_LOCKS_PER_TRANSACTION {
                check_free(&mut tx, self, integration, lock.map(|lock| lock.token), now)?;
            }
        }
        let record = ChosenDirectoryRecord {
            kind,
            secret: secret.cloned(),
            version: before.version + 1,
        };
        let item = item(CHOSEN_DIRECTORY, &keys::chosen_directory(&self.msp), &record)?;
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
        let entry = Entry {
            at: now,
            by: by.clone(),
            import: None,
            action: AuditAction::DirectoryChosen {
                before: before.kind,
                after: kind,
            },
        };
        self.audit(
            &mut tx,
            &trail_of_msp(),
            &entry,
            &format!("directory.{}", record.version),
        )?;
        Ok(if tx.commit(self).await?.committed() {
            DirectoryChoice::Stored
        } else {
            DirectoryChoice::Overtaken
        })
    }
}
