//! Walking a large tenant as an importer does.

use serde_json::json;
use sim_autotask::contact_id;
use simkit::msp::Size;

use crate::client::{everything, ids, start_with};

#[tokio::test]
async fn an_importer_needs_201_pages_for_100_000_contacts() {
    let sandbox = start_with(Size::Large, None).await;
    let mut seen = Vec::new();
    let mut pages = 0;
    loop {
        let after = seen.last().copied().unwrap_or(-1);
        let filter = json!([{"op": "gt", "field": "id", "value": after}]);
        let page = ids(&sandbox
            .query("Contacts", &json!({"filter": filter, "IncludeFields": ["id"]}))
            .await);
        pages += 1;
        seen.extend(&page);
        if page.len() < 500 {
            break;
        }
    }
    assert_eq!(pages, 201, "the last full page cannot be known to be the last");
    assert!(seen.into_iter().eq((1..=100_000).map(contact_id)));
    assert_eq!(sandbox.count("Contacts", everything()).await, 100_000);
    assert_eq!(sandbox.count("Companies", everything()).await, 5_000);
}
