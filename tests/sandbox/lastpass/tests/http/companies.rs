//! Creating and listing managed companies.

use serde_json::{Value, json};

use crate::client::{Sandbox, start};

const COMPANIES: &str = "/v1/managed-companies";

async fn create(sandbox: &Sandbox, name: &str) -> (u16, Value) {
    let body = json!({"name": name, "licenseLimit": 3, "type": "managed", "addons": []});
    sandbox.post(COMPANIES, body).await
}

#[tokio::test]
async fn a_company_is_listed_two_seconds_after_it_was_accepted() {
    let sandbox = start().await;
    let (status, accepted) = create(&sandbox, "Garage Peeters").await;
    assert_eq!(status, 202);
    assert_eq!(sandbox.names(COMPANIES).await, ["Bakkerij Jansen"]);
    sandbox.clock.advance(2);
    let listed = sandbox.walk(COMPANIES).await;
    let expected = json!({
        "id": 1102, "name": "Garage Peeters", "type": "managed", "status": "active", "licenseLimit": 3, "addons": [], "parentId": null,
    });
    assert_eq!(listed[1], expected);
    assert_ne!(accepted["id"], listed[1]["id"], "a request is no company");
}

#[tokio::test]
async fn a_company_takes_as_long_as_switched() {
    for (delay, seconds) in [("none", 0), ("sixtySeconds", 60), ("fifteenMinutes", 900)] {
        let sandbox = start().await;
        sandbox.switch("companyCreateDelay", delay);
        create(&sandbox, "A").await;
        if seconds > 5 {
            sandbox.clock.advance(seconds - 5);
            assert_eq!(sandbox.walk(COMPANIES).await.len(), 1, "{delay}");
        }
        sandbox.clock.advance(6);
        assert_eq!(sandbox.walk(COMPANIES).await.len(), 2, "{delay}");
    }
    let sandbox = start().await;
    sandbox.switch("companyCreateDelay", "never");
    create(&sandbox, "A").await;
    sandbox.clock.advance(365 * 24 * 3600);
    assert_eq!(sandbox.walk(COMPANIES).await.len(), 1);
}

#[tokio::test]
async fn a_listed_company_takes_users_at_once_or_later() {
    for (switch, soon) in [("atOnce", 201), ("notFound", 404), ("conflict", 409)] {
        let sandbox = start().await;
        sandbox.switch("userCreateOnNewCompany", switch);
        create(&sandbox, "A").await;
        assert_eq!(
            sandbox.invite(1102, "a@a.example").await.0,
            if soon == 409 { 409 } else { 404 }
        );
        sandbox.clock.advance(2);
        assert_eq!(sandbox.invite(1102, "b@a.example").await.0, soon, "{switch}");
        sandbox.clock.advance(30);
        assert_eq!(sandbox.invite(1102, "c@a.example").await.0, 201, "{switch}");
    }
}

#[tokio::test]
async fn a_name_can_be_taken() {
    let sandbox = start().await;
    assert_eq!(create(&sandbox, "bakkerij jansen").await.0, 202);
    sandbox.clock.advance(2);
    assert_eq!(sandbox.walk(COMPANIES).await.len(), 2);
    sandbox.switch("companyNameUnique", "badRequest");
    let (status, problem) = create(&sandbox, "Bakkerij Jansen").await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (400, &json!("#/name")));
    sandbox.switch("companyNameUnique", "conflict");
    assert_eq!(create(&sandbox, "Bakkerij Jansen").await.0, 409);
    sandbox.switch("companyNameUnique", "failsInPoll");
    let (status, accepted) = create(&sandbox, "Bakkerij Jansen").await;
    sandbox.clock.advance(2);
    let (_, poll) = sandbox.get(accepted["url"].as_str().unwrap()).await;
    assert_eq!((status, &poll["status"]), (202, &json!("failed")));
    assert_eq!(sandbox.walk(COMPANIES).await.len(), 2);
}

#[tokio::test]
async fn a_company_over_the_pool_fails_in_the_poll() {
    let sandbox = start().await;
    sandbox.switch("licenseLimitEnforced", "poolFailsInPoll");
    sandbox.switch("licensePool", 8);
    assert_eq!(create(&sandbox, "Fits").await.0, 202);
    let (status, accepted) = create(&sandbox, "Does not").await;
    assert_eq!(status, 202);
    sandbox.clock.advance(2);
    let (_, poll) = sandbox.get(accepted["url"].as_str().unwrap()).await;
    assert_eq!(
        (&poll["status"], &poll["error"]["status"]),
        (&json!("failed"), &json!(409))
    );
    assert_eq!(sandbox.names(COMPANIES).await, ["Bakkerij Jansen", "Fits"]);
}

#[tokio::test]
async fn listed_items_have_as_many_properties_as_switched() {
    let sandbox = start().await;
    sandbox.switch("companyItemFields", "idAndName");
    assert_eq!(
        sandbox.walk(COMPANIES).await,
        [json!({"id": 1101, "name": "Bakkerij Jansen"})]
    );
    sandbox.switch("companyItemFields", "nulls");
    assert_eq!(sandbox.walk(COMPANIES).await[0]["status"], Value::Null);
    sandbox.switch("companyItemFields", "extra");
    assert_eq!(sandbox.walk(COMPANIES).await[0]["region"], "eu");
}

#[tokio::test]
async fn a_company_is_read_by_its_parent_id_or_its_address() {
    let sandbox = start().await;
    sandbox.change(json!({"companies": [
        {"id": 1102, "name": "Reseller", "type": "managed-msp"},
        {"id": 1103, "name": "Below", "parentId": 1102},
    ]}));
    assert_eq!(
        sandbox.names("/v1/managed-companies?parent-id=1102").await,
        ["Reseller", "Below"]
    );
    assert_eq!(sandbox.names("/v1/managed-companies?parent-id=1103").await, ["Below"]);
    assert_eq!(sandbox.walk(COMPANIES).await.len(), 3);
    sandbox.switch("listScopeWithoutParent", "children");
    assert_eq!(sandbox.names(COMPANIES).await, ["Bakkerij Jansen", "Reseller"]);
    for (switch, status) in [("empty", 200), ("notFound", 404), ("badRequest", 400)] {
        sandbox.switch("parentFilterUnknownId", switch);
        assert_eq!(sandbox.get("/v1/managed-companies?parent-id=9").await.0, status);
    }
    assert_eq!(sandbox.get("/v1/managed-companies/1103").await.0, 404);
    sandbox.switch("companyGetRoute", "item");
    assert_eq!(sandbox.get("/v1/managed-companies/1103").await.1["name"], "Below");
}

#[tokio::test]
async fn companies_are_filtered_by_comma_lists() {
    let sandbox = start().await;
    sandbox.change(json!({"companies": [
        {"id": 1102, "name": "B", "status": "suspended", "addons": ["mfa"]},
        {"id": 1103, "name": "C", "type": "managed-msp", "addons": ["sso", "mfa"]},
    ]}));
    for (query, names) in [
        ("status=active", vec!["Bakkerij Jansen", "C"]),
        ("status=active,suspended", vec!["Bakkerij Jansen", "B", "C"]),
        ("type=msp,managed-msp", vec!["C"]),
        ("addon=mfa", vec!["B", "C"]),
        ("name=b%25", vec!["Bakkerij Jansen", "B"]),
        ("license-limit=5", vec!["Bakkerij Jansen"]),
    ] {
        assert_eq!(sandbox.names(&format!("{COMPANIES}?{query}")).await, names, "{query}");
    }
    assert_eq!(sandbox.get("/v1/managed-companies?status=gone").await.0, 400);
}
