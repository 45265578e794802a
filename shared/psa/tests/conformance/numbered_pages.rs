//! Endpoints of `ConnectWise` that answer as if there were no walks by id (R9, R10, R11).

use std::collections::BTreeSet;

use domain::filter::Filter;
use domain::psa::{Cursor, PsaFailureKind};
use futures::StreamExt;
use psa_conformance::bench::{Bench, companies, contacts, contacts_while};
use serde_json::{Value, json};

use crate::products::CONNECTWISE;

/// Every way in which such an endpoint may order its pages.
const ORDERS: [&str; 3] = ["id", "idDescending", "lastUpdated"];

/// Pages of a hundred rows, by number.
async fn numbered(order: &str) -> Bench {
    let bench = Bench::small(CONNECTWISE).await;
    bench.switch(json!({"recordsIgnoreForwardOnly": true, "defaultOrder": order, "pageCap": 100}));
    bench
}

fn new_contact(bench: &Bench, id: i64) -> Value {
    json!({"id": id, "firstName": "New", "company": {"id": bench.company_id(2)}})
}

#[tokio::test]
async fn r9_a_walk_by_condition_needs_one_request_more() {
    for order in ORDERS {
        let bench = numbered(order).await;
        let read = contacts(&*bench.psa(), &Filter::default(), true).await.unwrap();
        assert!(read.is_sorted_by_key(|contact| contact.id.as_str().parse::<i64>().unwrap()));
        assert_eq!((read.len(), bench.reads(true)), (600, 7), "{order}");
    }
}

#[tokio::test]
async fn r10_a_walk_by_condition_loses_and_doubles_no_row() {
    for order in ORDERS {
        let bench = numbered(order).await;
        let (psa, added) = (bench.psa(), bench.contact_id(90_000));
        let deleted = [10, 599, 1].map(|number| bench.contact_id(number));
        let read = contacts_while(&*psa, true, |page| {
            if page == 1 {
                // A change moves a row to another page where pages are ordered by it.
                let touched = json!({"id": bench.contact_id(150), "title": "New"});
                let changes =
                    json!({"contacts": [new_contact(&bench, added), touched], "delete": {"contacts": deleted}});
                bench.change(changes);
            }
        });
        let read = read.await.unwrap();
        let ids: BTreeSet<i64> = read
            .iter()
            .map(|contact| contact.id.as_str().parse().unwrap())
            .collect();
        assert_eq!(ids.len(), read.len(), "doubled");
        // Two of the deleted ones had been read.
        let expected = (1..=600)
            .filter(|number| *number != 599)
            .map(|number| bench.contact_id(number));
        assert_eq!(ids, expected.chain([added]).collect(), "{order}");
    }
}

#[tokio::test]
async fn r11_a_walk_by_condition_goes_on_as_one() {
    let bench = numbered("idDescending").await;
    let (mut read, mut from) = (0, None::<Cursor>);
    loop {
        let psa = bench.psa();
        let page = psa
            .contacts(&Filter::default(), from.as_ref(), Some(600))
            .next()
            .await
            .unwrap()
            .unwrap();
        read += page.items.len();
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(
        (read, bench.reads(true)),
        (600, 7),
        "only the first page was asked for twice"
    );
}

#[tokio::test]
async fn r10_a_mode_that_ends_in_the_middle_is_left_in_the_middle() {
    for order in ORDERS {
        let bench = Bench::small(CONNECTWISE).await;
        bench.small_pages();
        let psa = bench.psa();
        let read = contacts_while(&*psa, true, |page| {
            if page == 3 {
                bench.switch(json!({"recordsIgnoreForwardOnly": true, "defaultOrder": order}));
            }
        });
        assert_eq!(read.await.unwrap().len(), 600, "{order}");
        assert_eq!(bench.reads(true), 7, "{order}");
    }
}

#[tokio::test]
async fn r9_rows_that_were_passed_over_are_not_left_behind() {
    let bench = Bench::small(CONNECTWISE).await;
    bench.small_pages();
    // A first page that is none of a walk, and does not say so.
    let rows: Vec<Value> = (300..400)
        .map(|number| new_contact(&bench, bench.contact_id(number)))
        .collect();
    let answer = json!({"status": 200, "body": json!(rows).to_string()});
    bench.fault(json!({"match": {"path": bench.list(true)}, "times": 1, "answer": answer}));
    bench.switch(json!({"recordsIgnoreForwardOnly": true}));
    let failure = contacts(&*bench.psa(), &Filter::default(), true).await.unwrap_err();
    assert_eq!(failure.kind, PsaFailureKind::PsaInvalidResponse, "{failure}");
    assert!(failure.reason.contains("more rows than the list gave"), "{failure}");
}

/// What a setup table answers instead of its own rows, once for each page.
fn statuses(bench: &Bench, pages: &[(Value, &str)]) {
    for (before, (page, link)) in pages.iter().enumerate() {
        let answer = json!({"status": 200, "body": page.to_string(), "headers": {"link": link}});
        bench.fault(json!({"match": {"path": "/companies/statuses$"}, "skip": before, "times": 1, "answer": answer}));
    }
}

#[tokio::test]
async fn a_setup_table_may_come_in_any_order() {
    let by_name = json!([
        {"id": 20, "name": "Delinquent"}, {"id": 3, "name": "Inactive", "inactiveFlag": true}, {"id": 1, "name": "Active"},
        {"id": 3, "name": "Inactive", "inactiveFlag": true}, {"name": "of no id"}, {"id": 0, "name": "None"}, {"id": -1},
    ]);
    for link in ["", r#"<https://h/x?pageSize=1000&page=1>; rel="last""#] {
        let bench = Bench::small(CONNECTWISE).await;
        statuses(&bench, &[(by_name.clone(), link)]);
        let attributes = bench.psa().attributes().await.unwrap();
        let values: Vec<&str> = attributes[1].values.iter().map(|value| value.id.as_str()).collect();
        assert_eq!(values, ["-1", "0", "1", "3", "20"]);
        statuses(&bench, &[(by_name.clone(), link)]);
        let all = companies(&*bench.psa(), &Filter::default(), true).await.unwrap();
        assert!(all.iter().any(|company| !company.active));
    }
}

#[tokio::test]
async fn a_setup_table_of_several_pages_is_walked_by_id() {
    let whole = |bench: &Bench| {
        let psa = bench.psa();
        async move { psa.attributes().await.unwrap() }
    };
    for ignores in [false, true] {
        for order in ORDERS {
            let bench = Bench::small(CONNECTWISE).await;
            let expected = whole(&bench).await;
            bench.switch(json!({"setupIgnoresForwardOnly": ignores, "defaultOrder": order, "pageCap": 3}));
            assert_eq!(whole(&bench).await, expected, "{ignores} {order}");
            bench.switch(json!({"forwardOnlyEnd": "never"}));
            assert_eq!(whole(&bench).await, expected, "{ignores} {order}");
        }
    }
}

#[tokio::test]
async fn a_setup_table_whose_second_page_goes_back_is_refused() {
    let bench = Bench::small(CONNECTWISE).await;
    let next = r#"<https://h/x?pageId=2>; rel="next""#;
    let (first, back) = (json!([{"id": 1}, {"id": 2}]), json!([{"id": 2}, {"id": 1}]));
    statuses(
        &bench,
        &[(first.clone(), next), (back.clone(), next), (first, next), (back, next)],
    );
    let failure = bench.psa().attributes().await.unwrap_err();
    assert_eq!(failure.kind, PsaFailureKind::PsaInvalidResponse, "{failure}");
}
