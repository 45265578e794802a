use reqwest::Method;
use serde_json::{Value, json};
use sim_autotask::contact_id;

use crate::client::{Sandbox, answer, everything, ids, start};

fn next(answer: &Value) -> Option<String> {
    answer["pageDetails"]["nextPageUrl"].as_str().map(str::to_owned)
}

/// All ids, page by page, by the given verb; the search or body goes along as its flavour wants it.
async fn walk(sandbox: &Sandbox, method: Method, body: &Value) -> Vec<i64> {
    let mut all = Vec::new();
    let first = format!(
        "Contacts/query?search={}",
        if method == Method::GET {
            body.to_string()
        } else {
            String::new()
        }
    );
    let mut url = Some(if method == Method::GET {
        first
    } else {
        "Contacts/query".to_owned()
    });
    while let Some(at) = url {
        let request = sandbox.request(method.clone(), &at);
        let request = if method == Method::POST {
            request.body(body.to_string())
        } else {
            request
        };
        let (status, page) = answer(request).await;
        assert_eq!(status, 200, "{page}");
        all.extend(ids(&page));
        url = next(&page);
    }
    all
}

#[tokio::test]
async fn pages_hold_500_records_in_the_order_of_their_ids() {
    let sandbox = start().await;
    let page = sandbox.query("Contacts", &json!({"filter": everything()})).await;
    assert_eq!(ids(&page), (1..=500).map(contact_id).collect::<Vec<_>>());
    let details = &page["pageDetails"];
    assert_eq!(
        (&details["count"], &details["requestCount"], &details["prevPageUrl"]),
        (&json!(500), &json!(500), &Value::Null)
    );
    assert_eq!(sandbox.count("Contacts", everything()).await, 600);
}

#[tokio::test]
async fn both_flavours_reach_every_row_once() {
    let sandbox = start().await;
    let all: Vec<_> = (1..=600).map(contact_id).collect();
    for size in [500, 100, 7] {
        let body = json!({"filter": everything(), "MaxRecords": size});
        assert_eq!(walk(&sandbox, Method::POST, &body).await, all, "POST by {size}");
        assert_eq!(walk(&sandbox, Method::GET, &body).await, all, "GET by {size}");
    }
}

#[tokio::test]
async fn the_next_page_is_an_absolute_url_on_the_callers_own_host() {
    let sandbox = start().await;
    let page = sandbox
        .query("Contacts", &json!({"filter": everything(), "MaxRecords": 10}))
        .await;
    let url = next(&page).unwrap();
    assert!(url.starts_with(&format!(
        "{}/ATServicesRest/V1.0/Contacts/query/next?paging=%7B%22pageSize%22%3A10",
        sandbox.origin
    )));
}

#[tokio::test]
async fn the_next_page_wants_the_verb_of_the_first() {
    let sandbox = start().await;
    let body = json!({"filter": everything(), "MaxRecords": 10});
    let posted = next(&sandbox.query("Contacts", &body).await).unwrap();
    let refused = "The requested resource does not support http method 'GET'.";
    assert_eq!(sandbox.get(&posted).await, (405, json!({"Message": refused})));
    let (_, page) = sandbox.get(&format!("Contacts/query?search={body}")).await;
    let got = next(&page).unwrap();
    assert!(got.contains("&search="));
    let refused = "The requested resource does not support http method 'POST'.";
    assert_eq!(sandbox.post(&got, &body).await, (405, json!({"Message": refused})));
}

#[tokio::test]
async fn the_next_page_of_a_post_wants_the_filter_again_and_nothing_else() {
    let sandbox = start().await;
    let filter = json!({"filter": [{"op": "eq", "field": "isActive", "value": 0}]});
    let mut first = filter.clone();
    first["MaxRecords"] = json!(5);
    first["IncludeFields"] = json!(["id", "isActive"]);
    let page = sandbox.query("Contacts", &first).await;
    let url = next(&page).unwrap();
    let (status, without) = answer(sandbox.request(Method::POST, &url)).await;
    assert_eq!(
        (status, without),
        (
            500,
            json!({"errors": ["Value cannot be null.\r\nParameter name: filters"]})
        )
    );
    let (status, second) = sandbox.post(&url, &filter).await;
    assert_eq!((status, &second["pageDetails"]["count"]), (200, &json!(5)));
    assert!(ids(&second)[0] > ids(&page)[4]);
    assert_eq!(
        second["items"][0],
        json!({"id": ids(&second)[0], "isActive": 0, "userDefinedFields": []})
    );
}

