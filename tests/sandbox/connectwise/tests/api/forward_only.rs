//! Paging by id.

use crate::support::{Sim, refused, sent, small};
use serde_json::json;

const CONTACTS: &str = "company/contacts";

/// Walks until the links end; answers the ids and the number of requests.
async fn walk(sim: &Sim, path: &str, parameters: &[(&str, &str)]) -> (Vec<i64>, usize) {
    let mut page = sim.forward(path, parameters).await;
    let (mut ids, mut requests) = (page.ids(), 1);
    while let [(relation, next)] = page.links().as_slice() {
        assert_eq!(relation, "next");
        let below = next.strip_prefix(&format!("{}/v2025_1/apis/3.0/", sim.origin)).unwrap();
        page = sim.forward(below, &[]).await;
        ids.extend(page.ids());
        requests += 1;
    }
    assert_eq!(
        page.header("link"),
        Some(""),
        "at the end the header is there and empty"
    );
    (ids, requests)
}

#[tokio::test]
async fn the_walk_sees_every_row_once_by_id() {
    let sim = small().await;
    let all = sim.ids(CONTACTS, &[]).await;
    for (size, requests) in [("7", 86), ("100", 6), ("1000", 1)] {
        assert_eq!(
            walk(&sim, CONTACTS, &[("pageSize", size), ("fields", "id")]).await,
            (all.clone(), requests)
        );
    }
    let companies = sim
        .ids("company/companies", &[("conditions", "deletedFlag=false")])
        .await;
    let walked = walk(
        &sim,
        "company/companies",
        &[("conditions", "deletedFlag=false"), ("pageSize", "9")],
    )
    .await;
    assert_eq!(walked, (companies, 5));
}

#[tokio::test]
async fn the_link_names_the_last_id_and_keeps_the_other_parameters() {
    let sim = small().await;
    let answer = sim
        .forward(CONTACTS, &[("pageSize", "2"), ("pageId", "0"), ("fields", "id,types")])
        .await;
    let next = format!(
        "{}/v2025_1/apis/3.0/company/contacts?pageSize=2&fields=id%2Ctypes&pageId=3002",
        sim.origin
    );
    assert_eq!(answer.links(), [("next".to_owned(), next)]);
}

#[tokio::test]
async fn where_the_links_end_is_switched() {
    let sim = small().await;
    let last = [("pageSize", "600"), ("fields", "id")];
    let past = [("pageId", "3600"), ("fields", "id")];
    assert_eq!(sim.forward(CONTACTS, &last).await.header("link"), Some(""));
    sim.switch(json!({"forwardOnlyEnd": "emptyPage"}));
    assert_eq!(sim.forward(CONTACTS, &last).await.links().len(), 1);
    assert_eq!(sim.forward(CONTACTS, &past).await.header("link"), Some(""));
    sim.switch(json!({"forwardOnlyEnd": "never"}));
    let answer = sim.forward(CONTACTS, &past).await;
    assert_eq!(answer.ids(), [0; 0]);
    assert!(answer.links()[0].1.ends_with("pageId=3600"));
}

#[tokio::test]
async fn the_mode_is_asked_for_by_header_in_any_letter_case() {
    let sim = small().await;
    let request = sim.request(CONTACTS, &[("pageSize", "1"), ("pageId", "3100")]);
    let answer = sent(request.header("Pagination-Type", "Forward-Only")).await;
    assert_eq!(answer.ids(), [3_101]);
    let by_number = sim.get(CONTACTS, &[("pageSize", "1"), ("pageId", "3100")]).await;
    assert_eq!(by_number.ids(), [3_001]);
}

#[tokio::test]
async fn order_is_refused_or_ignored_and_page_is_ignored() {
    let sim = small().await;
    let ordered = [("pageSize", "2"), ("orderBy", "id desc"), ("page", "3")];
    let error = sim.forward(CONTACTS, &ordered).await.error();
    assert_eq!(error, refused("orderBy is not allowed with forward-only pagination."));
    sim.switch(json!({"forwardOnlyIgnoresOrder": true}));
    assert_eq!(sim.forward(CONTACTS, &ordered).await.ids(), [3_001, 3_002]);
}

#[tokio::test]
async fn rows_that_come_or_go_during_the_walk_move_no_other() {
    let sim = small().await;
    let first = sim
        .forward(CONTACTS, &[("pageSize", "3"), ("fields", "id")])
        .await
        .ids();
    sim.change(json!({"delete": {"contacts": [first[0]]}, "contacts": [{"firstName": "New"}]}));
    let rest = walk(
        &sim,
        CONTACTS,
        &[("pageSize", "1000"), ("fields", "id"), ("pageId", "3003")],
    )
    .await
    .0;
    assert_eq!((rest[0], *rest.last().unwrap(), rest.len()), (3_004, 3_601, 598));
}

#[tokio::test]
async fn a_list_that_does_not_know_the_mode_answers_its_first_page() {
    let sim = small().await;
    let asked = [("pageSize", "2"), ("pageId", "3100"), ("fields", "id")];
    sim.switch(json!({"setupIgnoresForwardOnly": true}));
    assert_eq!(sim.forward(CONTACTS, &asked).await.ids(), [3_101, 3_102]);
    let types = sim
        .forward("company/contacts/types", &[("pageSize", "2"), ("pageId", "5")])
        .await;
    assert_eq!(
        (types.ids(), types.relations()),
        (vec![4, 5], vec!["next".into(), "last".into()])
    );
    sim.switch(
        json!({"setupIgnoresForwardOnly": false, "recordsIgnoreForwardOnly": true, "defaultOrder": "idDescending"}),
    );
    let numbered = sim.forward(CONTACTS, &asked).await;
    assert_eq!(
        (numbered.ids(), numbered.relations()),
        (vec![3_600, 3_599], vec!["next".into(), "last".into()])
    );
    let second = [("pageSize", "2"), ("page", "2"), ("fields", "id")];
    assert_eq!(sim.forward(CONTACTS, &second).await.ids(), [3_598, 3_597]);
    let ordered = [("pageSize", "2"), ("orderBy", "id asc"), ("conditions", "id > 3100")];
    assert_eq!(sim.forward(CONTACTS, &ordered).await.ids(), [3_101, 3_102]);
}
