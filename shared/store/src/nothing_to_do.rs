//! That the last plan which was confirmed for an integration had nothing to do, and what it rests on: an unattended import that finds the
//! same need not plan again.
//!
//! Every confirmation replaces it, and only an import that was confirmed changes mappings, besides an administrator, whose
//! changes count as decisions. It is no more than what could be computed again: one that is missing, damaged, or of another version is as
//! good as none.

use domain::ids::ImportId;
use domain::import::retention::ROWS_DAYS;
use domain::import::{Import, ImportState};
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::expiry::expire;
use crate::journal::SkippedCompany;
use crate::kept::RestsOn;
use crate::keys;
use crate::schema::Kind;
use crate::snapshot::index::Index;
use crate::table::{Table, Tenant, body, item};
use crate::tx::Action;

pub(crate) const NOTHING_TO_DO: Kind = Kind::first("nothing to do").kept(ROWS_DAYS);

/// What the last confirmed plan was; nothing if something was to be done.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NothingToDoRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    found: Option<FoundRecord>,
}

/// See [`NothingToDo`].
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundRecord {
    import: ImportId,
    rests_on: RestsOn,
    companies: usize,
    found_again: bool,
}

/// A plan with nothing to do, and the companies for which nothing was done.
#[derive(Debug)]
pub struct NothingToDo {
    /// The hash of the plan.
    pub hash: String,
    /// All of its companies.
    pub companies: Vec<SkippedCompany>,
    /// Whether an import before that one had found the same. One alone may have read a mapping or a user as they were a moment before a
    /// change, since it reads at half the price.
    pub found_again: bool,
}

impl Tenant {
    /// What the last confirmed plan of the integration was, if it had nothing to do, and if the plan of this import rests on the same: the
    /// same rows, policy, mappings, decisions, and directory.
    pub async fn nothing_to_do(&self, import: &Import, rests_on: RestsOn) -> Result<Option<NothingToDo>, StoreError> {
        let key = keys::nothing_to_do(&self.msp, &import.integration);
        let last = self.get(Table::Records, &key).await?;
        let last = last.and_then(|item| readable(body::<NothingToDoRecord>(NOTHING_TO_DO, item)));
        let Some(found) = last.and_then(|last| last.found) else {
            return Ok(None);
        };
        if !rests_on.is_same(&found.rests_on) || !self.has_rows_of(import, &found.import).await? {
            return Ok(None);
        }
        let earlier = self.import(&found.import).await?;
        let Some(earlier) = earlier.filter(|earlier| earlier.state == ImportState::Done) else {
            return Ok(None);
        };
        let companies = readable(self.skipped_ahead_of(&earlier).await);
        let companies = companies.filter(|companies| companies.len() == found.companies);
        Ok(earlier.plan_hash.zip(companies).map(|(hash, companies)| NothingToDo {
            hash,
            companies,
            found_again: found.found_again,
        }))
    }

    /// Whether the rows of two imports of an integration are the same, and decided by the same policy.
    async fn has_rows_of(&self, import: &Import, earlier: &ImportId) -> Result<bool, StoreError> {
        let (own, before) = futures::try_join!(self.index_if_kept(&import.id), self.index_if_kept(earlier))?;
        let (Some(own), Some(before)) = (own, before) else {
            return Ok(false);
        };
        Ok(own.chunks == before.chunks && own.defaults == before.defaults)
    }

    async fn index_if_kept(&self, import: &ImportId) -> Result<Option<Index>, StoreError> {
        let key = keys::index(&self.msp, import);
        // It is never written otherwise than it was the first time.
        let item = self.get_unchanging(Table::Imports, &key).await?;
        Ok(item.as_ref().map(Index::read).and_then(readable))
    }

    /// The write, with the confirmation of a plan of so many companies, which says that it has nothing to do.
    pub fn keep_nothing_to_do(
        &self,
        import: &Import,
        rests_on: RestsOn,
        (companies, found_again): (usize, bool),
    ) -> Result<Action, StoreError> {
        let found = FoundRecord {
            import: import.id.clone(),
            rests_on,
            companies,
            found_again,
        };
        self.put_nothing_to_do(import, Some(found))
    }

    /// The write, with the confirmation of any other plan, after which there is no such plan.
    pub fn forget_nothing_to_do(&self, import: &Import) -> Result<Action, StoreError> {
        self.put_nothing_to_do(import, None)
    }

    fn put_nothing_to_do(&self, import: &Import, found: Option<FoundRecord>) -> Result<Action, StoreError> {
        let key = keys::nothing_to_do(&self.msp, &import.integration);
        let mut item = item(NOTHING_TO_DO, &key, &NothingToDoRecord { found })?;
        expire(&mut item, NOTHING_TO_DO, import.started_at);
        Action::put(self, Table::Records, item)
    }
}

fn readable<T>(kept: Result<T, StoreError>) -> Option<T> {
    kept.inspect_err(|error| tracing::warn!(%error, "what the last plan rests on cannot be read; it is computed again"))
        .ok()
}
