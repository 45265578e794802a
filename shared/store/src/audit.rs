//! The audit trail of an integration (R41). An entry is added by the very transaction that does what it tells, and is
//! never changed: there is no call for that.

use domain::audit::{AuditAction, Entry};
use domain::ids::IntegrationId;
use domain::import::retention::{RESULT_DAYS, days_after};
use domain::import::{Import, Person};
use domain::plan::PlanChange;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::StoreError;
use crate::expiry::expire;
use crate::keys::{self, Key};
use crate::records::{AUDIT_ENTRY, EntryRecord};
use crate::size::{self, ROOM};
use crate::table::{Item, Readable, Table, Tenant, packed_body, packed_item, readable};
use crate::tx::{ActionId, Transaction};

/// A page is full with entries about so many rows: some 1 MB as they are shown, and never more than the 6 MB that Lambda answers.
const MOST_ROWS: usize = 2_000;

/// The bytes of an entry without its changes.
const LARGEST_ENTRY: usize = 4 * 1024;

/// Names an entry; later ones sort behind earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditId(String);

impl AuditId {
    /// `what` tells entries of one moment apart.
    fn new(at: Timestamp, what: &str) -> Self {
        Self(format!("{:013}.{what}", at.as_millisecond()))
    }

    /// An id as the trail has shown it.
    pub fn parse(text: &str) -> Option<Self> {
        let id = Self(text.to_owned());
        id.at().map(|_| id)
    }

    fn at(&self) -> Option<Timestamp> {
        let (millis, _) = self.0.split_once('.')?;
        Timestamp::from_millisecond(millis.parse().ok()?).ok()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The partitions of a trail are months, so that none grows without end.
fn month(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date().first_of_month()
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

    fn audit_item(&self, integration: &IntegrationId, entry: &Entry, what: &str) -> Result<Item, StoreError> {
        let id = AuditId::new(entry.at, what);
        let key = keys::audit(&self.msp, integration, month(entry.at), id.as_str());
        let mut item = packed_item(AUDIT_ENTRY, &key, &EntryRecord::from(entry))?;
        expire(&mut item, AUDIT_ENTRY, entry.at);
        Ok(item)
    }

    /// Adds an entry by itself, for what is done elsewhere than in these tables.
    pub async fn audit_alone(&self, integration: &IntegrationId, entry: &Entry, what: &str) -> Result<(), StoreError> {
        let item = self.audit_item(integration, entry, what)?;
        // If not, this very entry is there.
        let _ = self.add_alone(Table::Records, item).await?;
        Ok(())
    }

    /// Adds what was done to a company and its users, in as many entries as it takes; `what` tells entries about one company apart.
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
            self.audit(tx, &import.integration, &by(import, import.holder(), act, now), &what)?;
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
        let (mut found, mut rows, mut seen, mut next) = (Vec::new(), 0, 0, None);
        while at >= month(began) {
            if seen >= limit {
                return Ok((readable(AUDIT_ENTRY, found), next));
            }
            let key = keys::audit(&self.msp, integration, at, after.map_or("", AuditId::as_str));
            // Ids of other months lie outside of this one's.
            let (items, more) = self.before(&key, after.is_some(), limit - seen).await?;
            let last = items.len();
            for (number, item) in items.into_iter().enumerate() {
                let id = item
                    .get("sk")
                    .and_then(|sk| sk.as_s().ok())
                    .cloned()
                    .unwrap_or_default();
                let id = AuditId(id);
                if id.at().is_some_and(|at| at < kept_since) {
                    return Ok((readable(AUDIT_ENTRY, found), None));
                }
                let entry = packed_body::<EntryRecord>(AUDIT_ENTRY, &item).map(Entry::from);
                rows += entry.as_ref().map_or(0, |entry| entry.action.rows());
                seen += 1;
                next = Some(id.clone());
                found.push(entry.map(|entry| (id, entry)));
                let is_last = number + 1 == last && !more;
                if rows >= MOST_ROWS && !is_last {
                    return Ok((readable(AUDIT_ENTRY, found), next));
                }
            }
            if more {
                return Ok((readable(AUDIT_ENTRY, found), next));
            }
            at = at.saturating_sub(jiff::Span::new().months(1));
        }
        Ok((readable(AUDIT_ENTRY, found), None))
    }

    /// Up to `limit` items of a partition, backwards, before a key if it is `bounded` by one; and whether there may be more.
    async fn before(&self, key: &Key, bounded: bool, limit: usize) -> Result<(Vec<Item>, bool), StoreError> {
        let query = self
            .client()
            .query()
            .table_name(self.table(Table::Records))
            .key_condition_expression(if bounded { "pk = :pk AND sk < :sk" } else { "pk = :pk" })
            .expression_attribute_values(":pk", crate::table::text(&key.pk));
        let query = if bounded {
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
