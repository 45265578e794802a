//! Decisions that outlast an import (R96): what is excluded for good, and how often another managed company was asked for by dropping a
//! mapping. They are one packed item of the integration, which every review and every plan reads.
//!
//! An import that executes must see them as they were when its plan was confirmed. So they are changed only while no import executes; a
//! change counts as a decision, which makes an administrator's confirmation look again, and has a version, which a policy's
//! confirmation proves.

use std::collections::BTreeMap;

use domain::audit::{AuditAction, Entry};
use domain::exclusion::{Excludable, Exclusion, Exclusions};
use domain::ids::{IntegrationId, PsaCompanyId};
use domain::import::{Holder, Import, Person};
use jiff::Timestamp;

use crate::StoreError;
use crate::keys;
use crate::lock::LockItem;
use crate::records::{STANDING, StandingRecord};
use crate::retry::Attempts;
use crate::table::{Item, Table, Tenant, number, packed_body, packed_item};
use crate::tx::{Action, Transaction};

/// The attribute with the number of changes, which conditions cannot find in what is packed.
const VERSION: &str = "version";

/// Decisions of one integration that outlast an import.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// What is excluded for good.
    pub exclusions: Exclusions,
    pub(crate) generations: BTreeMap<PsaCompanyId, u32>,
    version: u64,
}

/// How a change of what is excluded ended.
#[derive(Debug)]
#[must_use]
pub enum ExclusionChange {
    /// It was changed, by this call or by an earlier one; the exclusion that was made or taken back.
    Changed(Box<Exclusion>),
    /// An import executes.
    Locked(Holder),
    /// As much is excluded as can be.
    Full,
    /// Nothing of the kind is excluded.
    NotExcluded,
}

/// Who makes a change, when, and what the entry in the audit trail is told apart by.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// The administrator.
    pub person: &'a Person,
    /// When.
    pub at: Timestamp,
    /// Tells entries of one moment apart.
    pub entry: &'a str,
}

impl By<'_> {
    pub(crate) fn entry(&self, action: AuditAction) -> Entry {
        Entry {
            at: self.at,
            by: self.person.clone(),
            import: None,
            action,
        }
    }
}

impl Standing {
    /// Which generation a managed company has that is created for a company without a mapping.
    pub fn generation(&self, company: &PsaCompanyId) -> u32 {
        self.generations.get(company).copied().unwrap_or_default()
    }
}

impl Tenant {
    /// What was decided for good.
    pub async fn standing(&self, integration: &IntegrationId) -> Result<Standing, StoreError> {
        let key = keys::standing(&self.msp, integration);
        let Some(item) = self.get(Table::Records, &key).await? else {
            return Ok(Standing::default());
        };
        let record: StandingRecord = packed_body(STANDING, &item)?;
        let (exclusions, generations) = record.into_parts();
        Ok(Standing {
            exclusions,
            generations,
            version: version(&item)?,
        })
    }

    /// What was decided for good as an import knows it: one that has ended shows nothing that was excluded since.
    pub(crate) async fn standing_of(&self, import: &Import) -> Result<Standing, StoreError> {
        let mut standing = self.standing(&import.integration).await?;
        if let Some(ended) = import.ended_at {
            standing.exclusions.retain_until(ended);
        }
        Ok(standing)
    }

    /// The proof that nothing was decided for good since it was read.
    pub fn standing_unchanged(&self, integration: &IntegrationId, seen: &Standing) -> Result<Action, StoreError> {
        let key = keys::standing(&self.msp, integration);
        match seen.version {
            0 => Action::check(self, Table::Records, &key, "attribute_not_exists(pk)", &[]),
            seen => {
                let values = [(":seen", number(seen))];
                Action::check(self, Table::Records, &key, "#version = :seen", &values)
            }
        }
    }

    /// Whether nothing was decided for good since it was read.
    pub async fn is_standing(&self, integration: &IntegrationId, seen: &Standing) -> Result<bool, StoreError> {
        Ok(self.standing(integration).await?.version == seen.version)
    }

    /// The write of what is decided for good, in place of the version that was read.
    pub(crate) fn standing_action(&self, integration: &IntegrationId, after: &Standing) -> Result<Action, StoreError> {
        let record = StandingRecord::of(&after.exclusions, &after.generations);
        let mut item = packed_item(STANDING, &keys::standing(&self.msp, integration), &record)?;
        item.insert(VERSION.to_owned(), number(after.version + 1));
        match after.version {
            0 => Action::put_if(self, Table::Records, item, "attribute_not_exists(pk)", &[]),
            seen => {
                let values = [(":seen", number(seen))];
                Action::put_if(self, Table::Records, item, "#version = :seen", &values)
            }
        }
    }

