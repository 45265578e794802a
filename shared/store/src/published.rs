//! Events for operators, as items that the second pipe reads from the stream of the imports table (R97): see `infra/`.
//!
//! An item of its own holds nothing else, so that whatever the pipe lets through may be shown to everybody who gets events. It is
//! written with what happened, in one transaction where there is one.

use domain::ids::IdempotencyKey;
use domain::import::retention::PUBLISHED_DAYS;
use domain::published::PublishedEvent;
use jiff::Timestamp;

use crate::StoreError;
use crate::expiry::expire;
use crate::keys::{self, Key};
use crate::schema::Kind;
use crate::table::{Item, Table, Tenant, bare_item, text};

/// Kept after the stream has carried it, so that an operator can see whether it was written.
const EVENT: Kind = Kind::first("event").kept(PUBLISHED_DAYS);

impl Tenant {
    /// Writes the event of a refused start; `false` if this occasion has one already.
    pub async fn publish_refusal(&self, key: &IdempotencyKey, event: &PublishedEvent) -> Result<bool, StoreError> {
        let key = keys::refusal(&self.msp, &event.integration, key);
        self.add_alone(Table::Imports, event_item(&key, event)).await
    }

    /// Writes the event that an integration has had no finished import since `last`; `false` if it was written before.
    pub async fn publish_overdue(&self, last: Timestamp, event: &PublishedEvent) -> Result<bool, StoreError> {
        let key = keys::overdue(&self.msp, &event.integration, last);
        self.add_alone(Table::Imports, event_item(&key, event)).await
    }

    /// The item of an event about an import.
    pub(crate) fn event_of_import(&self, event: &PublishedEvent) -> Option<Item> {
        let key = keys::import_event(&self.msp, event.import.as_ref()?, event.what);
        Some(event_item(&key, event))
    }
}

fn event_item(key: &Key, event: &PublishedEvent) -> Item {
    let mut item = bare_item(EVENT, key);
    for (name, value) in event.fields() {
        item.insert(name.to_owned(), text(value));
    }
    expire(&mut item, EVENT, event.at);
    item
}
