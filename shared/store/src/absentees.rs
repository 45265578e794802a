//! What the last finished import found absent, by which the next one tells what is newly absent (R54). An import keeps what it found
//! with its snapshot, and makes it the integration's only when it has finished.

use std::collections::BTreeSet;

use domain::filter::{Accepted, Filter};
use domain::ids::{AddressId, IntegrationId, PsaCompanyId};
use domain::import::Import;
use domain::not_in::Absentees;

use crate::StoreError;
use crate::keys;
use crate::records::{ABSENTEES, AbsenteesRecord, CompanyAbsentees, FOUND_ABSENT};
use crate::size::{self, ROOM};
use crate::table::{Item, Table, Tenant, packed_body, packed_item};
use crate::tx::Action;

/// Addresses in one entry, so that an entry fits into an item.
const MAX_ADDRESSES_PER_ENTRY: usize = 5_000;

impl Tenant {
    /// What the last finished import found absent; nothing if none has finished.
    pub async fn absentees(&self, integration: &IntegrationId) -> Result<Absentees, StoreError> {
        let pk = keys::integration_partition(&self.msp, integration);
        read(&self.query(Table::Records, &pk, keys::ABSENTEES).await?)
    }

    /// What this import found absent.
    pub async fn found_absent(&self, import: &Import) -> Result<Absentees, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let found = read(&self.query(Table::Imports, &pk, keys::FOUND_ABSENT).await?)?;
        Ok(Absentees {
            filter: import.filter.clone(),
            ..found
        })
    }

    /// The writes that keep what an import found absent.
    pub fn found_absent_actions(&self, import: &Import, found: Absentees) -> Result<Vec<Action>, StoreError> {
        let entries = entries(found.companies, found.addresses);
        let slices = cut(&entries)?.into_iter().enumerate().map(|(slice, absent)| {
            let record = AbsenteesRecord {
                filter: Accepted::default(),
                absent: absent.to_vec(),
            };
            let key = keys::found_absent(&self.msp, &import.id, slice);
            self.packed_put(import, FOUND_ABSENT, &key, &record)
        });
        slices.collect()
    }

    /// The writes that make the absentees of the integration those after; none if nothing differs.
    pub fn absentees_actions(
        &self,
        integration: &IntegrationId,
        before: Absentees,
        after: Absentees,
    ) -> Result<Vec<Action>, StoreError> {
        if before == after {
            return Ok(Vec::new());
        }
        let before = records(before)?.len();
        let mut after = records(after)?;
        // What needs fewer items than before leaves the others empty.
        after.resize_with(after.len().max(before), AbsenteesRecord::default);
        let actions = after.iter().enumerate().map(|(chunk, record)| {
            let key = keys::absentees(&self.msp, integration, chunk);
            Action::put(self, Table::Records, packed_item(ABSENTEES, &key, record)?)
        });
        actions.collect()
    }
}

fn entries(
    companies: impl IntoIterator<Item = PsaCompanyId>,
    addresses: impl IntoIterator<Item = (PsaCompanyId, BTreeSet<AddressId>)>,
) -> Vec<CompanyAbsentees> {
    let companies = companies.into_iter().map(|company| CompanyAbsentees {
        company,
        addresses: None,
    });
    let mut all: Vec<CompanyAbsentees> = companies.collect();
    for (company, addresses) in addresses {
        let addresses: Vec<AddressId> = addresses.into_iter().collect();
        all.extend(
            addresses
                .chunks(MAX_ADDRESSES_PER_ENTRY)
                .map(|addresses| CompanyAbsentees {
                    company: company.clone(),
                    addresses: Some(addresses.to_vec()),
                }),
        );
    }
    all
}

/// The records of all items; the first one has the filter.
fn records(absentees: Absentees) -> Result<Vec<AbsenteesRecord>, StoreError> {
    let entries = entries(absentees.companies, absentees.addresses);
    let mut cut = cut(&entries)?.into_iter();
    let first = AbsenteesRecord {
        filter: absentees.filter.0,
        absent: cut.next().unwrap_or_default().to_vec(),
    };
    let more = cut.map(|absent| AbsenteesRecord {
        filter: Accepted::default(),
        absent: absent.to_vec(),
    });
    Ok([first].into_iter().chain(more).collect())
}

fn cut(entries: &[CompanyAbsentees]) -> Result<Vec<&[CompanyAbsentees]>, StoreError> {
    size::cut(entries, (usize::MAX, ROOM), |entry| {
        size::of_json(ABSENTEES.name, entry)
    })
}

fn read(items: &[Item]) -> Result<Absentees, StoreError> {
    let mut all = Absentees::default();
    for (number, item) in items.iter().enumerate() {
        let record: AbsenteesRecord = packed_body(ABSENTEES, item)?;
        if number == 0 {
            all.filter = Filter(record.filter);
        }
        for entry in record.absent {
            match entry.addresses {
                None => drop(all.companies.insert(entry.company)),
                Some(addresses) => all.addresses.entry(entry.company).or_default().extend(addresses),
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn r54_absentees_are_read_as_they_were_written(
            companies in prop::collection::btree_set("[0-9]{1,9}", 0..50),
            addresses in prop::collection::btree_map("x[0-9]{1,9}", prop::collection::btree_set("[0-9]{1,12}~[0-9]{1,12}", 1..30), 0..50),
        ) {
            let absentees = Absentees {
                filter: Filter::default(),
                companies: companies.into_iter().map(PsaCompanyId::new).collect(),
                addresses: addresses
                    .into_iter()
                    .map(|(company, ids)| (PsaCompanyId::new(company), ids.into_iter().map(AddressId::new).collect()))
                    .collect(),
            };
            let key = keys::nothing();
            let items = records(absentees.clone()).unwrap().iter().map(|record| packed_item(ABSENTEES, &key, record).unwrap()).collect::<Vec<_>>();
            prop_assert_eq!(read(&items).unwrap(), absentees);
        }
    }
}
