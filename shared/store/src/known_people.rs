//! The people of a company whom one address row has to do with (see `domain::plan::related`), without reading the others of the company.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use domain::ids::{AddressId, PsaContactId};
use domain::import::Import;
use domain::mapping::AddressMapping;
use domain::plan::related::KnownPeople;

use crate::StoreError;
use crate::address_mappings::Neighbours;
use crate::records::SnapshotAddressRecord;
use crate::snapshot::{ADDRESSES_OF, Row};
use crate::table::Tenant;

/// The most contacts that are read one by one.
const MAX_CONTACTS: usize = 20;

/// Reads the people of a company contact by contact.
struct Reader<'a> {
    tenant: &'a Tenant,
    import: &'a Import,
    row: &'a Row,
    is_mapped: bool,
    /// Items of the snapshot, each of which has many contacts.
    items: BTreeMap<usize, Vec<SnapshotAddressRecord>>,
    /// Mappings that stand with those that remember sharers.
    shared: BTreeSet<AddressId>,
    /// Items of other mappings.
    mappings: Vec<Neighbours>,
    people: KnownPeople,
}

impl Tenant {
    /// A contact of a company of an import, and all others of the company with whom its rows have to do; `None` if these may be anybody, or
    /// so many that everybody should be read.
    pub async fn people_related_to(
        &self,
        import: &Import,
        row: &Row,
        contact: PsaContactId,
        is_mapped: bool,
    ) -> Result<Option<KnownPeople>, StoreError> {
        let mut reader = Reader {
            tenant: self,
            import,
            row,
            is_mapped,
            items: BTreeMap::new(),
            shared: BTreeSet::new(),
            mappings: Vec::new(),
            people: KnownPeople::default(),
        };
        reader.add_shared().await?;
        let mut next = BTreeSet::from([contact]);
        while !next.is_empty() {
            if reader.people.contacts.len() + next.len() > MAX_CONTACTS {
                return Ok(None);
            }
            // From the last one backwards: what is read for one has those before it, too.
            for contact in next.into_iter().rev() {
                reader.add(contact).await?;
            }
            next = match reader.people.related() {
                Some(related) => related,
                None => return Ok(None),
            };
        }
        Ok(Some(reader.people))
    }
}

impl Reader<'_> {
    async fn add_shared(&mut self) -> Result<(), StoreError> {
        if self.is_mapped {
            let integration = &self.import.integration;
            let shared = self.tenant.shared_address_mappings(integration, &self.row.id).await?;
            self.shared = shared.iter().map(|mapping| mapping.id.clone()).collect();
            self.people.mappings = shared;
        }
        Ok(())
    }

    async fn add(&mut self, contact: PsaContactId) -> Result<(), StoreError> {
        if let Some(content) = &self.row.addresses {
            let (integration, company) = (&self.import.integration, &self.row.id);
            for number in content.items_of(&contact) {
                if let Entry::Vacant(item) = self.items.entry(number) {
                    let of = (company, content);
                    item.insert(self.tenant.item_of(ADDRESSES_OF, integration, of, number).await?);
                }
                let records = self.items.get(&number).into_iter().flatten();
                let own = records.filter(|record| record.id.contact() == contact.as_str());
                let rows = own.cloned().map(SnapshotAddressRecord::with_sharers);
                self.people.rows.extend(rows);
            }
        }
        if self.is_mapped {
            if !self.mappings.iter().any(|known| known.include(&contact)) {
                let (integration, company) = (&self.import.integration, &self.row.id);
                let read = self.tenant.address_mappings_near(integration, company, &contact);
                self.mappings.push(read.await?);
            }
            let known = self.mappings.iter().find(|known| known.include(&contact));
            let mappings = known.into_iter().flat_map(|known| &known.mappings);
            // One that a worker has begun to move to the shared ones is there.
            let is_own = |mapping: &&AddressMapping| {
                mapping.id.contact() == contact.as_str() && !self.shared.contains(&mapping.id)
            };
            self.people.mappings.extend(mappings.filter(is_own).cloned());
        }
        self.people.contacts.insert(contact);
        Ok(())
    }
}
