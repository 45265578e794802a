//! The audit trail of an integration (R41). An entry is added by the very transaction that does what it tells, and is
//! never changed: there is no call for that.

use domain::audit::{Act, Entry};
use domain::change::Change;
use domain::ids::IntegrationId;
use domain::import::{Import, Person};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::StoreError;
use crate::keys::{self, Key};
use crate::table::{Place, Tenant, packed_body, packed_item};
use crate::tx::{NEW, Transaction};

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
    ) -> Result<(), StoreError> {
        let id = AuditId::new(entry.at, what);
        let key = keys::audit(&self.msp, integration, month(entry.at), id.as_str());
        let item = packed_item("audit entry", &key, entry)?;
        tx.put(self, Place::Records, item, Some(NEW), &[])
    }

    /// Adds an entry by itself, for what is done elsewhere than in these tables.
    pub async fn audit_alone(&self, integration: &IntegrationId, entry: &Entry, what: &str) -> Result<(), StoreError> {
        let mut tx = Transaction::new();
        self.audit(&mut tx, integration, entry, what)?;
        // Refused: this very entry is there.
        let _ = tx.commit(self).await?;
        Ok(())
    }

    /// Adds what was done to a company and its users; `what` tells entries about one company apart.
    pub fn audit_changes(
        &self,
        tx: &mut Transaction,
        import: &Import,
        what: (usize, usize),
        changes: Vec<Change>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(company) = changes.first().map(|change| change.company.clone()) else {
            return Ok(());
        };
        let what = format!("{}.company.{}.{}.{}", import.id, company.id, what.0, what.1);
        let act = Act::CompanyImported { company, changes };
        self.audit(tx, &import.integration, &by(import, import.holder(), act, now), &what)
    }

    /// Reads the trail, the newest entries first, from `now` or from behind `after` back to when it began.
    pub async fn audit_page(
        &self,
        integration: &IntegrationId,
        after: Option<&AuditId>,
        (began, now): (Timestamp, Timestamp),
        limit: usize,
    ) -> Result<(Vec<(AuditId, Entry)>, Option<AuditId>), StoreError> {
        let mut at = month(after.and_then(AuditId::at).unwrap_or(now));
        let mut found = Vec::new();
        while at >= month(began) {
            let wanted = limit + 1 - found.len();
            let key = keys::audit(&self.msp, integration, at, after.map_or("", AuditId::as_str));
            // Ids of other months lie outside of this one's.
            let items = self.before(&key, after.is_some(), wanted).await?;
            for item in &items {
                let id = item
                    .get("sk")
                    .and_then(|sk| sk.as_s().ok())
                    .cloned()
                    .unwrap_or_default();
                found.push((AuditId(id), packed_body("audit entry", item)?));
            }
            if found.len() > limit {
                break;
            }
            at = at.saturating_sub(jiff::Span::new().months(1));
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|(id, _)| id.clone());
        Ok((found, next))
    }

    /// Up to `limit` items of a partition, backwards, before a key if it is `bounded` by one. Fewer only if there are no more:
    /// entries about large companies fill a page of the table long before the limit.
    async fn before(&self, key: &Key, bounded: bool, limit: usize) -> Result<Vec<crate::Item>, StoreError> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let query = self
                .client()
                .query()
                .table_name(self.table(Place::Records))
                .key_condition_expression(if bounded { "pk = :pk AND sk < :sk" } else { "pk = :pk" })
                .expression_attribute_values(":pk", crate::table::text(&key.pk));
            let query = if bounded {
                query.expression_attribute_values(":sk", crate::table::text(&key.sk))
            } else {
                query
            };
            let page = query
                .set_exclusive_start_key(after)
                .scan_index_forward(false)
                .consistent_read(true)
                .limit(i32::try_from(limit - found.len()).unwrap_or(i32::MAX))
                .send()
                .await
                .map_err(|error| StoreError::sdk("Query", error))?;
            found.extend(page.items.unwrap_or_default());
            after = page.last_evaluated_key;
            if after.is_none() || found.len() >= limit {
                return Ok(found);
            }
        }
    }
}

/// An entry about an import.
pub(crate) fn by(import: &Import, person: &Person, act: Act, at: Timestamp) -> Entry {
    Entry {
        at,
        by: person.clone(),
        import: Some(import.id.clone()),
        act,
    }
}
