//! Reading records by id, although some of them cannot be shown.
//!
//! A PSA fails a whole page for one record that it cannot show. So a batch that fails for such a reason is halved until that record is
//! alone: all others get their answers.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use domain::psa::PsaFailure;
use http_client::RetryScope;

use crate::failure::Failed;

/// The most requests for parts of batches. One record is found in a batch of 200 by 16; the limit is for a PSA that can show none.
const MAX_REQUESTS: u32 = 128;

/// What reading records by id found.
#[derive(Debug, PartialEq, Eq)]
pub struct ReadBack<R> {
    /// The records that there are.
    pub rows: Vec<R>,
    /// The ids of records that could not be shown.
    pub unreadable: Vec<i64>,
}

/// The halving of all batches of one look-up.
#[derive(Debug)]
pub(crate) struct Halving(AtomicU32);

impl Halving {
    pub(crate) const fn new() -> Self {
        Self(AtomicU32::new(MAX_REQUESTS))
    }

    /// Reads a batch. `probe` asks about the same records without showing any: if that fails, too, it is the PSA that fails.
    pub(crate) async fn read<R, Read, Probe>(
        &self,
        batch: Vec<i64>,
        read: impl Fn(Vec<i64>, RetryScope) -> Read,
        probe: impl FnOnce(Vec<i64>) -> Probe,
    ) -> Result<ReadBack<R>, PsaFailure>
    where
        Read: Future<Output = Result<Vec<R>, Failed>>,
        Probe: Future<Output = Result<u64, PsaFailure>>,
    {
        let mut told = ReadBack {
            rows: Vec::new(),
            unreadable: Vec::new(),
        };
        match read(batch.clone(), RetryScope::Faults).await {
            Ok(rows) => told.rows = rows,
            Err(failed) if !failed.by_a_record => return Err(failed.failure),
            Err(_) => {
                probe(batch.clone()).await?;
                self.read_parts(batch, read, &mut told).await?;
            }
        }
        Ok(told)
    }

    async fn read_parts<R, Read>(
        &self,
        failed: Vec<i64>,
        read: impl Fn(Vec<i64>, RetryScope) -> Read,
        told: &mut ReadBack<R>,
    ) -> Result<(), PsaFailure>
    where
        Read: Future<Output = Result<Vec<R>, Failed>>,
    {
        let mut failed = VecDeque::from([failed]);
        while let Some(mut part) = failed.pop_front() {
            if part.len() == 1 || !self.may_ask_twice() {
                told.unreadable.append(&mut part);
                continue;
            }
            let half = part.split_off(part.len() / 2);
            for part in [part, half] {
                // A fault that passes has been waited for with the whole.
                match read(part.clone(), RetryScope::NotRecords).await {
                    Ok(mut rows) => told.rows.append(&mut rows),
                    Err(refused) if !refused.by_a_record => return Err(refused.failure),
                    Err(_) => failed.push_back(part),
                }
            }
        }
        Ok(())
    }

    fn may_ask_twice(&self) -> bool {
        let two_less = |left: u32| left.checked_sub(2);
        self.0.fetch_update(Relaxed, Relaxed, two_less).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Mutex;

    use domain::psa::PsaFailureKind;
    use proptest::prelude::*;

    use super::*;

    fn failure(by_a_record: bool) -> Failed {
        let failure = PsaFailure {
            kind: PsaFailureKind::PsaServerError,
            endpoint: String::new(),
            reason: String::new(),
            missing_right: None,
            retryable: true,
            not_before: None,
        };
        Failed { failure, by_a_record }
    }

    /// Reads ids from a PSA that has the even ones and cannot show the poisoned ones; also tells how often it was asked.
    async fn read(ids: &[i64], poisoned: &BTreeSet<i64>, up: bool) -> (Result<ReadBack<i64>, PsaFailure>, usize) {
        let asked = Mutex::new(Vec::new());
        let page = |ids: Vec<i64>, retry| {
            asked.lock().unwrap().push(retry);
            let broken = ids.iter().any(|id| poisoned.contains(id));
            let there = ids.into_iter().filter(|id| id % 2 == 0).collect();
            std::future::ready(if broken { Err(failure(true)) } else { Ok(there) })
        };
        let probe = |_| std::future::ready(if up { Ok(0) } else { Err(failure(false).failure) });
        let told = Halving::new().read(ids.to_vec(), page, probe).await;
        let asked = asked.into_inner().unwrap();
        assert!(asked[1..].iter().all(|retry| *retry == RetryScope::NotRecords));
        (told, asked.len())
    }

    #[tokio::test]
    async fn r14_one_poisoned_record_is_found_in_few_requests() {
        let ids: Vec<i64> = (1..=200).collect();
        for poisoned in [1, 2, 100, 101, 200] {
            let (told, asked) = read(&ids, &BTreeSet::from([poisoned]), true).await;
            let told = told.unwrap();
            assert_eq!(told.unreadable, [poisoned]);
            assert!(asked <= 1 + 2 * 8, "{asked}");
        }
    }

    #[tokio::test]
    async fn a_psa_that_fails_has_no_poisoned_records() {
        let ids: Vec<i64> = (1..=200).collect();
        let (told, asked) = read(&ids, &ids.iter().copied().collect(), false).await;
        assert!(told.is_err());
        assert_eq!(asked, 1);
    }

    #[tokio::test]
    async fn a_psa_that_can_show_nothing_is_not_asked_for_ever() {
        let ids: Vec<i64> = (1..=200).collect();
        let (told, asked) = read(&ids, &ids.iter().copied().collect(), true).await;
        let told = told.unwrap();
        assert_eq!((told.rows.len(), told.unreadable.len()), (0, 200));
        assert_eq!(asked, 1 + MAX_REQUESTS as usize);
    }

    proptest! {
        #[test]
        fn r14_every_record_gets_one_answer_and_the_readable_ones_theirs(
            ids in prop::collection::btree_set(0_i64..500, 1..200),
            poisoned in prop::collection::btree_set(0_i64..500, 0..4),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let ids: Vec<i64> = ids.into_iter().collect();
            let (told, _) = runtime.block_on(read(&ids, &poisoned, true));
            let mut told = told.unwrap();
            told.unreadable.sort_unstable();
            told.rows.sort_unstable();
            let (broken, whole): (Vec<i64>, Vec<i64>) = ids.iter().partition(|id| poisoned.contains(id));
            prop_assert_eq!(told.unreadable, broken);
            prop_assert_eq!(told.rows, whole.into_iter().filter(|id| id % 2 == 0).collect::<Vec<_>>());
        }
    }
}
