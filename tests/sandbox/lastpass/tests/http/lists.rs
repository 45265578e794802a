//! Pages, tokens and the order of lists.

use serde_json::{Value, json};

use crate::client::{Sandbox, start};

const USERS: &str = "/v1/managed-companies/1101/users";

/// A simulator with 25 users in the company.
async fn with_users() -> Sandbox {
    let sandbox = start().await;
    let more: Vec<Value> = (0..23)
        .map(|n| json!({"companyId": 1101, "name": format!("U{n:02}"), "email": format!("u{n}@x.example")}))
        .collect();
    sandbox.change(json!({ "users": more }));
    sandbox
}

fn ids(items: &[Value]) -> Vec<i64> {
    items.iter().map(|item| item["id"].as_i64().unwrap()).collect()
}

async fn first(sandbox: &Sandbox, query: &str) -> (Vec<i64>, String) {
    let (_, page) = sandbox.get(&format!("{USERS}?{query}")).await;
    (
        ids(page["items"].as_array().unwrap()),
        page["nextPageToken"].as_str().unwrap().to_owned(),
    )
}

#[tokio::test]
async fn a_page_has_ten_rows_unless_asked() {
    let sandbox = with_users().await;
    assert_eq!(first(&sandbox, "").await.0.len(), 10);
    for (query, status) in [
        ("1", 200),
        ("500", 200),
        ("0", 400),
        ("501", 400),
        ("x", 400),
        ("-1", 400),
    ] {
        assert_eq!(
            sandbox.get(&format!("{USERS}?max-results={query}")).await.0,
            status,
            "{query}"
        );
    }
    sandbox.switch("maxResultsOverLimit", "clamped");
    assert_eq!(sandbox.get(&format!("{USERS}?max-results=501")).await.0, 200);
}

#[tokio::test]
async fn every_row_is_on_one_page_in_every_order() {
    let sandbox = with_users().await;
    for sort in ["id", "name", "email", "account-status"] {
        let mut walked = Vec::new();
        for direction in ["asc", "desc"] {
            walked.push(ids(&sandbox
                .walk(&format!("{USERS}?max-results=7&sort={sort}:{direction}"))
                .await));
        }
        walked[1].reverse();
        assert_eq!(walked[0], walked[1], "{sort}");
        walked[0].sort_unstable();
        walked[0].dedup();
        assert_eq!(walked[0].len(), 25, "{sort}");
    }
    assert_eq!(sandbox.get(&format!("{USERS}?sort=age:asc")).await.0, 400);
    sandbox.switch("unknownSort", "ignored");
    assert_eq!(sandbox.get(&format!("{USERS}?sort=age:asc")).await.0, 200);
}

#[tokio::test]
async fn a_token_is_bound_to_its_filters_and_cannot_be_made_up() {
    let sandbox = with_users().await;
    let (_, token) = first(&sandbox, "name=U%25").await;
    assert_eq!(
        sandbox
            .get(&format!("{USERS}?name=U%25&page-token={token}&max-results=3"))
            .await
            .0,
        200
    );
    assert_eq!(sandbox.get(&format!("{USERS}?page-token={token}")).await.0, 400);
    assert_eq!(sandbox.get(&format!("{USERS}?page-token=nonsense")).await.0, 400);
}

#[tokio::test]
async fn a_snapshot_stays_while_rows_come_and_go() {
    let sandbox = with_users().await;
    let (seen, token) = first(&sandbox, "").await;
    sandbox.clock.advance(1);
    sandbox.change(json!({"delete": {"users": [seen[0]]}}));
    sandbox.invite(1101, "late@x.example").await;
    let rest = ids(&sandbox
        .walk(&format!("{USERS}?max-results=500&page-token={token}"))
        .await);
    assert_eq!(rest.len(), 15);
    assert!(rest.iter().all(|id| !seen.contains(id)));
}

#[tokio::test]
async fn rows_shift_where_tokens_are_offsets() {
    let sandbox = with_users().await;
    sandbox.switch("pageTokenUnderChange", "offsetBased");
    let (seen, token) = first(&sandbox, "").await;
    sandbox.change(json!({"delete": {"users": [seen[0]]}}));
    let (_, page) = sandbox
        .get(&format!("{USERS}?max-results=500&page-token={token}"))
        .await;
    assert_eq!(page["items"].as_array().unwrap().len(), 14, "one row was lost");
}

#[tokio::test]
async fn a_token_can_expire() {
    let sandbox = with_users().await;
    sandbox.switch("pageTokenUnderChange", "expires");
    let (_, token) = first(&sandbox, "").await;
    assert_eq!(sandbox.get(&format!("{USERS}?page-token={token}")).await.0, 200);
    sandbox.clock.advance(61);
    assert_eq!(sandbox.get(&format!("{USERS}?page-token={token}")).await.0, 400);
}

#[tokio::test]
async fn the_last_page_tells_that_it_is_in_the_form_switched() {
    let sandbox = start().await;
    let page = async |switch: &str| {
        sandbox.switch("lastPageToken", switch);
        sandbox.get(USERS).await.1
    };
    assert_eq!(page("null").await.get("nextPageToken"), Some(&Value::Null));
    assert_eq!(page("absent").await.get("nextPageToken"), None);
    assert_eq!(page("emptyText").await["nextPageToken"], "");
    let token = page("emptyPage").await["nextPageToken"].as_str().unwrap().to_owned();
    let (_, empty) = sandbox.get(&format!("{USERS}?page-token={token}")).await;
    assert_eq!(empty, json!({"items": [], "nextPageToken": null}));
    sandbox.switch("itemsNullWhenEmpty", "null");
    let (_, empty) = sandbox.get(&format!("{USERS}?page-token={token}")).await;
    assert_eq!(empty["items"], Value::Null);
}

#[tokio::test]
async fn ids_have_the_form_switched_and_are_read_back() {
    let sandbox = start().await;
    for (switch, text) in [
        ("small", "50101"),
        ("strings", "\"50101\""),
        ("aboveDouble", "9007199254841195"),
    ] {
        sandbox.switch("ids", switch);
        let users = sandbox.walk(USERS).await;
        assert_eq!(users[0]["id"].to_string(), text);
        let companies = sandbox.walk("/v1/managed-companies").await;
        let path = format!("/v1/managed-companies/{}/users/{}", companies[0]["id"], users[0]["id"]);
        assert_eq!(sandbox.get(&path.replace('"', "")).await.1["name"], "Jan Jansen");
    }
}
