//! The audit trail of an integration, and that of the MSP itself (R41). An entry is added by the transaction that does what the entry says;
//! only what is done outside of these tables has an entry that is added alone. No call changes an entry.

use domain::audit::{AuditAction, Entry};
use domain::ids::IntegrationId;
use domain::import::retention::{RESULT_DAYS, days_after};
use domain::import::{Import, Person};
use domain::plan::PlanChange;
use jiff::Timestamp;

use crate::StoreError;
pub use crate::audit_items::AuditId;
use crate::audit_items::{Draft, entries, month};
use crate::keys::{self, Key};
use crate::records::AUDIT_ENTRY;
use crate::size::{self, ROOM};
use crate::table::{Item, Readable, Table, Tenant, readable};
use crate::tx::{ActionId, Transaction};

/// A page is full with entries about so many rows: some 1 MB as they are shown, and never more than the 6 MB that Lambda answers.
const MOST_ROWS: usize = 2_000;

/// The bytes of an entry without its changes.
const LARGEST_ENTRY: usize = 4 * 1024;

/// The trail of the MSP itself: who signed in, and who chose its directory. It has the place of an integration's id, which is 32
/// hexadecimal digits and so never this.
pub fn trail_of_msp() -> IntegrationId {
    IntegrationId::new("msp")
}

impl Tenant {
    /// Adds an entry to a transaction. `what` tells entries of one moment apart.
    pub fn audit(
        &self,
        tx: &mut Transaction,
        integration: &IntegrationId,
        entry: &Entry,
        what: &str,
    ) -> Result<ActionId, StoreError> {
        tx.add(self, Table::Records, self.audit_item(integration, entry, what)?)
    }

    /// Adds an entry by itself, for what is done elsewhere than in these tables.
    pub async fn audit_alone(&self, integration: &IntegrationId, entry: &Entry, what: &str) -> Result<(), StoreError> {
        let item = self.audit_item(integration, entry, what)?;
        // If not, this very entry is there.
        let _ = self.add_alone(Table::Records, item).await?;
        Ok(())
    }

    /// Adds what was done to a company and its users, in as many entries as it takes; `what` tells entries about one company apart. All
    /// that are added to one transaction are packed together.
    pub fn audit_changes(
        &self,
        tx: &mut Transaction,
        import: &Import,
        what: (usize, usize),
        changes: &[PlanChange],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let slices = size::cut(changes, (usize::MAX, ROOM - LARGEST_ENTRY), |change| {
            size::of_json(AUDIT_ENTRY.name, change)
        })?;
        for (number, slice) in slices.into_iter().enumerate() {
            let Some(company) = slice.first().map(|change| change.company.clone()) else {
                continue;
            };
            let what = format!("{}.company.{}.{}.{}", import.id, company.id, what.0, what.1);
            // The first one as it always was; those behind it sort behind it.
            let what = if number == 0 {
                what
            } else {
                format!("{what}.{number:02}")
            };
            let changes = slice.to_vec();
            let act = AuditAction::CompanyImported { company, changes };
            tx.audit(Draft {
                integration: import.integration.clone(),
                entry: by(import, import.holder(), act, now),
                what,
            })?;
        }
        Ok(())
    }

    /// Reads the trail, the newest entries first, from `now` or from behind `after` back to when it began: at most `limit` of
    /// them, fewer where they tell of many rows, and without those that cannot be read.
    pub async fn audit_page(
        &self,
        integration: &IntegrationId,
        after: Option<&AuditId>,
        (began, now): (Timestamp, Timestamp),
        limit: usize,
    ) -> Result<(Readable<(AuditId, Entry)>, Option<AuditId>), StoreError> {
        // Entries that have expired may still be there.
        let kept_since = days_after(now, -RESULT_DAYS);
        let began = began.max(kept_since);
        // Clamp to now: a forged cursor must not make us read future months.
        let mut at = month(after.and_then(AuditId::at).map_or(now, |at| at.min(now)));
        let (mut found, mut rows, mut next) = (Vec::new(), 0, None);
        let (after, place) = after.map_or((None, None), |after| {
            let (sk, place) = after.item();
            // Before the first entry of an item nothing of it is left.
            (Some(sk), place.filter(|place| *place > 0))
        });
        while at >= month(began) {
            if found.len() >= limit {
                return Ok((readable(AUDIT_ENTRY, found), next));
            }
            let key = keys::audit(&self.msp, integration, at, after.unwrap_or_default());
            let bound = match (after, place) {
                (None, _) => "pk = :pk",
                (Some(_), None) => "pk = :pk AND sk < :sk",
                // Entries of this very item may be left.
                (Some(_), Some(_)) => "pk = :pk AND sk <= :sk",
            };
            // Ids of other months lie outside of this one's.
            let (items, more) = self.before(&key, bound, limit - found.len()).await?;
            let last = items.len();
            for (number, item) in items.into_iter().enumerate() {
                let sk = item.get("sk").and_then(|sk| sk.as_s().ok());
                let place = place.filter(|_| sk.map(String::as_str) == after);
                let entries = entries(&item, place);
                let many = entries.len();
                for (place, (id, entry)) in entries.into_iter().enumerate() {
                    if id.at().is_some_and(|at| at < kept_since) {
                        return Ok((readable(AUDIT_ENTRY, found), None));
                    }
                    rows += entry.as_ref().map_or(0, |entry| entry.action.rows());
                    next = Some(id.clone());
                    found.push(entry.map(|entry| (id, entry)));
                    let is_last = place + 1 == many && number + 1 == last && !more;
                    if (rows >= MOST_ROWS || found.len() >= limit) && !is_last {
                        return Ok((readable(AUDIT_ENTRY, found), next));
                    }
                }
            }
            if more {
                return Ok((readable(AUDIT_ENTRY, found), next));
            }
            at = at.saturating_sub(jiff::Span::new().months(1));
        }
        Ok((readable(AUDIT_ENTRY, found), None))
    }

    /// Up to `limit` items, backwards, of those that `bound` says of a key; and whether there may be more.
    async fn before(&self, key: &Key, bound: &str, limit: usize) -> Result<(Vec<Item>, bool), StoreError> {
        let query = self
            .client()
            .query()
            .table_name(self.table(Table::Records))
            .key_condition_expression(bound)
            .expression_attribute_values(":pk", crate::table::text(&key.pk));
        let query = if bound.contains(":sk") {
            query.expression_attribute_values(":sk", crate::table::text(&key.sk))
        } else {
            query
        };
        let page = query
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| StoreError::sdk("Query", error))?;
        Ok((page.items.unwrap_or_default(), page.last_evaluated_key.is_some()))
    }
}

/// An entry about an import.
pub(crate) fn by(import: &Import, person: &Person, action: AuditAction, at: Timestamp) -> Entry {
    Entry {
        at,
        by: person.clone(),
        import: Some(import.id.clone()),
        action,
    }
}
