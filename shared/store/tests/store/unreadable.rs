//! One item that cannot be read hides none of the others.

use domain::ids::IntegrationId;
use domain::import::Assignment;
use serde_json::{Value, json};
use store::audit::AuditId;

use crate::wire::{Wire, import, now};

/// An import as it is stored, by this number.
fn stored(number: usize) -> Value {
    json!({
        "id": { "S": format!("x{number}") }, "msp": { "S": "m" }, "integration": { "S": "i" }, "state": { "S": "fetching" },
        "sk": { "S": format!("IMPORT#x{number}") }, "abandoned": { "BOOL": false }, "filter": { "M": {} },
        "startedBy": { "M": { "subject": { "S": "ana" }, "name": { "S": "Ana" } } },
        "startedAt": { "S": "2027-01-01T00:00:00Z" },
    })
}

fn holding(items: Vec<Value>, last: Option<Value>) -> Wire {
    Wire::new(move |_, _| {
        let mut answer = json!({ "Items": items });
        if let Some(last) = &last {
            answer["LastEvaluatedKey"] = last.clone();
        }
        (200, answer)
    })
}

/// An import of a state or a schema that a newer version has.
fn strange() -> [Value; 2] {
    let mut all = [stored(2), stored(2)];
    all[0]["state"] = json!({ "S": "paused" });
    all[1]["schema"] = json!({ "N": "3" });
    all
}

#[tokio::test]
async fn the_sweeper_finds_the_others() {
    for strange in strange() {
        let wire = holding(vec![stored(1), strange.clone(), stored(3)], None);
        let found = wire.store().under_way(Assignment::Fetch).await.unwrap();
        let ids: Vec<&str> = found.items.iter().map(|import| import.id.as_str()).collect();
        assert_eq!((ids, found.unreadable), (vec!["x1", "x3"], 1), "{strange}");
    }
}

#[tokio::test]
async fn the_history_shows_the_others_and_goes_on_behind_them() {
    for strange in strange() {
        let last = json!({ "pk": { "S": "MSP#m#INTEGRATION#i" }, "sk": { "S": "IMPORT#x2" } });
        let wire = holding(vec![stored(3), strange.clone()], Some(last));
        let (found, next) = wire.tenant().history(&IntegrationId::new("i"), None, 2).await.unwrap();
        let ids: Vec<&str> = found.items.iter().map(|import| import.id.as_str()).collect();
        assert_eq!((ids, found.unreadable), (vec!["x3"], 1), "{strange}");
        assert_eq!(next.as_deref(), Some("x2"));
    }
}

#[tokio::test]
async fn the_list_of_integrations_and_the_trail_show_the_others() {
    let wire = holding(vec![json!({ "id": { "S": "i" } })], None);
    let integrations = wire.tenant().integrations().await.unwrap();
    assert_eq!((integrations.items.len(), integrations.unreadable), (0, 1));
    let entry = json!({ "sk": { "S": "1800000000000.added" }, "data": { "B": "AAAA" } });
    let wire = holding(vec![entry], None);
    let integration = import().integration;
    let (found, next): (_, Option<AuditId>) = wire
        .tenant()
        .audit_page(&integration, None, (now(), now()), 10)
        .await
        .unwrap();
    assert_eq!((found.items.len(), found.unreadable, next), (0, 1, None));
}
