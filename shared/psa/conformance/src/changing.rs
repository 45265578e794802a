//! Rows that change while they are read (R9, R10).

use std::collections::BTreeSet;

use domain::filter::Filter;
use domain::psa::{Cursor, PsaFailureKind};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::bench::{Bench, contact, contacts, contacts_while, filter};

pub async fn r10_no_row_is_lost_or_doubled_when_rows_come_and_go_meanwhile(bench: Bench) {
    for counted in [true, false] {
        bench.small_pages();
        let psa = bench.psa();
        let before = contacts(&*psa, &Filter::default(), true).await.unwrap();
        let numbers = if counted { [10, 599, 1] } else { [11, 598, 2] };
        let deleted = numbers.map(|number| bench.contact_id(number));
        let added = bench.contact_id(90_000) + i64::from(counted);
        let read = contacts_while(&*psa, counted, |page| {
            if page == 1 {
                bench.change(json!({"contacts": [bench.product.new_contact(added)], "delete": {"contacts": deleted}}));
            }
        });
        let read = read.await.unwrap();
        let ids: BTreeSet<&str> = read.iter().map(|contact| contact.id.as_str()).collect();
        assert_eq!(ids.len(), read.len(), "doubled");
        for row in &before {
            let untouched = !deleted.iter().any(|id| row.id == contact(*id));
            assert!(!untouched || ids.contains(row.id.as_str()), "lost {:?}", row.id);
        }
        assert!(
            ids.contains(added.to_string().as_str()),
            "a row that came before the end"
        );
        assert!(
            !ids.contains(deleted[1].to_string().as_str()),
            "a row that went before its page"
        );
    }
}

pub async fn r10_rows_that_vanish_at_the_end_do_not_stop_the_walk(bench: Bench) {
    bench.small_pages();
    let last: Vec<i64> = (551..=600).map(|number| bench.contact_id(number)).collect();
    let psa = bench.psa();
    let read = contacts_while(&*psa, true, |page| {
        if page == 1 {
            bench.change(json!({"delete": {"contacts": last}}));
        }
    });
    assert_eq!(read.await.unwrap().len(), 550);
}

pub async fn r9_an_empty_page_in_the_middle_is_not_the_end(bench: Bench) {
    let empty = bench.product.page(&[]).to_string();
    for counted in [true, false] {
        bench.small_pages();
        bench.simulator.faults().clear();
        bench.fault(json!({"match": {"path": bench.list(true)}, "skip": 1, "answer": {"status": 200, "body": empty}}));
        let failure = contacts(&*bench.psa(), &Filter::default(), counted).await.unwrap_err();
        assert_eq!(failure.kind, PsaFailureKind::PsaInvalidResponse, "{failure}");
    }
}

/// The second page of contacts is this one instead, so many times.
fn second_page(bench: &Bench, row: &Value, times: u64) {
    let body = bench.product.page(std::slice::from_ref(row));
    let answer = json!({"status": 200, "body": body.to_string()});
    bench.small_pages();
    bench.fault(json!({"match": {"path": bench.list(true)}, "skip": 1, "times": times, "answer": answer}));
}

pub async fn r9_a_page_that_is_skipped_is_missed(bench: Bench) {
    second_page(&bench, &bench.product.new_contact(bench.contact_id(599)), 1);
    let failure = contacts(&*bench.psa(), &Filter::default(), true).await.unwrap_err();
    assert_eq!(failure.kind, PsaFailureKind::PsaInvalidResponse, "{failure}");
    assert!(failure.reason.contains("more rows"), "{failure}");
}

pub async fn r9_a_page_that_comes_again_is_refused(bench: Bench) {
    second_page(&bench, &bench.product.new_contact(bench.contact_id(1)), 2);
    let failure = contacts(&*bench.psa(), &Filter::default(), true).await.unwrap_err();
    assert_eq!(failure.kind, PsaFailureKind::PsaInvalidResponse, "{failure}");
    assert!(failure.reason.contains("ids do not rise"), "{failure}");
}

pub async fn r11_a_walk_goes_on_in_another_client(bench: Bench) {
    bench.small_pages();
    let everything = Filter::default();
    let whole = contacts(&*bench.psa(), &everything, true).await.unwrap();
    let (mut pieces, mut from) = (Vec::new(), None::<Cursor>);
    loop {
        // A cursor is kept as text between two runs.
        let kept = from.map(|cursor| serde_json::to_string(&cursor).unwrap());
        let kept: Option<Cursor> = kept.map(|text| serde_json::from_str(&text).unwrap());
        let page = bench
            .psa()
            .contacts(&everything, kept.as_ref(), Some(600))
            .next()
            .await
            .unwrap()
            .unwrap();
        pieces.extend(page.items);
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(pieces, whole);
}

pub async fn r11_a_cursor_of_another_kind_is_refused(bench: Bench) {
    let psa = bench.psa();
    let strange = Cursor("page 2".into());
    let failure = psa
        .contacts(&filter(&[]), Some(&strange), None)
        .next()
        .await
        .unwrap()
        .unwrap_err();
    assert!(
        !failure.retryable && failure.kind == PsaFailureKind::PsaUnknownError,
        "{failure}"
    );
    assert_eq!(bench.asked(""), 0);
}
