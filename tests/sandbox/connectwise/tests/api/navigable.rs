//! Paging by number.

use serde_json::json;
use simkit::msp::Size;

use crate::support::{open, refused, small};

const CONTACTS: &str = "company/contacts";

#[tokio::test]
async fn a_page_has_25_rows_unless_asked_and_1000_at_most() {
    let sim = open(Size::Large).await;
    assert_eq!(sim.get(CONTACTS, &[]).await.rows().len(), 25);
    assert_eq!(sim.get(CONTACTS, &[("pageSize", "40")]).await.rows().len(), 40);
    assert_eq!(
        sim.get(CONTACTS, &[("pageSize", "5000"), ("fields", "id")])
            .await
            .rows()
            .len(),
        1_000
    );
    sim.switch(json!({"refuseLargePages": true}));
    assert_eq!(sim.get(CONTACTS, &[("pageSize", "1001")]).await.status, 400);
    sim.switch(json!({"pageCap": 10, "refuseLargePages": false}));
    assert_eq!(sim.get(CONTACTS, &[("pageSize", "40")]).await.rows().len(), 10);
}

#[tokio::test]
async fn the_first_page_links_to_next_and_last_with_page_as_the_last_parameter() {
    let sim = small().await;
    let answer = sim
        .get(
            CONTACTS,
            &[
                ("pageSize", "100"),
                ("page", "1"),
                ("conditions", "id in (3001,3002) or id > 3002"),
            ],
        )
        .await;
    let address = format!(
        "{}/v2025_1/apis/3.0/company/contacts?pageSize=100&conditions=id+in+%283001%2C3002%29+or+id+%3E+3002&page",
        sim.origin
    );
    assert_eq!(
        answer.links(),
        [
            ("next".to_owned(), format!("{address}=2")),
            ("last".to_owned(), format!("{address}=6"))
        ]
    );
}

#[tokio::test]
async fn the_links_lead_through_every_row_once() {
    let sim = small().await;
    for path in ["company/contacts", "company/companies"] {
        let all = sim.ids(path, &[]).await;
        let mut seen = Vec::new();
        let mut page = sim.get(path, &[("pageSize", "7"), ("fields", "id,_info")]).await;
        loop {
            seen.extend(page.ids());
            let Some((_, next)) = page.links().into_iter().find(|(relation, _)| relation == "next") else {
                break;
            };
            let below = next
                .strip_prefix(&format!("{}/v2025_1/apis/3.0/", sim.origin))
                .unwrap()
                .to_owned();
            page = sim.get(&below, &[]).await;
        }
        assert_eq!(seen, all, "{path}");
    }
}

#[tokio::test]
async fn which_relations_a_page_has_is_switched() {
    let sim = small().await;
    let page = async |page: &str| {
        sim.get(CONTACTS, &[("pageSize", "200"), ("page", page)])
            .await
            .relations()
    };
    assert_eq!(page("2").await, ["next", "last", "first", "prev"]);
    assert_eq!(page("3").await, ["last", "first", "prev"]);
    let single = sim.get(CONTACTS, &[("pageSize", "1000")]).await;
    assert_eq!(single.header("link"), None);
    sim.switch(json!({"linkOnLastPage": false, "firstLinkOnFirstPage": true, "linkOnSinglePage": true}));
    assert_eq!(page("3").await, [""; 0]);
    assert_eq!(page("1").await, ["next", "last", "first"]);
    assert_eq!(
        sim.get(CONTACTS, &[("pageSize", "1000")]).await.relations(),
        ["last", "first"]
    );
}

#[tokio::test]
async fn a_page_past_the_end_is_empty() {
    let sim = small().await;
    for page in ["7", "999999999999"] {
        let answer = sim.get(CONTACTS, &[("pageSize", "100"), ("page", page)]).await;
        assert_eq!((answer.status, answer.rows().len()), (200, 0));
    }
}

