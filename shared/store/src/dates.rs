//! Dates of last import (R17), kept per import and not per row: an unchanged import of 5,000 companies writes a few
//! packed items instead of 5,000.

use std::collections::{BTreeMap, HashMap};

use domain::ids::{IntegrationId, PsaCompanyId};
use jiff::Timestamp;

use crate::StoreError;
use crate::keys;
use crate::schema::Kind;
use crate::snapshot::bucket;
use crate::table::{Table, Tenant, packed_body, packed_item};
use crate::tx::Transaction;

const DATES: Kind = Kind::first("dates");

/// Over how many items the companies are spread, so that none comes near 400 KB.
const SHARDS: usize = 8;

/// Second of Unix time → the companies last imported then.
type Shard = BTreeMap<i64, Vec<PsaCompanyId>>;

impl Tenant {
    /// When each company was last imported.
    pub async fn dates(&self, integration: &IntegrationId) -> Result<HashMap<PsaCompanyId, Timestamp>, StoreError> {
        let mut dates = HashMap::new();
        for item in self
            .query(
                Table::Records,
                &keys::integration_partition(&self.msp, integration),
                keys::DATES,
            )
            .await?
        {
            for (at, companies) in packed_body::<Shard>(DATES, &item)? {
                let at = Timestamp::from_second(at).map_err(|error| StoreError::shape(DATES.name, error))?;
                dates.extend(companies.into_iter().map(|company| (company, at)));
            }
        }
        Ok(dates)
    }

    /// Adds to a transaction that these companies were imported at `now`, on top of the `dates` there were.
    pub fn set_dates(
        &self,
        tx: &mut Transaction,
        integration: &IntegrationId,
        mut dates: HashMap<PsaCompanyId, Timestamp>,
        imported: Vec<PsaCompanyId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut touched = [false; SHARDS];
        for company in imported {
            touched[bucket(&company, SHARDS)] = true;
            dates.insert(company, now);
        }
        let mut shards: Vec<Shard> = vec![Shard::new(); SHARDS];
        for (company, at) in dates {
            shards[bucket(&company, SHARDS)]
                .entry(at.as_second())
                .or_default()
                .push(company);
        }
        for (number, mut shard) in shards.into_iter().enumerate().filter(|(number, _)| touched[*number]) {
            // Sorted ids are alike, and what is alike packs well.
            for companies in shard.values_mut() {
                companies.sort();
            }
            let key = keys::dates(&self.msp, integration, number);
            tx.put(self, Table::Records, packed_item(DATES, &key, &shard)?)?;
        }
        Ok(())
    }
}
