//! Entries of the audit trail as items: one each, or several that one transaction adds, packed together.

use domain::audit::Entry;
use domain::ids::IntegrationId;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Deserialize;

use crate::StoreError;
use crate::expiry::expire;
use crate::keys;
use crate::records::{AUDIT_ENTRIES, AUDIT_ENTRY, EntryRecord};
use crate::size::{self, ROOM};
use crate::table::{Item, Tenant, packed_body, packed_item};

/// What stands between the sort key of an item with several entries and the place of one of them.
const PLACE: char = '/';

/// Names an entry; later ones sort behind earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditId(String);

impl AuditId {
    /// `what` tells entries of one moment apart.
    fn new(at: Timestamp, what: &str) -> Self {
        Self(format!("{:013}.{what}", at.as_millisecond()))
    }

    /// The entry at a place of this item.
    fn of_place(sk: &str, place: usize) -> Self {
        Self(format!("{sk}{PLACE}{place:02}"))
    }

    /// An id as the trail has shown it.
    pub fn parse(text: &str) -> Option<Self> {
        let id = Self(text.to_owned());
        id.at().map(|_| id)
    }

    pub(crate) fn at(&self) -> Option<Timestamp> {
        let (millis, _) = self.0.split_once('.')?;
        Timestamp::from_millisecond(millis.parse().ok()?).ok()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The sort key of the item, and the place of the entry if the item has several.
    pub(crate) fn item(&self) -> (&str, Option<usize>) {
        let split = self.0.rsplit_once(PLACE);
        match split.and_then(|(sk, place)| Some((sk, place.parse().ok()?))) {
            Some((sk, place)) => (sk, Some(place)),
            None => (&self.0, None),
        }
    }
}

/// The partitions of a trail are months, so that none grows without end.
pub(crate) fn month(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date().first_of_month()
}

/// An entry that a transaction adds.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub integration: IntegrationId,
    pub entry: Entry,
    /// Tells entries of one moment apart.
    pub what: String,
}

impl Draft {
    /// How large its item may be.
    pub fn bytes(&self) -> Result<usize, StoreError> {
        size::of_json(AUDIT_ENTRY.name, &EntryRecord::from(&self.entry))
    }
}

impl Tenant {
    pub(crate) fn audit_item(
        &self,
        integration: &IntegrationId,
        entry: &Entry,
        what: &str,
    ) -> Result<Item, StoreError> {
        let id = AuditId::new(entry.at, what);
        let key = keys::audit(&self.msp, integration, month(entry.at), id.as_str());
        let mut item = packed_item(AUDIT_ENTRY, &key, &EntryRecord::from(entry))?;
        expire(&mut item, AUDIT_ENTRY, entry.at);
        Ok(item)
    }

    /// The items of these entries: as few as they fit in, so that many small ones are not charged a kilobyte each.
    pub(crate) fn audit_items(&self, drafts: &[Draft]) -> Result<Vec<Item>, StoreError> {
        let slices = size::cut(drafts, (MAX_ENTRIES_PER_ITEM, ROOM), Draft::bytes)?;
        let items = slices.into_iter().map(|drafts| match drafts {
            [
                Draft {
                    integration,
                    entry,
                    what,
                },
            ] => self.audit_item(integration, entry, what),
            several => self.item_of_several(several),
        });
        items.collect()
    }

    fn item_of_several(&self, drafts: &[Draft]) -> Result<Item, StoreError> {
        // All of them become true at one moment: that of the latest.
        let latest = drafts.iter().max_by_key(|draft| draft.entry.at);
        let latest = latest.ok_or_else(|| StoreError::shape(AUDIT_ENTRY.name, "there is no entry"))?;
        let (at, integration) = (latest.entry.at, &latest.integration);
        let id = AuditId::new(at, &latest.what);
        let key = keys::audit(&self.msp, integration, month(at), id.as_str());
        let records: Vec<EntryRecord> = drafts.iter().map(|draft| EntryRecord::from(&draft.entry)).collect();
        let mut item = packed_item(AUDIT_ENTRIES, &key, &records)?;
        expire(&mut item, AUDIT_ENTRIES, at);
        Ok(item)
    }
}

/// Entries of one item, of which a page shows 100 at most.
const MAX_ENTRIES_PER_ITEM: usize = 50;

/// The entries of an item, the newest first; of those at places, the ones before `place`.
pub(crate) fn entries(item: &Item, place: Option<usize>) -> Vec<(AuditId, Result<Entry, StoreError>)> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored {
        Several(Vec<EntryRecord>),
        One(Box<EntryRecord>),
    }
    let sk = item
        .get("sk")
        .and_then(|sk| sk.as_s().ok())
        .cloned()
        .unwrap_or_default();
    match packed_body(AUDIT_ENTRIES, item) {
        Ok(Stored::One(record)) => vec![(AuditId(sk), Ok(Entry::from(*record)))],
        Ok(Stored::Several(records)) => {
            let records = records.into_iter().enumerate();
            let before = records.filter(|(at, _)| place.is_none_or(|place| *at < place));
            let mut entries: Vec<_> = before
                .map(|(at, record)| (AuditId::of_place(&sk, at), Ok(Entry::from(record))))
                .collect();
            entries.reverse();
            entries
        }
        Err(error) => vec![(AuditId(sk), Err(error))],
    }
}