#[tokio::test]
async fn the_way_back_leads_to_the_page_before() {
    let sandbox = start().await;
    let body = json!({"filter": everything(), "MaxRecords": 100});
    let first = sandbox.query("Contacts", &body).await;
    let second = sandbox.post(&next(&first).unwrap(), &body).await.1;
    let back = sandbox
        .post(second["pageDetails"]["prevPageUrl"].as_str().unwrap(), &body)
        .await
        .1;
    assert_eq!(ids(&back), ids(&first));
    assert_eq!(back["pageDetails"]["prevPageUrl"], Value::Null);
    assert_eq!(ids(&sandbox.post(&next(&back).unwrap(), &body).await.1), ids(&second));
}

#[tokio::test]
async fn a_page_that_ends_exactly_at_the_last_row_is_the_last() {
    let sandbox = start().await;
    let page = sandbox
        .query("Companies", &json!({"filter": everything(), "MaxRecords": 40}))
        .await;
    assert_eq!((&page["pageDetails"]["count"], next(&page)), (&json!(40), None));
    let page = sandbox
        .query("Companies", &json!({"filter": everything(), "MaxRecords": 39}))
        .await;
    assert!(next(&page).is_some());
}

#[tokio::test]
async fn an_id_cursor_needs_no_server_state_and_sees_rows_added_meanwhile() {
    let sandbox = start().await;
    let mut seen = Vec::new();
    loop {
        let after = seen.last().copied().unwrap_or(-1);
        let body = json!({"filter": [{"op": "gt", "field": "id", "value": after}], "MaxRecords": 250});
        let page = ids(&sandbox.query("Contacts", &body).await);
        if seen.is_empty() {
            let added = json!({"contacts": [{"companyID": 0, "firstName": "Late", "lastName": "Comer"}]});
            simkit::Simulator::change_records(&sandbox.simulator, added).unwrap();
        }
        seen.extend(&page);
        if page.len() < 250 {
            break;
        }
    }
    assert_eq!(seen, (1..=601).map(contact_id).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_get_flavour_may_stay_at_query_by_switch() {
    let sandbox = start().await;
    sandbox.switch(json!({"getNextAtQuery": true}));
    let body = json!({"filter": everything(), "MaxRecords": 200});
    let (_, page) = sandbox.get(&format!("Contacts/query?search={body}")).await;
    assert!(next(&page).unwrap().contains("/Contacts/query?paging="));
    assert_eq!(walk(&sandbox, Method::GET, &body).await.len(), 600);
}

#[tokio::test]
async fn old_pages_are_forgotten_by_switch() {
    let sandbox = start().await;
    sandbox.switch(json!({"keptPages": 2}));
    let body = json!({"filter": everything(), "MaxRecords": 1});
    let mut urls = vec![next(&sandbox.query("Companies", &body).await).unwrap()];
    for _ in 0..2 {
        let page = sandbox.post(urls.last().unwrap(), &body).await.1;
        urls.push(next(&page).unwrap());
    }
    assert_eq!(sandbox.post(&urls[0], &body).await.0, 500);
    assert_eq!(sandbox.post(&urls[2], &body).await.0, 200);
}

#[tokio::test]
async fn a_cursor_that_is_none_is_an_unexpected_error() {
    let sandbox = start().await;
    let body = json!({"filter": everything()});
    for path in ["Contacts/query/next", "Contacts/query/next?paging=2"] {
        let (status, refused) = sandbox.post(path, &body).await;
        assert_eq!(status, 500);
        assert!(
            refused["errors"][0]
                .as_str()
                .unwrap()
                .starts_with("An unexpected error has occurred.")
        );
    }
}
