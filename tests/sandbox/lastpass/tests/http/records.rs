//! What happens outside the API, and what outlives a restart.

use lastpass::records_of;
use reqwest::Method;
use serde_json::json;
use simkit::Simulator as _;
use simkit::msp::Size;

use crate::client::{answer, start, start_in};

#[tokio::test]
async fn records_change_all_or_none() {
    let sandbox = start().await;
    for (records, why) in [
        (
            json!({"companies": [{"name": "B"}, {"licenseLimit": 1}]}),
            "companies[1].name",
        ),
        (
            json!({"companies": [{"name": "B"}], "users": [{"companyId": 9, "email": "a@x.example"}]}),
            "no company 9",
        ),
        (
            json!({"companies": [{"name": "B"}], "accept": [50101]}),
            "has no invitation",
        ),
        (
            json!({"companies": [{"name": "B"}], "delete": {"users": [9]}}),
            "no user 9",
        ),
        (json!({"companies": [{"name": "B", "shoeSize": 9}]}), "shoeSize"),
    ] {
        let refused = sandbox.simulator.change_records(records).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    assert_eq!(sandbox.names("/v1/managed-companies").await, ["Bakkerij Jansen"]);
}

#[tokio::test]
async fn r85_somebody_else_suspends_detaches_renames_and_deletes() {
    let sandbox = start().await;
    sandbox.change(json!({
        "companies": [{"id": 1101, "name": "Jansen Brood", "status": "suspended"}],
        "delete": {"users": [50101]},
    }));
    let listed = sandbox.walk("/v1/managed-companies").await;
    assert_eq!(
        (&listed[0]["name"], &listed[0]["status"]),
        (&json!("Jansen Brood"), &json!("suspended"))
    );
    assert_eq!(sandbox.names("/v1/managed-companies/1101/users").await, ["Piet Jansen"]);
    sandbox.change(json!({"delete": {"companies": [1101]}}));
    assert_eq!(sandbox.get("/v1/managed-companies/1101/users").await.0, 404);
    assert!(sandbox.forbidden().is_empty(), "nobody used the API for it");
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let before = start_in(Some(folder.path())).await;
    before.change(json!({"companies": [{"id": 1101, "name": "A"}], "privateAccounts": ["p@x.example"]}));
    before.post("/v1/managed-companies", json!({"name": "B"})).await;
    before.invite(1101, "a@x.example").await;
    answer(before.request(Method::DELETE, "/v1/managed-companies/1101/users/9")).await;
    let after = start_in(Some(folder.path())).await;
    after.clock.advance(2);
    assert_eq!(after.names("/v1/managed-companies").await, ["A", "B"]);
    assert_eq!((after.mails(), after.forbidden()), (before.mails(), before.forbidden()));
    assert_eq!(after.invite(1101, "a@x.example").await.0, 409);
    assert_eq!(after.walk("/v1/users").await.len(), 2, "the technicians are made once");
}

#[tokio::test]
async fn a_whole_msp_is_walked_in_pages_of_five_hundred() {
    let sandbox = start_in(None).await;
    let records = records_of(Size::Small);
    let (companies, users) = (
        records["companies"].as_array().unwrap().len(),
        records["users"].as_array().unwrap().len(),
    );
    sandbox.change(records);
    let mut walked = 0;
    let listed = sandbox.walk("/v1/managed-companies?max-results=500&sort=id:asc").await;
    for company in &listed {
        let path = format!(
            "/v1/managed-companies/{}/users?max-results=500&sort=id:asc",
            company["id"]
        );
        walked += sandbox.walk(&path).await.len();
    }
    assert_eq!((listed.len(), walked), (companies, users));
    assert!(companies > 10 && users > 200);
    let calls = sandbox.simulator.journal()["calls"].clone();
    assert_eq!(calls["GET /v1/managed-companies"], 1);
    assert_eq!(calls["GET /v1/managed-companies/{child-company-id}/users"], companies);
}
