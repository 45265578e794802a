//! Admin levels and reports.

use serde_json::json;

use crate::client::start;

#[tokio::test]
async fn levels_are_listed_and_given() {
    let sandbox = start().await;
    assert_eq!(
        sandbox.names("/v1/admin-levels?sort=name:asc").await,
        ["Helpdesk admin", "Super admin"]
    );
    assert_eq!(sandbox.get("/v1/admin-levels?max-results=51").await.0, 400);
    let (status, given) = sandbox
        .post("/v1/admin-levels/12/users", json!({"userId": 50001}))
        .await;
    assert_eq!(
        (status, &given["adminLevelId"], &given["email"]),
        (201, &json!(12), &json!("ana@noordzee.example"))
    );
    assert_eq!(
        sandbox
            .post("/v1/admin-levels/99/users", json!({"userId": 50001}))
            .await
            .0,
        404
    );
    let (_, level) = sandbox.get("/v1/managed-companies/1101/admin-levels/11").await;
    assert_eq!(level["name"], "Super admin");
    let users = sandbox.walk("/v1/managed-companies/1101/admin-levels/11/users").await;
    assert!(users.is_empty());
    assert!(
        sandbox
            .walk("/v1/managed-companies-reports/admin-users")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn billing_cycles_are_a_list_without_an_envelope() {
    let sandbox = start().await;
    let path = "/v1/managed-companies-reports/billing-cycles";
    for (query, cycles) in [("", 1), ("?number-of-cycles=12", 12)] {
        let (_, answer) = sandbox.get(&format!("{path}{query}")).await;
        assert_eq!(answer.as_array().unwrap().len(), cycles);
        assert!(answer[0]["startDate"].as_str().unwrap().ends_with("-01"));
    }
    assert_eq!(sandbox.get(&format!("{path}?number-of-cycles=13")).await.0, 400);
}

#[tokio::test]
async fn billing_reports_need_their_dates() {
    let sandbox = start().await;
    let path = "/v1/managed-companies-reports/billing-reports";
    assert_eq!(sandbox.get(path).await.0, 400);
    let rows = sandbox
        .walk(&format!("{path}?start-date=2026-01-01&end-date=2026-01-31"))
        .await;
    assert_eq!(
        rows,
        [json!({"company": {"id": 1101, "name": "Bakkerij Jansen"}, "licenseCount": 2})]
    );
}
