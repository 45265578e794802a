//! Many writes of one item each, several at once.
//!
//! A partition that takes fewer than are sent refuses some for as long as they are repeated. These are made again with fewer at once, as
//! long as any get through: the work that they belong to would else begin anew, and write all of it again.

use futures::StreamExt;
use futures::stream::FuturesUnordered;

use crate::StoreError;

/// Writes at once, while there is room for them.
const WRITE_CONCURRENCY: usize = 16;

/// Makes each of these writes, or ends with the failure of one of them, once none gets through. A write may be made twice.
pub(crate) async fn write_each<T, F>(writes: Vec<T>, write: impl Fn(T) -> F) -> Result<(), StoreError>
where
    T: Clone,
    F: Future<Output = Result<(), StoreError>>,
{
    let (mut left, mut concurrency) = (writes, WRITE_CONCURRENCY);
    loop {
        let before = left.len();
        let failed;
        (left, failed) = write_until_one_fails(left, concurrency, &write).await;
        match failed {
            None => return Ok(()),
            Some(error) if left.len() == before || !error.passes() => return Err(error),
            Some(_) => concurrency = (concurrency / 2).max(1),
        }
    }
}

/// Begins no write after one has failed; gives those that are left, and the failure.
async fn write_until_one_fails<T, F>(
    writes: Vec<T>,
    concurrency: usize,
    write: impl Fn(T) -> F,
) -> (Vec<T>, Option<StoreError>)
where
    T: Clone,
    F: Future<Output = Result<(), StoreError>>,
{
    let (mut left, mut failed) = (Vec::new(), None);
    let mut writes = writes.into_iter();
    let mut under_way = FuturesUnordered::new();
    loop {
        while failed.is_none()
            && under_way.len() < concurrency
            && let Some(one) = writes.next()
        {
            let written = write(one.clone());
            under_way.push(async move { (one, written.await) });
        }
        match under_way.next().await {
            Some((_, Ok(()))) => {}
            Some((one, Err(error))) => {
                left.push(one);
                failed = Some(error);
            }
            None => break,
        }
    }
    left.extend(writes);
    (left, failed)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn no_room() -> StoreError {
        StoreError::Service {
            operation: "PutItem",
            message: "ThrottlingException".to_owned(),
        }
    }

    #[tokio::test]
    async fn r63_what_has_no_room_at_once_is_written_by_fewer() {
        let (under_way, begun) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let written = Mutex::new(BTreeMap::<usize, usize>::new());
        let write = |one: usize| {
            let (under_way, begun, written) = (&under_way, &begun, &written);
            async move {
                begun.fetch_add(1, Ordering::SeqCst);
                let at_once = under_way.fetch_add(1, Ordering::SeqCst) + 1;
                tokio::task::yield_now().await;
                under_way.fetch_sub(1, Ordering::SeqCst);
                if at_once > 2 {
                    return Err(no_room());
                }
                *written.lock().unwrap().entry(one).or_default() += 1;
                Ok(())
            }
        };
        write_each((0..100).collect(), write).await.unwrap();
        let written = written.into_inner().unwrap();
        assert!(
            written.len() == 100 && written.values().all(|times| *times == 1),
            "{written:?}"
        );
        assert!(begun.into_inner() < 200, "most are begun once");
    }

    #[tokio::test]
    async fn r63_nothing_is_begun_for_ever_where_nothing_gets_through() {
        let begun = AtomicUsize::new(0);
        let write = |_: usize| {
            begun.fetch_add(1, Ordering::SeqCst);
            async { Err(no_room()) }
        };
        let failed = write_each((0..100).collect(), write).await;
        assert!(failed.unwrap_err().passes());
        assert_eq!(begun.into_inner(), WRITE_CONCURRENCY);
    }

    #[tokio::test]
    async fn what_breaks_a_rule_of_the_service_is_not_made_again() {
        let begun = AtomicUsize::new(0);
        let refused = StoreError::shape("test", "wrong");
        let write = |one: usize| {
            begun.fetch_add(1, Ordering::SeqCst);
            let answer = if one == 0 { Err(refused.clone()) } else { Ok(()) };
            std::future::ready(answer)
        };
        assert!(write_each((0..100).collect(), write).await.is_err());
        assert!(begun.into_inner() <= WRITE_CONCURRENCY);
    }
}
