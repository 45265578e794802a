//! How many requests a large MSP takes, how many of them at once, and how long that is: on a clock that moves on only while everybody
//! waits.

use std::time::Duration;

use domain::filter::Filter;
use domain::psa::Cursor;
use fastrand::Rng;
use futures::{StreamExt, TryStreamExt};
use psa_conformance::bench::Bench;
use psa_conformance::product::Product;
use serde_json::json;
use simkit::msp::Size;
use tokio::time::Instant;

use crate::products::{AUTOTASK, CONNECTWISE};

/// How long every answer takes.
const ANSWER: Duration = Duration::from_millis(200);

async fn large(product: &'static dyn Product) -> Bench {
    let bench = Bench::open(product, Size::Large).await;
    bench.fault(json!({"answer": {"delayMs": ANSWER.as_millis()}}));
    bench
}

/// What reading everything takes: requests and time.
async fn import(bench: &Bench) -> (u32, Duration) {
    let (psa, everything, began) = (bench.psa(), Filter::default(), Instant::now());
    let totals = psa.totals(&everything).await.unwrap();
    let pages = psa.companies(&everything, None, Some(totals.companies));
    let companies = pages.try_fold(0, async |read, page| Ok(read + page.items.len()));
    assert_eq!(companies.await.unwrap(), 5_000);
    let pages = psa.contacts(&everything, None, Some(totals.contacts));
    let contacts = pages.try_fold(0, async |read, page| Ok(read + page.items.len()));
    assert_eq!(contacts.await.unwrap(), 100_000);
    let stats = psa.stats();
    assert_eq!((stats.requests, stats.retries), (bench.asked("") as u64, 0));
    (stats.requests.try_into().unwrap(), began.elapsed())
}

/// Nearly as quick as so many requests at once can be.
fn assert_is_quick(requests: u32, took: Duration, at_once: u32) {
    println!("{requests} requests, {took:?}");
    assert!(
        took * at_once * 10 <= ANSWER * requests * 13,
        "{requests} requests took {took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn connectwise_gives_a_large_msp_in_125_requests_four_at_once() {
    let bench = large(CONNECTWISE).await;
    let (requests, took) = import(&bench).await;
    assert!(requests <= 125, "{requests}");
    assert_eq!(bench.simulator.requests().most_at_once(""), 4);
    assert_is_quick(requests, took, 4);
}

#[tokio::test(start_paused = true)]
async fn autotask_gives_a_large_msp_in_240_requests_two_at_once_of_each_entity() {
    let bench = large(AUTOTASK).await;
    bench.switch(json!({"threads": 2}));
    let (requests, took) = import(&bench).await;
    assert!(requests <= 240, "{requests}");
    let at_once = ["/companies/", "/contacts/"].map(|path| bench.simulator.requests().most_at_once(path));
    assert_eq!(at_once, [2, 2]);
    assert_is_quick(requests, took, 2);
}

#[tokio::test(start_paused = true)]
async fn r43_after_a_rate_limit_less_is_asked_at_once() {
    for (product, before, after) in [(CONNECTWISE, 4, 2), (AUTOTASK, 2, 1)] {
        let bench = large(product).await;
        let (psa, everything) = (bench.psa(), Filter::default());
        let mut pages = psa.contacts(&everything, None, Some(100_000));
        let mut read = async |count: usize| {
            for _ in 0..count {
                pages.next().await.unwrap().unwrap();
            }
            let requests = bench.simulator.requests();
            let at_once = requests.most_at_once("/contacts");
            requests.clear();
            at_once
        };
        assert_eq!(read(20).await, before);
        let busy = json!({"status": 429, "headers": {"Retry-After": "1"}});
        bench.simulator.faults().clear();
        bench.fault(json!({"match": {"path": bench.list(true)}, "times": 1, "answer": busy}));
        bench.fault(json!({"answer": {"delayMs": ANSWER.as_millis()}}));
        read(before).await;
        assert_eq!(read(10).await, after);
        read(40).await;
        assert_eq!(read(10).await, before, "it keeps up again");
    }
}

#[tokio::test(start_paused = true)]
async fn r11_ranges_give_every_row_once_whenever_runs_end() {
    for (product, seed) in [(CONNECTWISE, 1), (AUTOTASK, 2)] {
        let (bench, everything) = (Bench::open(product, Size::Large).await, Filter::default());
        let (psa, mut rng) = (bench.psa(), Rng::with_seed(seed));
        let (mut ids, mut from, mut runs) = (Vec::new(), None::<Cursor>, 0);
        loop {
            runs += 1;
            // Pages that are under way at the end of a run are lost with it.
            let pages = psa.contacts(&everything, from.as_ref(), Some(100_000));
            let pages: Vec<_> = pages.take(rng.usize(5..40)).try_collect().await.unwrap();
            from.clone_from(&pages.last().unwrap().next);
            ids.extend(pages.into_iter().flat_map(|page| page.items).map(|contact| contact.id));
            if from.is_none() {
                break;
            }
        }
        let read = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((ids.len(), read), (100_000, 100_000), "seed {seed}");
        assert!(runs > 3);
    }
}
