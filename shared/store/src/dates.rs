//! Dates of last import (R17): which companies have one, and the dates in the order of these companies. Companies that are imported together
//! have the same date, so that an unchanged import of 5,000 companies writes one small item.

use std::collections::{BTreeMap, HashMap};

use domain::ids::{IntegrationId, PsaCompanyId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::keys;
use crate::records::IdsRecord;
use crate::retry::Attempts;
use crate::schema::Kind;
use crate::table::{Item, Table, Tenant, packed_body, packed_item};
use crate::tx::Action;

const DATES: Kind = Kind::first("dates");

/// Companies in one item, so that none comes near 400 KB, however many dates they have.
const MAX_COMPANIES_PER_ITEM: usize = 12_500;

/// So many companies after one another, and the second of Unix time at which they were last imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct RunRecord(usize, i64);

/// The dates as they are stored: the companies, and runs of dates.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shard {
    companies: Vec<PsaCompanyId>,
    runs: Vec<RunRecord>,
}

impl Shard {
    fn of(dates: &[(PsaCompanyId, i64)]) -> Self {
        let mut shard = Self::default();
        for (company, at) in dates {
            shard.companies.push(company.clone());
            match shard.runs.last_mut() {
                Some(RunRecord(count, same)) if same == at => *count += 1,
                _ => shard.runs.push(RunRecord(1, *at)),
            }
        }
        shard
    }

    fn dates(self) -> impl Iterator<Item = (PsaCompanyId, i64)> {
        let dates = self
            .runs
            .into_iter()
            .flat_map(|RunRecord(count, at)| std::iter::repeat_n(at, count));
        self.companies.into_iter().zip(dates)
    }
}

impl Tenant {
    /// When each company was last imported.
    pub async fn dates(&self, integration: &IntegrationId) -> Result<HashMap<PsaCompanyId, Timestamp>, StoreError> {
        let mut dates = HashMap::new();
        for shard in self.date_shards(integration).await? {
            for (company, at) in shard.dates() {
                let at = Timestamp::from_second(at).map_err(|error| StoreError::shape(DATES.name, error))?;
                dates.insert(company, at);
            }
        }
        Ok(dates)
    }

    /// The writes by which these companies were imported at `now`.
    pub async fn date_actions(
        &self,
        integration: &IntegrationId,
        imported: Vec<PsaCompanyId>,
        now: Timestamp,
    ) -> Result<Vec<Action>, StoreError> {
        let mut actions = Vec::new();
        let before = self.date_shards(integration).await?;
        let mut dates: BTreeMap<PsaCompanyId, i64> = BTreeMap::new();
        for shard in &before {
            let shard = Shard {
                companies: shard.companies.clone(),
                runs: shard.runs.clone(),
            };
            dates.extend(shard.dates());
        }
        dates.extend(imported.into_iter().map(|company| (company, now.as_second())));
        let dates: Vec<(PsaCompanyId, i64)> = dates.into_iter().collect();
        for (number, dates) in dates.chunks(MAX_COMPANIES_PER_ITEM).enumerate() {
            let after = Shard::of(dates);
            let (companies, runs) = keys::dates(&self.msp, integration, number);
            let before = before.get(number);
            if before.is_none_or(|before| before.companies != after.companies) {
                let ids = IdsRecord::of(&after.companies);
                let item = packed_item(DATES, &companies, &ids)?;
                actions.push(Action::put(self, Table::Records, item)?);
            }
            if before.is_none_or(|before| before.runs != after.runs) {
                let item = packed_item(DATES, &runs, &after.runs)?;
                actions.push(Action::put(self, Table::Records, item)?);
            }
        }
        Ok(actions)
    }

    /// Reads what is stored. Companies and runs are written together, and not read together: they are read again until they fit.
    async fn date_shards(&self, integration: &IntegrationId) -> Result<Vec<Shard>, StoreError> {
        let pk = keys::integration_partition(&self.msp, integration);
        let mut attempts = Attempts::at("dates");
        loop {
            let items = self.query(Table::Records, &pk, keys::DATES).await?;
            if let Some(shards) = shards(&items)? {
                return Ok(shards);
            }
            attempts.again().await?;
        }
    }
}

/// The shards of these items; `None` if companies and runs are not of the same time. No company is ever taken out, so that their numbers tell.
fn shards(items: &[Item]) -> Result<Option<Vec<Shard>>, StoreError> {
    // Those of a newer version are refused, not waited for.
    for item in items {
        DATES.check(item)?;
    }
    let (companies, runs): (Vec<&Item>, Vec<&Item>) = items.iter().partition(|item| is_of_companies(item));
    let mut shards = Vec::new();
    for (companies, runs) in companies.iter().zip(&runs) {
        let ids: IdsRecord = packed_body(DATES, companies)?;
        let shard = Shard {
            companies: ids.into_ids(),
            runs: packed_body(DATES, runs)?,
        };
        let dated: usize = shard.runs.iter().map(|RunRecord(count, _)| count).sum();
        if dated != shard.companies.len() {
            return Ok(None);
        }
        shards.push(shard);
    }
    Ok((companies.len() == runs.len()).then_some(shards))
}

/// Whether an item of dates has the companies.
fn is_of_companies(item: &Item) -> bool {
    let key = item.get("sk").and_then(|key| key.as_s().ok());
    key.is_some_and(|key| key.starts_with(keys::DATED_COMPANIES))
}
