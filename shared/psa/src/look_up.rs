//! Reading companies and contacts back by id: in batches, each checked against a count. A vendor supplies how a batch is asked for and read.

use std::collections::{BTreeMap, BTreeSet};

use domain::psa::{LookedUp, PsaFailure};
use futures::{StreamExt, TryStreamExt, stream};
use http_client::{Fault, RetryScope};

use crate::failure::{Failed, failure};
use crate::halving::Halving;
pub use crate::halving::ReadBack;
use crate::walk::{List, ListRow};

/// The ids that are numbers; a PSA has no others.
pub fn numbers<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<i64> {
    ids.filter_map(|id| id.parse().ok()).collect()
}

/// Reads all batches.
pub async fn read_back<L: List>(list: &L, batches: Vec<Vec<i64>>) -> Result<ReadBack<L::Row>, PsaFailure> {
    let halving = Halving::new();
    let batches = stream::iter(batches).map(|batch| {
        let read = |ids, retry| read_batch(list, ids, retry);
        let probe = |ids: Vec<i64>| async move { list.count_by_id(&ids).await };
        halving.read(batch, read, probe)
    });
    let mut all = ReadBack {
        rows: Vec::new(),
        unreadable: Vec::new(),
    };
    let batches: Vec<ReadBack<L::Row>> = batches.buffered(L::CONCURRENCY).try_collect().await?;
    for batch in batches {
        all.rows.extend(batch.rows);
        all.unreadable.extend(batch.unreadable);
    }
    Ok(all)
}

/// A record is gone only if the count says so, too.
async fn read_batch<L: List>(list: &L, ids: Vec<i64>, retry: RetryScope) -> Result<Vec<L::Row>, Failed> {
    let rows = list.rows_by_id(&ids, retry).await?;
    // A record that comes twice would stand for one that is missing.
    let distinct: BTreeSet<i64> = rows.iter().map(ListRow::id).collect();
    let strange = distinct.len() < rows.len() || distinct.iter().any(|id| !ids.contains(id));
    if strange || (rows.len() < ids.len() && list.count_by_id(&ids).await? != rows.len() as u64) {
        return Err(failure(list.endpoint(), Fault::Malformed.classification(), ", but other rows").into());
    }
    Ok(rows)
}

/// One answer for each id, in their order.
pub fn answers<Record: Clone, Id: Clone + Ord>(
    ids: &[Id],
    found: impl IntoIterator<Item = (Id, LookedUp<Record, Id>)>,
    unreadable: Vec<i64>,
    id: impl Fn(String) -> Id,
) -> Vec<LookedUp<Record, Id>> {
    let mut found: BTreeMap<Id, LookedUp<Record, Id>> = found.into_iter().collect();
    for number in unreadable {
        let id = id(number.to_string());
        found.insert(id.clone(), LookedUp::Unreadable(id));
    }
    let answer = |id: &Id| found.get(id).cloned().unwrap_or_else(|| LookedUp::Gone(id.clone()));
    ids.iter().map(answer).collect()
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use http_client::Endpoint;

    use super::*;
    use crate::walk::{PageRead, Walk};

    struct Row(i64);

    impl ListRow for Row {
        fn id(&self) -> i64 {
            self.0
        }
    }

    /// Has these rows, whatever is asked.
    struct Always(&'static [i64]);

    #[async_trait]
    impl List for Always {
        type Row = Row;
        const SMALLEST_ID: i64 = 0;
        const PAGE_SIZE: usize = 1;
        const HAS_OWN_MODE: bool = false;
        const CONCURRENCY: usize = 1;

        fn endpoint(&self) -> &'static Endpoint {
            const { &Endpoint::get("/companies", "") }
        }

        async fn page(&self, _: &Walk) -> Result<PageRead<Row>, PsaFailure> {
            unreachable!("nothing is walked")
        }

        async fn count(&self) -> Result<u64, PsaFailure> {
            unreachable!("nothing is walked")
        }

        async fn check(&self) -> Result<(), PsaFailure> {
            unreachable!("nothing is walked")
        }

        async fn rows_by_id(&self, _: &[i64], _: RetryScope) -> Result<Vec<Row>, Failed> {
            Ok(self.0.iter().copied().map(Row).collect())
        }

        async fn count_by_id(&self, _: &[i64]) -> Result<u64, PsaFailure> {
            Ok(self.0.len() as u64)
        }
    }

    #[tokio::test]
    async fn r14_a_record_that_comes_twice_makes_no_other_one_gone() {
        let read = async |rows| read_back(&Always(rows), vec![vec![1, 2]]).await;
        assert_eq!(read(&[1, 2]).await.unwrap().rows.len(), 2);
        assert_eq!(read(&[1]).await.unwrap().rows.len(), 1);
        for strange in [&[1, 1][..], &[1, 3], &[1, 2, 2]] {
            assert!(read(strange).await.is_err(), "{strange:?}");
        }
    }
}
