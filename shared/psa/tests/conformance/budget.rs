//! No more requests than must be: at most 5 in 100 above the floor of one for each full page.

use domain::filter::Filter;
use domain::psa::PsaKind;
use simkit::msp::Size;

use crate::bench::{Bench, companies, contacts};

async fn import(kind: PsaKind) -> u64 {
    let bench = Bench::open(kind, Size::Large).await;
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
    let requests = import(PsaKind::Connectwise).await;
    assert!(requests <= 110, "{requests}");
}

#[tokio::test]
async fn autotask_gives_a_large_msp_in_221_requests() {
    let requests = import(PsaKind::Autotask).await;
    assert!(requests <= 221, "{requests}");
}

both!(a_small_msp_needs_hardly_more_than_its_pages);

async fn a_small_msp_needs_hardly_more_than_its_pages(bench: Bench) {
    let (psa, everything) = (bench.psa(), Filter::default());
    companies(&*psa, &everything, true).await.unwrap();
    assert_eq!(bench.reads(false), 1);
    contacts(&*psa, &everything, true).await.unwrap();
    assert_eq!(
        bench.reads(true),
        if bench.kind == PsaKind::Connectwise { 1 } else { 2 }
    );
}