#[tokio::test]
async fn rows_that_come_or_go_between_pages_shift_the_rest() {
    let sim = small().await;
    let first = sim.get(CONTACTS, &[("pageSize", "3"), ("fields", "id")]).await.ids();
    sim.change(json!({"delete": {"contacts": [first[0]]}}));
    let second = sim
        .get(CONTACTS, &[("pageSize", "3"), ("page", "2"), ("fields", "id")])
        .await
        .ids();
    assert_eq!(
        second[0],
        first[2] + 2,
        "the row after the third has moved to page 1 and is never seen"
    );
}

#[tokio::test]
async fn without_order_the_order_may_be_any() {
    let sim = small().await;
    sim.switch(json!({"defaultOrder": "lastUpdated"}));
    let ids = sim.ids("company/contacts", &[]).await;
    assert!(!ids.is_sorted());
    let asked = sim.ids("company/contacts", &[("orderBy", "id asc")]).await;
    assert!(asked.is_sorted());
    assert_eq!(asked.len(), ids.len());
}

#[tokio::test]
async fn order_is_by_several_keys_in_either_direction() {
    let sim = small().await;
    let rows = sim
        .get(
            CONTACTS,
            &[("orderBy", "Company/Name desc, lastName"), ("pageSize", "1000")],
        )
        .await
        .rows();
    let keys: Vec<(Option<String>, Option<String>)> = rows
        .iter()
        .map(|row| {
            (
                row["company"]["name"].as_str().map(str::to_lowercase),
                row["lastName"].as_str().map(str::to_lowercase),
            )
        })
        .collect();
    assert!(
        keys.windows(2)
            .all(|pair| pair[0].0 > pair[1].0 || (pair[0].0 == pair[1].0 && pair[0].1 <= pair[1].1))
    );
    assert!(
        keys.first().unwrap().0.is_some() && keys.last().unwrap().0.is_none(),
        "missing values come first ascending"
    );
    let ids = sim.ids(CONTACTS, &[("orderBy", "id desc")]).await;
    assert!(ids.iter().rev().is_sorted());
}

#[tokio::test]
async fn an_order_that_is_none_is_refused() {
    let sim = small().await;
    for (order, unknown) in [
        ("nonsense", "nonsense"),
        ("types/name", "types/name"),
        ("id asc desc", "id"),
    ] {
        let error = sim.get(CONTACTS, &[("orderBy", order)]).await.error();
        assert_eq!(error, refused(&format!("{unknown} is not a recognized name.")));
    }
    let error = sim.get(CONTACTS, &[("orderBy", "id up")]).await.error();
    assert_eq!(error, refused("up is not a recognized sort direction."));
}

#[tokio::test]
async fn numbers_that_are_none_are_refused_and_empty_ones_are_absent() {
    let sim = small().await;
    for parameter in ["page", "pageSize"] {
        assert_eq!(sim.get(CONTACTS, &[(parameter, "many")]).await.status, 400);
        assert_eq!(sim.get(CONTACTS, &[(parameter, "")]).await.rows().len(), 25);
        assert_eq!(sim.get(CONTACTS, &[(parameter, "0")]).await.rows().len(), 25);
    }
}

#[tokio::test]
async fn a_count_counts_what_the_list_would_hold() {
    let sim = small().await;
    assert_eq!(
        sim.get("company/contacts/count", &[]).await.json(),
        json!({"count": 600})
    );
    for conditions in ["inactiveFlag = true", "company/id = null", "id < 0"] {
        let listed = sim.contacts_where(conditions).await.len();
        let counted = sim
            .get("company/contacts/count", &[("conditions", conditions)])
            .await
            .json();
        assert_eq!(counted, json!({"count": listed}), "{conditions}");
    }
}

#[tokio::test]
async fn parameter_names_in_any_letter_case_and_junk_parameters_are_taken() {
    let sim = small().await;
    let connectpyse =
        "company/contacts/?PAGESIZE=3&childconditions=types%2Fid+%3D+7&recordId=%3Cobject%3E&recordType=x";
    let ids = sim.get(connectpyse, &[]).await.ids();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| (id - 3_000) % 12 == 5));
}
