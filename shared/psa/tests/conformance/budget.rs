//! No more requests than must be: at most 5 in 100 above the floor of one for each full page.

use domain::filter::Filter;
use psa_conformance::bench::Bench;
use psa_conformance::product::Product;
use simkit::msp::Size;

use crate::products::{AUTOTASK, CONNECTWISE};

async fn import(product: &'static dyn Product) -> u64 {
    let bench = Bench::open(product, Size::Large).await;
    let (psa, everything) = (bench.psa(), Filter::default());
    let totals = psa.totals(&everything).await.unwrap();
    assert_eq!((totals.companies, totals.contacts), (5_000, 100_000));
    let mut from = None;
    let mut read = 0;
    loop {
        let page = psa
            .companies(&everything, from.as_ref(), Some(totals.companies))
            .await
            .unwrap();
        read += page.items.len();
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(read, 5_000);
    let mut read = 0;
    loop {
        let page = psa
            .contacts(&everything, from.as_ref(), Some(totals.contacts))
            .await
            .unwrap();
        read += page.items.len();
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(read, 100_000);
    assert_eq!(psa.stats().requests, bench.asked("") as u64);
    psa.stats().requests
}

#[tokio::test]
async fn connectwise_gives_a_large_msp_in_110_requests() {
    let requests = import(CONNECTWISE).await;
    assert!(requests <= 110, "{requests}");
}

#[tokio::test]
async fn autotask_gives_a_large_msp_in_221_requests() {
    let requests = import(AUTOTASK).await;
    assert!(requests <= 221, "{requests}");
}
