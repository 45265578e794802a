//! Reading companies back by id.

use std::collections::BTreeMap;

use domain::ids::PsaCompanyId;
use domain::psa::{LookedUp, PsaFailure};
use futures::{StreamExt, TryStreamExt, stream};

use super::attributes::Narrowed;
use super::condition::Condition;
use super::lists::COMPANIES;
use super::wire::Company;
use super::{AT_ONCE, Connectwise};
use crate::flag::Flag;
use crate::halving::{Halving, ReadBack};
use crate::http::session::{Failed, Repeat};
use crate::http::verdict::Fault;

/// Path and query may have 1,745 characters; this leaves room for everything but the ids.
const LONGEST_IDS: usize = 1_500;

impl Connectwise {
    pub(super) async fn read_back(&self, ids: &[PsaCompanyId]) -> Result<Vec<LookedUp>, PsaFailure> {
        let batches = batches(ids.iter().filter_map(|id| id.as_str().parse().ok()));
        let halving = Halving::new();
        let batches = stream::iter(batches).map(|batch| {
            let read = |ids, repeat| self.batch(ids, repeat);
            let probe = |ids| self.count(&COMPANIES, Narrowed::none(), Some(Condition::In("id", ids)));
            halving.read(batch, read, probe)
        });
        let batches: Vec<ReadBack<Company>> = batches.buffered(AT_ONCE).try_collect().await?;
        let mut found = BTreeMap::new();
        for ReadBack { rows, unreadable } in batches {
            for company in rows {
                let id = PsaCompanyId::new(company.id.to_string());
                let answer = if Flag::is_set(company.deleted_flag) {
                    // A merged company, too, is one that is marked as deleted.
                    LookedUp::Deleted(id.clone())
                } else {
                    LookedUp::Present(self.company(company).await?)
                };
                found.insert(id, answer);
            }
            for id in unreadable {
                let id = PsaCompanyId::new(id.to_string());
                found.insert(id.clone(), LookedUp::Unreadable(id));
            }
        }
        let answer = |id: &PsaCompanyId| found.get(id).cloned().unwrap_or_else(|| LookedUp::Gone(id.clone()));
        Ok(ids.iter().map(answer).collect())
    }

    /// Without the condition on deleted companies, which are what is looked for. A company is gone only if the count says so too.
    async fn batch(&self, ids: Vec<i64>, repeat: Repeat) -> Result<Vec<Company>, Failed> {
        let asked = Condition::In("id", ids.clone());
        let query = vec![
            ("conditions", asked.to_string()),
            ("fields", COMPANIES.fields.to_owned()),
            ("pageSize", ids.len().to_string()),
        ];
        let answer = self.try_get::<Vec<Company>>(&COMPANIES.rows, &query, &self.headers, repeat);
        let companies = answer.await?.value;
        let strange = companies.iter().any(|company| !ids.contains(&company.id));
        let present = companies.len() as u64;
        if strange
            || (companies.len() < ids.len() && self.count(&COMPANIES, Narrowed::none(), Some(asked)).await? != present)
        {
            let failure = COMPANIES
                .rows
                .failure(Fault::Malformed.verdict(), ", but other companies");
            return Err(failure.into());
        }
        Ok(companies)
    }
}

/// As many ids as fit into each address, a comma taking three characters.
fn batches(ids: impl Iterator<Item = i64>) -> Vec<Vec<i64>> {
    let mut batches: Vec<Vec<i64>> = Vec::new();
    let mut room = 0;
    for id in ids {
        let length = id.to_string().len() + 3;
        match batches.last_mut() {
            Some(batch) if room >= length => batch.push(id),
            _ => {
                batches.push(vec![id]);
                room = LONGEST_IDS;
            }
        }
        room -= length;
    }
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_id_is_asked_for_once_in_addresses_that_are_short_enough(ids in proptest::collection::vec(any::<i64>(), 0..300)) {
            let batches = batches(ids.iter().copied());
            for batch in &batches {
                let query = Condition::In("id", batch.clone()).to_string();
                prop_assert!(query.len() + 2 * batch.len() <= LONGEST_IDS + 20);
            }
            prop_assert_eq!(batches.concat(), ids);
        }
    }

    #[test]
    fn ids_as_they_really_are_go_by_the_hundred() {
        assert_eq!(batches((20_000..20_500).map(i64::from)).len(), 3);
    }
}