    /// Excludes a company or person for good, or replaces who did, when and why. Repeated, it changes nothing.
    pub async fn exclude(
        &self,
        integration: &IntegrationId,
        what: &Excludable,
        (why, name): (String, Option<String>),
        by: By<'_>,
    ) -> Result<ExclusionChange, StoreError> {
        let exclusion = Exclusion {
            by: by.person.clone(),
            at: by.at,
            why,
            name,
        };
        let action = |exclusion: &Exclusion| AuditAction::Excluded {
            excluded: what.clone(),
            name: exclusion.name.clone(),
            why: exclusion.why.clone(),
        };
        self.change_exclusions(integration, action, by, |exclusions| {
            if let Some(known) = exclusions.get(what).filter(|known| known.repeats(&exclusion)) {
                return Change::Made(known.clone());
            }
            match exclusions.exclude(what.clone(), exclusion.clone()) {
                Ok(()) => Change::To(exclusion.clone()),
                Err(_) => Change::Full,
            }
        })
        .await
    }

    /// Brings back what is excluded.
    pub async fn bring_back(
        &self,
        integration: &IntegrationId,
        what: &Excludable,
        by: By<'_>,
    ) -> Result<ExclusionChange, StoreError> {
        let action = |exclusion: &Exclusion| AuditAction::BroughtBack {
            excluded: what.clone(),
            name: exclusion.name.clone(),
        };
        self.change_exclusions(integration, action, by, |exclusions| {
            exclusions.bring_back(what).map_or(Change::NotExcluded, Change::To)
        })
        .await
    }

    async fn change_exclusions(
        &self,
        integration: &IntegrationId,
        says: impl Fn(&Exclusion) -> AuditAction + Send,
        by: By<'_>,
        change: impl Fn(&mut Exclusions) -> Change + Send,
    ) -> Result<ExclusionChange, StoreError> {
        let mut attempts = Attempts::at("exclusions");
        loop {
            let lock = self.lock(integration).await?;
            let mut standing = self.standing(integration).await?;
            let changed = match change(&mut standing.exclusions) {
                Change::To(exclusion) => exclusion,
                Change::Made(exclusion) => return Ok(ExclusionChange::Changed(Box::new(exclusion))),
                Change::Full => return Ok(ExclusionChange::Full),
                Change::NotExcluded => return Ok(ExclusionChange::NotExcluded),
            };
            if let Some(holder) = self.executing(lock.as_ref(), by.at).await? {
                return Ok(ExclusionChange::Locked(holder));
            }
            let action = match self.standing_action(integration, &standing) {
                Err(StoreError::TooLarge { .. }) => return Ok(ExclusionChange::Full),
                action => action?,
            };
            let tx = self.while_nothing_executes(integration, lock.as_ref())?;
            let entry = by.entry(says(&changed));
            if self
                .commit_with_entry(tx, integration, (action, &entry), by.entry)
                .await?
            {
                return Ok(ExclusionChange::Changed(Box::new(changed)));
            }
            // Somebody decided, or the integration changed hands, meanwhile.
            attempts.again().await?;
        }
    }

    async fn commit_with_entry(
        &self,
        mut tx: Transaction,
        integration: &IntegrationId,
        (action, entry): (Action, &Entry),
        what: &str,
    ) -> Result<bool, StoreError> {
        tx.push(action)?;
        self.audit(&mut tx, integration, entry, what)?;
        Ok(tx.commit(self).await?.committed())
    }

    /// A transaction that is applied only as long as nobody decided, and nobody took the integration, since the lock was read, and none
    /// of its imports executes. It counts as a decision.
    pub(crate) fn while_nothing_executes(
        &self,
        integration: &IntegrationId,
        lock: Option<&LockItem>,
    ) -> Result<Transaction, StoreError> {
        let mut tx = Transaction::new();
        crate::lock::count_decision(&mut tx, self, integration, lock)?;
        for import in lock.into_iter().flat_map(LockItem::imports) {
            let key = keys::import(&self.msp, import);
            let values = [(
                ":executing",
                crate::table::text(domain::import::ImportState::Executing.as_str()),
            )];
            let condition = "attribute_not_exists(pk) OR #state <> :executing";
            tx.check(self, Table::Imports, &key, condition, &values)?;
        }
        Ok(tx)
    }
}

/// What a change does with the exclusions that were read.
enum Change {
    /// The exclusion was made or taken back: they are to be stored.
    To(Exclusion),
    /// An earlier call has made this exclusion: there is nothing to store.
    Made(Exclusion),
    Full,
    NotExcluded,
}

fn version(item: &Item) -> Result<u64, StoreError> {
    let digits = item.get(VERSION).and_then(|version| version.as_n().ok());
    let digits = digits.ok_or_else(|| StoreError::shape(STANDING.name, "the version is missing"))?;
    digits.parse().map_err(|error| StoreError::shape(STANDING.name, error))
}
